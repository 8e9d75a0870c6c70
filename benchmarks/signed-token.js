import { randomBytes, sign } from 'node:crypto'
import { signingInput } from './claims.js'

/** An access token that every server accepts; `serial` makes it differ from every other one. */
export function signToken (key, { issuer, audience }, serial) {
  return signInput(signingInput({ alg: key.alg, typ: 'at+jwt', kid: key.kid }, { issuer, audience, serial }), key)
}

/** A token of its encoded header and payload. */
export function signInput (input, { alg, privateKey }) {
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** A token whose header and payload would do, with 256 random bytes for a signature. */
export function forgeToken ({ alg, kid }, { issuer, audience }, serial) {
  // The first byte keeps the number below the modulus.
  const signature = Buffer.concat([Buffer.alloc(1), randomBytes(255)]).toString('base64url')
  return `${signingInput({ alg, typ: 'at+jwt', kid }, { issuer, audience, serial })}.${signature}`
}
