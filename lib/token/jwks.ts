import { createPublicKey } from 'node:crypto'
import type { AsymmetricKeyDetails, JsonWebKey, KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../../types/provider.js'
import { isPlainObject } from '../configuration.js'
import { speaksFor } from '../providers/issuer-template.js'

/** A public key fit for verification, and the algorithms it may serve. */
export interface PublicKey {
  readonly key: KeyObject
  readonly algorithms: readonly SigningAlgorithm[]
}

/** A key that may verify tokens, as we read it: what else stood in the JWK is gone. */
export interface VettedKey extends PublicKey {
  readonly kid: string | undefined
  /** Whose tokens it may verify, where the set says: an issuer, or a template of many. */
  readonly issuer: string | undefined
  /** The public members only, coordinates in their full length. */
  readonly jwk: Readonly<Record<string, string>>
}

/** What became of a key set. */
export interface VettedSet {
  readonly keys: readonly VettedKey[]
  /** Why keys were left out, a sentence each. */
  readonly dropped: readonly string[]
}

const MOST_KEYS = 100
const LONGEST_KID = 512
/** Characters: 8192 bits take 1366, and a few zeros before them do no harm. */
const LONGEST_MEMBER = 1400
const CURVES: Readonly<Record<string, SigningAlgorithm>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Reads a JWK set: keys that cannot or must not verify signatures are left out alone, the others stay.
 *
 * @param keys the set's `keys` member, as it came
 * @param allowed the algorithms of the provider
 * @param issuer where given, keys that name other issuers in a member `issuer` (Entra's do) are left out
 * @see RFC 7517 section 5, RFC 7518 section 6, RFC 8725 section 3.5
 */
export function vetKeys (keys: readonly unknown[], allowed: readonly SigningAlgorithm[], issuer?: string): VettedSet {
  const vetted: VettedKey[] = []
  const dropped: string[] = []
  for (const [index, jwk] of keys.slice(0, MOST_KEYS).entries()) {
    const result = vetKey(jwk, allowed, issuer)
    if (typeof result === 'string') dropped.push(`key ${index}: ${result}`)
    else if (vetted.some((other) => isTaken(result, other))) dropped.push(`key ${index}: another key has its kid and serves its algorithms`)
    else vetted.push(result)
  }
  if (keys.length > MOST_KEYS) dropped.push(`${keys.length - MOST_KEYS} keys beyond the first ${MOST_KEYS}`)
  return { keys: vetted, dropped }
}

/** Whether two keys are the same in all that matters for verification. */
export function isSameKey (one: VettedKey, other: VettedKey): boolean {
  return JSON.stringify([one.jwk, one.algorithms, one.issuer]) === JSON.stringify([other.jwk, other.algorithms, other.issuer])
}

function isTaken (key: VettedKey, other: VettedKey): boolean {
  return key.kid !== undefined && key.kid === other.kid && key.algorithms.some((name) => other.algorithms.includes(name))
}

function vetKey (jwk: unknown, allowed: readonly SigningAlgorithm[], issuer: string | undefined): VettedKey | string {
  if (!isPlainObject(jwk)) return 'not an object'
  if (issuer !== undefined && typeof jwk.issuer === 'string' && !speaksFor(jwk.issuer, issuer)) return 'is for another issuer'
  const { kty, kid, use, alg } = jwk
  if (PRIVATE.some((name) => Object.hasOwn(jwk, name))) return 'carries private members'
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID)) return `kid is not a text of 1 to ${LONGEST_KID} characters`
  if (use !== undefined && use !== 'sig') return 'use is not sig'
  if (Object.hasOwn(jwk, 'key_ops') && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) return 'key_ops does not name verify'
  const able = algorithmsOf(jwk)
  if (typeof able === 'string') return able
  const algorithms = able.filter((name) => allowed.includes(name) && (alg === undefined || alg === name || (alg === 'EdDSA' && name === 'Ed25519')))
  if (algorithms.length === 0) return alg === undefined ? `no accepted algorithm for ${String(kty)} keys` : 'its alg is not accepted, or does not fit the key'
  const members = publicMembers(jwk)
  // Importing a number of any length takes any time: longer ones than the largest key we use are not tried.
  if (Object.values(members).some((member) => member.length > LONGEST_MEMBER)) return 'a number that is too long'
  try {
    const key = createPublicKey({ key: members as JsonWebKey, format: 'jwk' })
    // Exported anew: some issuers leave out the zeros before a short coordinate (RFC 7518 section 6.2.1.2).
    const exported = key.export({ format: 'jwk' }) as Record<string, string>
    return weakness(key.asymmetricKeyDetails!) ?? { kid, issuer: issuerNamed(jwk.issuer), jwk: { ...exported, ...(kid === undefined ? {} : { kid }), ...(typeof alg === 'string' ? { alg } : {}) }, key, algorithms }
  } catch {
    return 'cannot be read'
  }
}

function algorithmsOf ({ kty, crv }: Record<string, unknown>): readonly SigningAlgorithm[] | string {
  if (kty === 'RSA') return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
  if (kty === 'EC' && typeof crv === 'string' && Object.hasOwn(CURVES, crv)) return [CURVES[crv]!]
  if (kty === 'OKP' && crv === 'Ed25519') return ['EdDSA', 'Ed25519']
  return 'key type or curve is not supported'
}

/** What is there but no text names nobody: it must not speak for everybody. */
function issuerNamed (issuer: unknown): string | undefined {
  return issuer === undefined || typeof issuer === 'string' ? issuer : ''
}

/** `n`/`e` and `x`/`y` decide: an `x5c` beside them is never looked at. */
function publicMembers (jwk: Record<string, unknown>): Record<string, string> {
  const members: Record<string, string> = {}
  for (const name of ['kty', 'crv', 'x', 'y', 'n', 'e']) {
    if (typeof jwk[name] === 'string') members[name] = jwk[name]
  }
  return members
}

/** RFC 7518 section 3.3 asks for 2048 bits; past 8192 a verification is an attack on us, and so is a huge exponent. */
function weakness ({ modulusLength, publicExponent }: AsymmetricKeyDetails): string | undefined {
  if (modulusLength === undefined || publicExponent === undefined) return undefined
  if (modulusLength < 2048 || modulusLength > 8192) return `an RSA key of ${modulusLength} bits`
  const sane = publicExponent >= 3n && publicExponent <= 0xFFFFFFFFn && publicExponent % 2n === 1n
  return sane ? undefined : 'an RSA key with an unusable exponent'
}
