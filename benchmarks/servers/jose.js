import { createRemoteJWKSet, jwtVerify } from 'jose'
import { bearerToken, fastify, withRoute } from './route.js'

/** jose in a hook, as its documentation of `createRemoteJWKSet` shows. */
export default ({ issuer, audience, jwksUri }) => {
  const app = fastify()
  const jwks = createRemoteJWKSet(new URL(jwksUri))

  app.decorateRequest('user', null)
  app.addHook('onRequest', async (request, reply) => {
    try {
      const { payload } = await jwtVerify(bearerToken(request), jwks, { issuer, audience })
      request.user = payload
    } catch {
      return reply.code(401).send({ error: 'invalid_token' })
    }
  })
  return withRoute(app)
}
