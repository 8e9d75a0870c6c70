import { createHash } from 'node:crypto'
import type { StandardClaims } from '../../types/claims.js'
import type { Provider } from '../../types/provider.js'
import { InvalidTokenError } from '../errors.js'
import { loggable } from '../refusal.js'
import { checkTimes } from '../token/claims.js'
import { checkHeader } from '../token/header.js'
import type { CheckedHeader } from '../token/header.js'
import { readPart } from '../token/parse.js'
import type { JsonObject } from '../token/parse.js'
import { LoginError } from './errors.js'
import type { LoginRefusal } from './errors.js'
import { takeApart, verifySignature } from './signed-token.js'
import type { SignedTokenRules } from './signed-token.js'

export type { IdTokenKeys } from './signed-token.js'

/** Seconds since the epoch: a time in milliseconds is later. */
const LATEST = 1e11

/** The claims of a verified ID token. @see OpenID Connect Core section 2 */
export interface IdTokenClaims extends StandardClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat: number
  /** When the person authenticated, seconds since the epoch. */
  readonly auth_time?: number
  readonly nonce?: string
  readonly acr?: string
  /** The provider's own session. */
  readonly sid?: string
  /** When that ends, seconds since the epoch. */
  readonly session_expiry?: number
}

/**
 * Verifies an ID token that openid-client has looked at, which means its issuer, audience, nonce and the presence of
 * claims, and no more: it trusts the connection the token came by. Here the signature is verified, with a key of the
 * ring, and what else tells a token for this client from others.
 *
 * @throws LoginError; UnavailableError where the provider's keys cannot be had now; Error where the signal ends the wait
 * @see OpenID Connect Core section 3.1.3.7
 */
export async function verifyIdToken (idToken: string, accessToken: string, rules: SignedTokenRules, signal: AbortSignal): Promise<IdTokenClaims> {
  const { provider, keys, tolerance } = rules
  try {
    const parts = takeApart(idToken)
    // How strict access tokens are says nothing about ID tokens.
    const header = checkHeader(readPart(parts.header, 'header'), { ...provider, profile: 'auto' })
    if (header.isAccessToken) throw new InvalidTokenError({ reason: 'typ_refused', expected: 'JWT or none', hint: 'this is an access token' })
    const claims = readPart(parts.payload, 'payload')
    checkTimes(claims, provider, Date.now() / 1000, tolerance)
    checkParties(claims, rules)
    checkSession(claims, provider, tolerance)
    checkHash(claims, header, accessToken, provider)
    await verifySignature(idToken, header, keys, 'ID token', signal)
    return claims as IdTokenClaims
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error
    throw new LoginError({ ...error.refusal, provider: provider.name })
  }
}

/**
 * Whether the person authenticated as well as was asked: asking is no more than a wish to the provider.
 *
 * @param acrValues what was asked for, separated by spaces; undefined: nothing
 * @see OpenID Connect Core sections 3.1.2.1 and 5.5.1.1, RFC 9470 section 5
 */
export function checkAcr ({ acr }: IdTokenClaims, acrValues: string | undefined, provider: Provider): void {
  if (acrValues === undefined || (typeof acr === 'string' && acrValues.split(' ').includes(acr))) return
  throw refuse(provider, { reason: 'acr_mismatch', expected: acrValues, found: loggable(acr ?? 'no acr') })
}

/**
 * Whether an ID token that came for a refresh token continues the login it is for.
 *
 * @throws LoginError
 * @see OpenID Connect Core section 12.2
 */
export function checkContinues (claims: IdTokenClaims, before: JsonObject, provider: Provider): void {
  const audience = listOf(claims.aud)
  const changed = ['iss', 'sub'].find((name) => claims[name] !== before[name]) ??
    // These need not be there again; where they are, they are those of the login.
    ['auth_time', 'nonce', 'azp'].find((name) => claims[name] !== undefined && before[name] !== undefined && claims[name] !== before[name]) ??
    (listOf(before.aud).every((item) => audience.includes(item)) ? undefined : 'aud')
  if (changed !== undefined) throw refuse(provider, { reason: 'login_changed', found: changed, hint: `${changed} of the refreshed ID token is not that of the login` })
}

function listOf (value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** Whom the token is for, and in a key set of many tenants whose it is. */
function checkParties (claims: JsonObject, { provider, clientId }: SignedTokenRules): void {
  const { azp, sub } = claims
  if (azp !== undefined && azp !== clientId) throw refuse(provider, { reason: 'authorized_party_mismatch', expected: clientId, found: loggable(azp) })
  if (sub === '') throw refuse(provider, { reason: 'subject_missing' })
  for (const [name, value] of Object.entries(provider.fixedClaims)) {
    if (claims[name] !== value) throw refuse(provider, { reason: 'claim_refused', expected: `${name}: ${value}`, found: loggable(claims[name]) })
  }
}

/** What it says of the provider's own session: one that is over begins none here, or login would follow login. */
function checkSession ({ sid, session_expiry: end }: JsonObject, provider: Provider, tolerance: number): void {
  if (sid !== undefined && (typeof sid !== 'string' || sid === '')) throw refuse(provider, { reason: 'claim_malformed', expected: 'sid: a text', found: loggable(sid) })
  if (end === undefined) return
  if (typeof end !== 'number' || !(end < LATEST)) throw refuse(provider, { reason: 'time_malformed', expected: 'session_expiry: seconds since the epoch', found: loggable(end) })
  if (end <= Date.now() / 1000 + tolerance) throw refuse(provider, { reason: 'token_expired', expected: 'session_expiry: a time to come', found: end, hint: "the provider's own session is over already, or ends at once" })
}

/** @see OpenID Connect Core section 3.1.3.8; what Ed25519 signs is hashed with SHA-512 */
function checkHash ({ at_hash: found }: JsonObject, { alg }: CheckedHeader, accessToken: string, provider: Provider): void {
  if (found === undefined) return
  const digest = createHash(alg.startsWith('Ed') ? 'sha512' : `sha${alg.slice(2)}`).update(accessToken).digest()
  if (found !== digest.subarray(0, digest.length / 2).toString('base64url')) throw refuse(provider, { reason: 'access_token_hash_mismatch', hint: 'ID token and access token do not belong together' })
}

function refuse ({ name }: Provider, refusal: Omit<LoginRefusal, 'provider'>): LoginError {
  return new LoginError({ provider: name, ...refusal })
}
