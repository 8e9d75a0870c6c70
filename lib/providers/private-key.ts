import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../../types/provider.js'
import { isPlainObject } from '../configuration.js'
import { vetKeys } from '../token/jwks.js'
import { ALGORITHMS } from './algorithms.js'

/** A private key of this API's own, and how it signs. */
export interface SigningKey {
  readonly key: KeyObject
  readonly alg: SigningAlgorithm
  readonly kid: string | undefined
}

/**
 * Reads a private key, as JWK or PEM. No message shows a value.
 *
 * @param prefix what messages put before `key`, `keyAlg` and `keyId`
 * @param alg what the user says it signs with
 * @param kid what the user says it is called
 * @throws TypeError naming path and remedy
 */
export function signingKey (prefix: string, value: unknown, alg: unknown, kid: unknown): SigningKey {
  const jwk = isPlainObject(value) ? value : undefined
  if (jwk !== undefined && jwk.use !== undefined && jwk.use !== 'sig') throw new TypeError(`${prefix}key: its use is not sig; pass a key for signatures`)
  const key = jwk === undefined ? fromPem(`${prefix}key`, value) : fromJwk(`${prefix}key`, jwk)
  const able = algorithmsOf(`${prefix}key`, key)
  const wanted = alg ?? jwk?.alg ?? (able.includes('Ed25519') ? 'Ed25519' : able[0])
  const found = able.find((name) => name === wanted)
  if (found === undefined) throw new TypeError(`${prefix}${alg === undefined ? 'key.alg' : 'keyAlg'}: expected ${able.join(', ')}, which fit the key`)
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid === 'undefined')) throw new TypeError(`${prefix}keyId: expected a text; is its environment variable set?`)
  return Object.freeze({ key, alg: found, kid: kid ?? (typeof jwk?.kid === 'string' ? jwk.kid : undefined) })
}

function fromJwk (path: string, jwk: JsonWebKey): KeyObject {
  let remedy = ''
  if (jwk.kty === 'oct') remedy = '; this one is symmetric: use clientSecret, or a key pair'
  else if (!Object.hasOwn(jwk, 'd')) remedy = '; this one is public'
  try {
    if (remedy === '') return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch {}
  throw new TypeError(`${path}: expected a private key as JWK${remedy}`)
}

function fromPem (path: string, value: unknown): KeyObject {
  const text = typeof value === 'string' ? value : ''
  const label = /^\s*-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
  let remedy = '; is its environment variable set?'
  if (text.includes('\\n')) remedy = '; its line breaks are written as \\n: replace them with line breaks'
  else if (text.trimStart().startsWith('{')) remedy = '; this is a JWK as text: pass JSON.parse of it'
  else if (label === 'ENCRYPTED PRIVATE KEY') remedy = '; this one is encrypted: decrypt it first'
  else if (label !== undefined) remedy = label.endsWith('PRIVATE KEY') ? '; this one cannot be read' : '; this one is not private'
  try {
    if (label !== undefined) return createPrivateKey(text)
  } catch {}
  throw new TypeError(`${path}: expected a private key in PEM, or as JWK${remedy}`)
}

/** The same rules as for the keys that verify tokens: what is too weak for those signs nothing either. */
function algorithmsOf (path: string, key: KeyObject): readonly SigningAlgorithm[] {
  const { keys: [vetted], dropped } = vetKeys([publicHalf(path, key)], ALGORITHMS)
  if (vetted === undefined) throw new TypeError(`${path}: ${dropped[0]!.replace('key 0: ', '')}; use an RSA key of 2048 to 8192 bits, or an EC or Ed25519 one`)
  return vetted.algorithms
}

function publicHalf (path: string, key: KeyObject): JsonWebKey {
  try {
    return createPublicKey(key).export({ format: 'jwk' })
  } catch {
    throw new TypeError(`${path}: key type is not supported; use an RSA, EC or Ed25519 key`)
  }
}
