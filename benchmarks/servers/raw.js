import { createPublicKey, verify } from 'node:crypto'
import { bearerToken, fastify, withRoute } from './route.js'

/** The limit: one `crypto.verify` of the token, or of the proof beside it, with a key at hand, and nothing else. */
export default ({ jwks, algorithm, proofs }) => {
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  let key = proofs ? undefined : keyOf(jwks.keys.find((key) => key.alg === algorithm))

  const app = fastify()
  app.addHook('onRequest', async (request, reply) => {
    const token = proofs ? request.headers.dpop : bearerToken(request)
    key ??= keyOf(JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url')).jwk)
    const end = token.lastIndexOf('.')
    const signature = Buffer.from(token.slice(end + 1), 'base64url')
    if (!verify(digest, Buffer.from(token.slice(0, end)), key, signature)) return reply.code(401).send()
  })
  return withRoute(app)
}

function keyOf (jwk) {
  return { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
}
