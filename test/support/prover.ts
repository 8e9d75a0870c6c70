import { hash, randomUUID } from 'node:crypto'
import { createKey, signJws } from './issuer/keys.js'
import type { IssuerKey, KeyOptions, SigningAlgorithm } from './issuer/keys.js'
import type { TestIssuer } from './issuer.js'

/** What a proof is made for. Method: `GET`. */
export interface Target {
  readonly token: string
  readonly url: string
  readonly method?: string
}

type Members = Readonly<Record<string, unknown>>

/** A client that makes proofs, wrong ones on demand. */
export interface Prover {
  readonly key: IssuerKey
  /** The public members a proof shows. */
  readonly jwk: Members
  readonly jkt: string
  /** An access token of this issuer, bound to the key. */
  token (issuer: TestIssuer, claims?: Members): string
  /** A good proof, but for these members of claims and header; `undefined` removes one. */
  proof (target: Target, claims?: Members, header?: Members): string
  /** The headers of a request with a proof, good but for these members of its claims. */
  headers (target: Target & { readonly claims?: Members }): { readonly authorization: string, readonly dpop: string }
  /** Signs exactly these texts. */
  sign (header: string, payload: string | Buffer): string
}

/** Members of RFC 7638, in its order. */
const THUMBPRINT = { RSA: ['e', 'kty', 'n'], EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'] } as const

export async function createProver (alg: SigningAlgorithm = 'ES256', options?: KeyOptions): Promise<Prover> {
  const key = await createKey(alg, options)
  const jwk = key.publicKey.export({ format: 'jwk' }) as Record<string, string>
  const jkt = hash('sha256', JSON.stringify(jwk, [...THUMBPRINT[jwk.kty as 'RSA']]), 'base64url')
  const prover: Prover = {
    key,
    jwk,
    jkt,
    token: (issuer, claims = {}) => issuer.token({ cnf: { jkt }, ...claims }),
    proof ({ token, url, method = 'GET' }, claims = {}, header = {}) {
      const payload = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), ath: athOf(token), ...claims }
      return prover.sign(JSON.stringify({ typ: 'dpop+jwt', alg, jwk, ...header }), JSON.stringify(payload))
    },
    headers: ({ claims, ...target }) => ({ authorization: `DPoP ${target.token}`, dpop: prover.proof(target, claims) }),
    sign: (header, payload) => signJws(header, payload, key)
  }
  return prover
}

/** RFC 9449 section 4.2: what `ath` says of a token. */
export function athOf (token: string): string {
  return hash('sha256', token, 'base64url')
}
