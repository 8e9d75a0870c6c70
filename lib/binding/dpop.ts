import { hash } from 'node:crypto'
import { isPlainObject } from '../configuration.js'
import { InvalidTokenError } from '../errors.js'
import { loggable } from '../refusal.js'
import type { Reason } from '../refusal.js'
import { confirmSpelling, requireBase64url, splitToken } from '../token/parse.js'
import type { JsonObject } from '../token/parse.js'
import { DpopNonceRequiredError, InvalidDpopProofError } from './errors.js'
import type { Nonces } from './nonce.js'
import type { DpopSettings } from './options.js'
import { createProofKeys } from './proof-key.js'
import type { ProofKey } from './proof-key.js'
import { normalUri } from './target-uri.js'

/** What a proof must have been made for. */
export interface ProofTarget {
  readonly method: string
  /** In its normal spelling; undefined: this server does not know where it was asked. */
  readonly uri: string | undefined
  readonly token: string
  /** The key the token is bound to. */
  readonly jkt: string
}

/** A proof that is good, unless it was used before. */
export interface CheckedProof {
  readonly jkt: string
  readonly jti: string
  readonly uri: string
  /** The nonce to hand out with the answer, where the proof's will not do for long. */
  readonly nextNonce: string | undefined
}

/** Characters a proof may have: one with a key of 8192 bits takes 4,000. */
const LONGEST = 8_192
const LONGEST_JTI = 512
/** Seconds: later is no time of this century, but milliseconds. */
const MILLISECONDS = 1e11

/**
 * Every check of a proof but the last, whether it was used before. The token must have been verified: a proof costs a
 * verification, and only holders of a good token may cause one.
 *
 * @throws InvalidDpopProofError, DpopNonceRequiredError
 * @throws InvalidTokenError for a proof made with another key than the token's
 * @see RFC 9449 section 4.3
 */
export type ProofCheck = (proof: string, target: ProofTarget) => Promise<CheckedProof>

export function createProofCheck ({ algorithms, iatOffset, iatLeeway }: DpopSettings, nonces: Nonces | undefined): ProofCheck {
  const keys = createProofKeys(algorithms)

  return async function checkProof (proof, target) {
    if (proof.length > LONGEST) throw malformed(`${proof.length} characters`, `at most ${LONGEST}`)
    const now = Date.now()
    const { header, payload } = wellFormed(() => {
      requireBase64url(proof)
      return splitToken(proof)
    })
    const key = await keyIn(header, target)
    checkKey(key, target)
    const claims = checkSignature(proof, payload, key)
    const jti = checkIdentifier(claims)
    checkMethod(claims, target)
    const uri = checkUri(claims, target)
    checkTime(claims, now / 1000)
    checkAccessToken(claims, target)
    const nextNonce = nonces === undefined ? undefined : checkNonce(claims, nonces, now)
    keys.keep(header, key)
    return { jkt: key.jkt, jti, uri, nextNonce }
  }

  async function keyIn (header: string, { jkt }: ProofTarget): Promise<ProofKey> {
    try {
      return await keys.of(header, jkt)
    } catch (error) {
      throw asProofError(error)
    }
  }

  /** Check 11. */
  function checkTime (claims: JsonObject, now: number): void {
    const iat = own(claims, 'iat')
    if (typeof iat === 'number' && iat >= now - iatOffset && iat <= now + iatLeeway) return
    if (typeof iat !== 'number') throw refuse('proof_time_refused', 'iat in seconds since the epoch', loggable(iat ?? 'no iat'))
    const hint = iat > MILLISECONDS ? 'iat is in seconds, not in milliseconds' : "the client's clock or this server's is wrong, or the proof was made in advance"
    throw new InvalidDpopProofError({ reason: 'proof_time_refused', found: `iat is ${Math.round(iat - now)} s from now`, expected: `${-iatOffset} to ${iatLeeway} s`, hint })
  }
}

