import { createPublicKey } from 'node:crypto'
import type { JsonWebKeySet, KeyLocation, SigningAlgorithm } from '../../types/provider.js'
import { isPlainObject, refuseUnknownKeys } from '../configuration.js'
import { vetKeys } from '../token/jwks.js'
import { keyUrl } from './url.js'

interface Location {
  readonly issuer: string
  readonly algorithms: readonly SigningAlgorithm[]
  readonly allowHttp: boolean
}

const KINDS = ['discovery', 'jwksUri', 'jwks', 'pem'] as const

/**
 * Where keys are found: what the user said, else the issuer's discovery documents. No message shows a value: where
 * a public key belongs, somebody will put a private one.
 *
 * @throws TypeError naming path and remedy; also for configured keys of which none can verify
 */
export function keyLocation (path: string, value: unknown, { issuer, algorithms, allowHttp }: Location): KeyLocation {
  if (value === undefined) return Object.freeze({ discovery: wellKnown(issuer) })
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected an object with one of ${KINDS.join(', ')}`)
  refuseUnknownKeys(path, value, KINDS)
  const { discovery, jwksUri, jwks, pem } = value
  const given = KINDS.filter((kind) => value[kind] !== undefined)
  if (given.length === 0 && Object.keys(value).length > 0) throw new TypeError(`${path}.${Object.keys(value)[0]}: got undefined; is its environment variable set?`)
  if (given.length !== 1) throw new TypeError(`${path}: expected one of ${KINDS.join(', ')}, got ${given.join(' and ') || 'none of them'}`)
  if (discovery !== undefined) return Object.freeze({ discovery: urls(`${path}.discovery`, discovery, allowHttp) })
  if (jwksUri !== undefined) return Object.freeze({ jwksUri: url(`${path}.jwksUri`, jwksUri, allowHttp) })
  if (jwks !== undefined) return Object.freeze({ jwks: keySet(`${path}.jwks`, jwks, algorithms) })
  return Object.freeze({ jwks: keySet(`${path}.pem`, { keys: [fromPem(`${path}.pem`, pem)] }, algorithms) })
}

/**
 * The document of OpenID Connect, then the one of OAuth, which stands elsewhere for an issuer with a path.
 *
 * @see OpenID Connect Discovery section 4, RFC 8414 section 3
 */
function wellKnown (issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  return Object.freeze([
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
  ])
}

function urls (path: string, value: unknown, allowHttp: boolean): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? Array.from(value) : [value]
  if (list.length === 0) throw new TypeError(`${path}: expected a URL or a list of URLs, got an empty list`)
  return Object.freeze(list.map((item) => url(path, item, allowHttp)))
}

function url (path: string, value: unknown, allowHttp: boolean): string {
  if (typeof value !== 'string') throw new TypeError(`${path}: expected a URL`)
  return keyUrl(path, value, allowHttp)
}

/** The public members of the keys that can verify: the user's own objects may change later. */
function keySet (path: string, value: unknown, algorithms: readonly SigningAlgorithm[]): JsonWebKeySet {
  const keys: unknown = isPlainObject(value) ? value.keys : undefined
  if (!Array.isArray(keys)) throw new TypeError(`${path}: expected a JWK set: { keys: […] }`)
  const vetted = vetKeys(Array.from(keys), algorithms)
  const secret = vetted.dropped.find((reason) => reason.endsWith('carries private members'))
  if (secret !== undefined) throw new TypeError(`${path}: ${secret}; give the public key only`)
  if (vetted.keys.length === 0) throw new TypeError(`${path}: no key can verify a token${vetted.dropped.map((reason) => `; ${reason}`).join('')}`)
  return Object.freeze({ keys: Object.freeze(vetted.keys.map(({ jwk }) => Object.freeze({ ...jwk }))) })
}

/** SubjectPublicKeyInfo, PKCS #1 or a certificate. */
function fromPem (path: string, value: unknown): object {
  const text = typeof value === 'string' ? value : ''
  const label = /^\s*-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
  let remedy = ''
  if (text.includes('\\n')) remedy = '; its line breaks are written as \\n: replace them with line breaks'
  if (label?.includes('PRIVATE')) remedy = '; this one is private: keep it secret, and export the public one from it'
  const mistake = new TypeError(`${path}: expected a public key or certificate in PEM${remedy}`)
  if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY' && label !== 'CERTIFICATE') throw mistake
  try {
    return createPublicKey(text).export({ format: 'jwk' })
  } catch {
    throw mistake
  }
}
