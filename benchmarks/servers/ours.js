import gatehouse, { oidc } from '../../dist/lib/index.js'
import { fastify, withRoute } from './route.js'

/** fastify-gatehouse with its defaults; `cache: false` turns the cache of verified tokens off. */
export default async ({ issuer, audience, cache }) => {
  const app = fastify()
  await app.register(gatehouse, {
    provider: oidc({ issuer, audience }),
    ...(cache === undefined ? {} : { cache })
  })
  return withRoute(app)
}