/** Check 12, second half. Before the signature: who has a copied token and no key cannot make us verify those of others. */
function checkKey ({ jkt }: ProofKey, target: ProofTarget): void {
  if (jkt !== target.jkt) throw new InvalidTokenError({ reason: 'binding_mismatch', expected: `jkt ${target.jkt}`, found: `jkt ${jkt}`, hint: 'the token is bound to another key than the proof was made with' })
}

/** Check 6, and that the payload is a JSON object with no member twice. */
function checkSignature (proof: string, payload: string, key: ProofKey): JsonObject {
  let claims: object
  try {
    claims = key.verify(proof)
  } catch {
    throw new InvalidDpopProofError({ reason: 'proof_signature_invalid' })
  }
  if (!isPlainObject(claims)) throw malformed('payload is not a JSON object')
  wellFormed(() => confirmSpelling(payload, claims))
  return claims
}

/** Check 3: what tells the proof from every other. */
function checkIdentifier (claims: JsonObject): string {
  const jti = own(claims, 'jti')
  if (typeof jti === 'string' && jti !== '' && jti.length <= LONGEST_JTI) return jti
  throw malformed(typeof jti === 'string' ? `a jti of ${jti.length} characters` : 'no jti that is a text', `a jti of 1 to ${LONGEST_JTI} characters`)
}

/** Check 8. Methods are case-sensitive: RFC 9110 section 9.1. */
function checkMethod (claims: JsonObject, { method }: ProofTarget): void {
  const htm = own(claims, 'htm')
  if (htm !== method) throw refuse('proof_method_mismatch', method, loggable(htm ?? 'no htm'))
}

/** Check 9: query and fragment do not count. */
function checkUri (claims: JsonObject, { uri }: ProofTarget): string {
  const htu = own(claims, 'htu')
  if (uri !== undefined && typeof htu === 'string' && (htu === uri || normalUri(htu) === uri)) return uri
  throw new InvalidDpopProofError({
    reason: 'proof_uri_mismatch',
    expected: uri ?? 'a path without dot segments, at a host that is one of baseUrl',
    // A query may hold anything.
    found: loggable(typeof htu === 'string' ? htu.split(/[?#]/, 1)[0] : htu ?? 'no htu'),
    hint: uri === undefined
      ? 'the Host header is none of baseUrl, or the path has dot segments: add the host to baseUrl, or mend the proxy that changes it'
      : 'htu is the URI the client asked for: behind a proxy name it with baseUrl, its path prefix included'
  })
}

/** Check 12. */
function checkAccessToken (claims: JsonObject, { token }: ProofTarget): void {
  if (own(claims, 'ath') !== hash('sha256', token, 'base64url')) throw new InvalidDpopProofError({ reason: 'proof_token_mismatch', hint: 'ath is not the hash of this access token' })
}

/** Check 10. Nobody but the owner of a good token is told a nonce. */
function checkNonce (claims: JsonObject, nonces: Nonces, now: number): string | undefined {
  const nonce = own(claims, 'nonce')
  const verdict = typeof nonce === 'string' ? nonces.judge(nonce, now) : 'unknown'
  if (verdict === 'unknown') throw new DpopNonceRequiredError({ reason: nonce === undefined ? 'nonce_missing' : 'nonce_stale' }, nonces.current(now))
  return verdict === 'old' ? nonces.current(now) : undefined
}

function wellFormed<Result> (read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw asProofError(error)
  }
}

/** What is read of tokens and proofs alike speaks of tokens. */
function asProofError (error: unknown): unknown {
  return error instanceof InvalidTokenError ? malformed(error.refusal.found ?? 'not three parts', error.refusal.expected) : error
}

function malformed (found: unknown, expected?: unknown): InvalidDpopProofError {
  return refuse('proof_malformed', expected, found)
}

function refuse (reason: Reason, expected: unknown, found: unknown): InvalidDpopProofError {
  return new InvalidDpopProofError({ reason, ...(expected === undefined ? {} : { expected }), found })
}

function own (claims: JsonObject, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}
