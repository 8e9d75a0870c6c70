import { createPublicKey, verify } from 'node:crypto'
import { bearerToken, fastify, withRoute } from './route.js'

/** The limit: one `crypto.verify` of the token with a key at hand, and nothing else. */
export default ({ jwks, algorithm }) => {
  const jwk = jwks.keys.find((key) => key.alg === algorithm)
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }

  const app = fastify()
  app.addHook('onRequest', async (request, reply) => {
    const token = bearerToken(request)
    const end = token.lastIndexOf('.')
    const signature = Buffer.from(token.slice(end + 1), 'base64url')
    if (!verify(digest, Buffer.from(token.slice(0, end)), key, signature)) return reply.code(401).send()
  })
  return withRoute(app)
}
