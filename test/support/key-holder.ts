import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto'
import type { TestIssuer } from './issuer.js'

/** What a proof is made for, beside what it says by itself. Members of the claims may be overridden. */
export interface ProofOf {
  readonly token: string
  readonly url: string
  readonly method?: string
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A client with a key of its own. */
export interface KeyHolder {
  readonly jkt: string
  /** An access token bound to its key. */
  token (issuer: TestIssuer, claims?: Record<string, unknown>): string
  /** A proof, made now and different from every other. */
  proof (of: ProofOf): string
  /** The headers of a request with a proof. */
  headers (of: ProofOf): { readonly authorization: string, readonly dpop: string }
}

export function keyHolder (): KeyHolder {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const jkt = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url')
  const header = encoded({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
  const holder: KeyHolder = {
    jkt,
    token: (issuer, claims = {}) => issuer.token({ cnf: { jkt }, ...claims }),
    proof ({ token, url, method = 'GET', claims }) {
      const payload = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), ath: hash('sha256', token, 'base64url'), ...claims }
      const text = `${header}.${encoded(payload)}`
      return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
    headers: (of) => ({ authorization: `DPoP ${of.token}`, dpop: holder.proof(of) })
  }
  return holder
}

function encoded (value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
