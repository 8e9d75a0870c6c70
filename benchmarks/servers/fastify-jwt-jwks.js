import fastifyJwtJwks from 'fastify-jwt-jwks'
import { fastify, withRoute } from './route.js'

/** fastify-jwt-jwks as its README wires it; `cache` is the README's option for the cache of @fastify/jwt. */
export default async ({ issuer, audience, jwksUri, cache }) => {
  const app = fastify()
  await app.register(fastifyJwtJwks, { jwksUrl: jwksUri, issuer, audience, ...(cache ? { cache } : {}) })
  return withRoute(app, { preValidation: app.authenticate })
}
