import gatehouse, { oidc } from '../../dist/lib/index.js'
import { fastify, withRoute } from './route.js'

/** fastify-gatehouse with its defaults, or with another `cache` or `startup`. */
export default async ({ issuer, audience, cache, startup }) => {
  const app = fastify()
  await app.register(gatehouse, {
    provider: oidc({ issuer, audience }),
    ...(cache === undefined ? {} : { cache }),
    ...(startup === undefined ? {} : { startup })
  })
  return withRoute(app)
}
