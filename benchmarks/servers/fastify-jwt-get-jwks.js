import fastifyJwt from '@fastify/jwt'
import buildGetJwks from 'get-jwks'
import { fastify, withRoute } from './route.js'

/** @fastify/jwt with get-jwks, from the example in the README of @fastify/jwt; `cache` is its `verify.cache`. */
export default async ({ issuer, cache }) => {
  const app = fastify()
  const getJwks = buildGetJwks({ issuersWhitelist: [issuer] })

  app.register(fastifyJwt, {
    decode: { complete: true },
    secret: (request, token) => {
      const { header: { kid, alg }, payload: { iss } } = token
      return getJwks.getPublicKey({ kid, domain: iss, alg })
    },
    ...(cache ? { verify: { cache } } : {})
  })

  app.addHook('onRequest', async (request, reply) => {
    try {
      await request.jwtVerify()
    } catch (err) {
      reply.send(err)
    }
  })
  return withRoute(app)
}
