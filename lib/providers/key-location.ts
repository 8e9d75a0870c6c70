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
const LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE']

/**
 * Where keys are found: what the user said, else the issuer's discovery documents. No message shows a value: where
 * a public key belongs, somebody will put a private one.
 *
 * @throws TypeError naming path and remedy; also for configured keys of which none can verify
 */
export function keyLocation (path: string, value: unknown, { issuer, algorithms, allowHttp }: Location): KeyLocation {
  if (value === undefined) return Object.freeze({ discovery: wellKnown(issuer) })
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected an object with one of ${KINDS.join(', ')}`)
  const members = { ...value }
  refuseUnknownKeys(path, members, KINDS)
  const { discovery, jwksUri, jwks, pem } = members
  const given = KINDS.filter((kind) => members[kind] !== undefined)
  if (given.length === 0 && Object.keys(members).length > 0) throw new TypeError(`${path}.${Object.keys(members)[0]}: got undefined; is its environment variable set?`)
  if (given.length !== 1) throw new TypeError(`${path}: expected one of ${KINDS.join(', ')}, got ${given.join(' and ') || 'none of them'}`)
  if (discovery !== undefined) return Object.freeze({ discovery: urls(`${path}.discovery`, discovery, allowHttp) })
  if (jwksUri !== undefined) return Object.freeze({ jwksUri: url(`${path}.jwksUri`, jwksUri, allowHttp) })
  if (jwks !== undefined) return Object.freeze({ jwks: keySet(`${path}.jwks`, jwks, algorithms) })
  return Object.freeze({ jwks: keySet(`${path}.pem`, { keys: [fromPem(`${path}.pem`, pem)] }, algorithms) })
}

/**
 * An issuer's own discovery documents: the one of OpenID Connect, then the one of OAuth, which stands elsewhere for an issuer with a path.
 *
 * @see OpenID Connect Discovery section 4, RFC 8414 section 3
 */
export function wellKnown (issuer: string): readonly string[] {
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
  if (typeof value !== 'string' || !/^https?:/i.test(value)) throw new TypeError(`${path}: expected an https URL`)
  return keyUrl(path, value, allowHttp)
}

/** A copy of what verification needs: the user's own objects may change later. */
function keySet (path: string, value: unknown, algorithms: readonly SigningAlgorithm[]): JsonWebKeySet {
  const keys: unknown = isPlainObject(value) ? value.keys : undefined
  if (!Array.isArray(keys)) throw new TypeError(`${path}: expected a JWK set: { keys: […] }`)
  const vetted = vetKeys(Array.from(keys), algorithms)
  if (vetted.dropped.length > 0) throw new TypeError(`${path}: ${vetted.dropped.join('; ')}; leave out what cannot verify tokens`)
  if (vetted.keys.length === 0) throw new TypeError(`${path}: there is no key`)
  return Object.freeze({ keys: Object.freeze(vetted.keys.map(({ jwk }) => Object.freeze({ ...jwk }))) })
}

/** SubjectPublicKeyInfo, PKCS #1 or a certificate. */
function fromPem (path: string, value: unknown): object {
  const text = typeof value === 'string' ? value : ''
  const label = /^\s*-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
  let remedy = ''
  if (text.includes('\\n')) remedy = '; its line breaks are written as \\n: replace them with line breaks'
  if (label?.includes('PRIVATE')) remedy = '; this one is private: keep it secret, and export the public one from it'
  if (text.split('-----BEGIN').length > 2) remedy = '; these are several: pass one, or a JWK set'
  const mistake = new TypeError(`${path}: expected a public key or certificate in PEM${remedy}`)
  if (remedy !== '' || label === undefined || !LABELS.includes(label)) throw mistake
  try {
    return createPublicKey(text).export({ format: 'jwk' })
  } catch {
    throw mistake
  }
}
