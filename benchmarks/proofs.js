import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { proofInput, signingInput } from './claims.js'
import { signInput } from './signed-token.js'
import { target } from './traffic.js'

/** One token bound to a client's key, and `count` proofs of that client for it: what DPoP clients send. */
export function makeProofs (tokenKey, config, count) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const client = { alg: 'ES256', privateKey }
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  // RFC 7638: the required members, in this order.
  const jkt = hash(JSON.stringify({ crv, kty, x, y }))
  const token = signInput(signingInput({ alg: tokenKey.alg, typ: 'at+jwt', kid: tokenKey.kid }, { ...config, serial: 0, cnf: { jkt } }), tokenKey)
  const header = { typ: 'dpop+jwt', alg: client.alg, jwk: { kty, crv, x, y } }
  return Array.from({ length: count }, () => {
    const claims = { jti: randomUUID(), htm: 'GET', htu: target, ath: hash(token) }
    return { token, proof: signInput(proofInput(header, claims), client) }
  })
}

function hash (text) {
  return createHash('sha256').update(text).digest('base64url')
}
