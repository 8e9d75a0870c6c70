import gatehouse, { oidc, redisStore } from '../../dist/lib/index.js'
import login from '../../dist/lib/login/index.js'
import { client } from '../login.js'
import { fastify, withRoute } from './route.js'

/**
 * fastify-gatehouse with web login. `sessionIn`: where sessions are kept; `redis`: the port of the Redis they are kept
 * in; `scopes`: what the access token of a session grants is looked at too.
 */
export default async ({ issuer, audience, sessionIn, redis, scopes }) => {
  const app = fastify()
  await app.register(gatehouse, {
    provider: oidc({ issuer, ...client, ...(scopes ? { audience } : {}) }),
    baseUrl: 'https://app.example.com',
    ...(redis === undefined ? {} : { store: redisStore(await connect(redis)) })
  })
  await app.register(login, {
    session: { secret: 'the same text in every process of this run', in: sessionIn },
    scope: 'openid profile email offline_access'
  })
  return withRoute(app)
}

async function connect (port) {
  const { Redis } = await import('ioredis')
  return new Redis(port)
}
