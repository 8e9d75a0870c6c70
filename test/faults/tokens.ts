import { randomBytes, randomUUID } from 'node:crypto'
import type { IssuerKey, TestIssuer } from '../support/issuer.js'

/** A fresh token of a key, the first one unless told otherwise. Lives for two days, so that no clock of this suite outlives it. */
export function tokenOf (issuer: TestIssuer, key?: IssuerKey): string {
  return issuer.token({ jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 172_800 }, {}, key)
}

/** Passes for a token as far as one can see without its key, which nobody has: a new key id each time, a random signature. */
export function forged (issuer: TestIssuer): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'ES256', kid: randomUUID(), typ: 'at+jwt' }
  const claims = { iss: issuer.issuer, aud: issuer.audience, sub: 'mallory', iat: now, exp: now + 3600 }
  return [JSON.stringify(header), JSON.stringify(claims), randomBytes(64)].map((part) => Buffer.from(part as string).toString('base64url')).join('.')
}
