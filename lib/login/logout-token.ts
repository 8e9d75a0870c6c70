import type { Provider } from '../../types/provider.js'
import { AuthError, InvalidTokenError, UnavailableError } from '../errors.js'
import { loggable } from '../refusal.js'
import type { Reason, Refusal } from '../refusal.js'
import { checkFixed, checkTimes, issuerOf, wrongIssuer } from '../token/claims.js'
import { checkHeader } from '../token/header.js'
import type { CheckedHeader } from '../token/header.js'
import { readPart } from '../token/parse.js'
import type { JsonObject } from '../token/parse.js'
import { LoginError } from './errors.js'
import { takeApart, verifySignature } from './signed-token.js'
import type { SignedTokenRules } from './signed-token.js'

/** What a verified logout token says: what to end. */
export interface LogoutNotice {
  readonly issuer: string
  /** The provider's own session. Missing: all of the person. */
  readonly sid?: string
  /** The person. There is this, or `sid`, or both. */
  readonly subject?: string
  readonly jti: string
  /** Seconds since the epoch. From then on, tolerance aside, the token is refused by itself: it need not be remembered. */
  readonly expiresAt: number
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Seconds since it was issued: the specification advises two minutes, and what lasts for years cannot be remembered. */
const LONGEST_LIFE = 86_400

/** Where those of access tokens would mislead. */
const HINTS: { readonly [reason in Reason]?: string } = {
  token_expired: 'the logout token came too late, or the clocks are not in step',
  token_opaque: 'a logout token is a JWT',
  alg_symmetric: 'set the signing algorithm of ID tokens to RS256 or ES256 at the provider: logout tokens follow it'
}

/**
 * Verifies a logout token. All that needs no key is checked first, so that what fails causes no fetch; whether it was
 * used before is for the caller to know.
 *
 * @throws LoginError; UnavailableError where the provider's keys cannot be had now
 * @see OpenID Connect Back-Channel Logout sections 2.4 and 2.6
 */
export async function verifyLogoutToken (token: string, rules: SignedTokenRules, signal: AbortSignal): Promise<LogoutNotice> {
  const { provider, keys, tolerance } = rules
  try {
    const parts = takeApart(token)
    const header = checkLogoutHeader(readPart(parts.header, 'header'), provider)
    const claims = readPart(parts.payload, 'payload')
    const issuer = issuerOf(claims)
    if (issuer !== provider.issuer) throw wrongIssuer(issuer, [provider.issuer])
    checkFixed(claims, provider)
    checkParty(claims, rules)
    checkKind(claims)
    const expiresAt = checkLife(claims, provider, tolerance)
    const jti = textOf(claims, 'jti')
    if (jti === undefined) throw missing('jti')
    const sid = textOf(claims, 'sid')
    const subject = textOf(claims, 'sub')
    if (sid === undefined && subject === undefined) throw missing('sid or sub')
    await verifySignature(token, header, keys, 'logout token', signal).catch((error: unknown) => { throw explained(error, provider) })
    return { issuer, ...(sid === undefined ? {} : { sid }), ...(subject === undefined ? {} : { subject }), jti, expiresAt }
  } catch (error) {
    throw asRefusal(error, provider.name)
  }
}

/**
 * Who a logout token claims to be from, not verified: good for a choice among configured providers, and for nothing else.
 *
 * @throws InvalidTokenError
 * @see OpenID Connect Back-Channel Logout section 2.4
 */
export function claimedIssuer (token: string): string {
  return issuerOf(readPart(takeApart(token).payload, 'payload'))
}

/**
 * The error for a logout token that fails a check all tokens share; any other error as it is.
 *
 * @param provider its name
 * @see OpenID Connect Back-Channel Logout section 2.8: 400, whatever failed
 */
export function asRefusal (error: unknown, provider: string): unknown {
  if (!(error instanceof InvalidTokenError)) return error
  const { refusal } = error
  return new LoginError({ ...refusal, hint: HINTS[refusal.reason] ?? refusal.hint ?? 'it came as a logout token', provider })
}

/** `typ` is ours to check, the rest is as in every token. @see OpenID Connect Back-Channel Logout section 2.4, RFC 8725 section 3.11 */
function checkLogoutHeader ({ typ, ...header }: JsonObject, provider: Provider): CheckedHeader {
  // RFC 7515 section 4.1.9: media types are case-insensitive, `application/` may be left out.
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (type !== undefined && type !== 'logout+jwt' && type !== 'jwt') {
    throw new InvalidTokenError({ reason: 'typ_refused', expected: 'logout+jwt, JWT or none', found: loggable(typ), ...(type === 'at+jwt' ? { hint: 'this is an access token' } : {}) })
  }
  // How strict access tokens are says nothing about logout tokens.
  return checkHeader(header, { ...provider, profile: 'auto' })
}

/** As ID tokens are: where others may read the token too, it must say that it is for us. @see OpenID Connect Core section 3.1.3.7 */
function checkParty ({ aud, azp }: JsonObject, { clientId }: SignedTokenRules): void {
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audience.includes(clientId)) throw new InvalidTokenError({ reason: 'audience_mismatch', expected: clientId, found: loggable(aud ?? 'no aud') })
  if (azp !== undefined && azp !== clientId) throw new InvalidTokenError({ reason: 'authorized_party_mismatch', expected: clientId, found: loggable(azp) })
  if (azp === undefined && audience.some((item) => item !== clientId)) {
    throw new InvalidTokenError({ reason: 'audience_mismatch', expected: clientId, found: loggable(aud), hint: 'the token is for others too, and no azp says that it is for this client' })
  }
}

/** Whether it is a logout token at all: no other JWT of the provider may end a session. @see OpenID Connect Back-Channel Logout section 4.1 */
function checkKind (claims: JsonObject): void {
  const events = Object.hasOwn(claims, 'events') ? claims.events : undefined
  if (!isObject(events)) throw refused({ expected: 'events, an object', found: loggable(events ?? 'no events'), hint: 'this is another kind of token' })
  const event = Object.hasOwn(events, EVENT) ? events[EVENT] : undefined
  if (!isObject(event)) throw refused({ expected: `an object for ${EVENT} in events`, found: loggable(event ?? 'no such event'), hint: 'this tells of something else than a logout' })
  if (Object.hasOwn(claims, 'nonce')) throw refused({ found: 'a nonce', hint: 'ID tokens have one, logout tokens must not' })
}

/** @returns from when on the token is too old, in seconds since the epoch */
function checkLife (claims: JsonObject, provider: Provider, tolerance: number): number {
  for (const name of ['iat', 'exp']) if (!Object.hasOwn(claims, name)) throw missing(name)
  const now = Date.now() / 1000
  checkTimes(claims, provider, now, tolerance)
  const { iat, exp } = claims as { iat: number, exp: number }
  const expiresAt = Math.min(exp, iat + LONGEST_LIFE)
  if (now < expiresAt + tolerance) return expiresAt
  throw new InvalidTokenError({ reason: 'token_expired', expected: `at most ${LONGEST_LIFE} s old`, found: `issued ${Math.round(now - iat)} s ago` })
}

function textOf (claims: JsonObject, name: 'jti' | 'sid' | 'sub'): string | undefined {
  if (!Object.hasOwn(claims, name)) return undefined
  const value = claims[name]
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidTokenError({ reason: 'claim_malformed', expected: `${name}, a text that is not empty`, found: loggable(value) })
}

function isObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function missing (expected: string): InvalidTokenError {
  return new InvalidTokenError({ reason: 'claim_missing', expected })
}

function refused (about: Pick<Refusal, 'expected' | 'found' | 'hint'>): InvalidTokenError {
  return new InvalidTokenError({ reason: 'logout_token_refused', ...about })
}

/** Waiting that ended without an answer comes as any error: it says nothing against the token. */
function explained (error: unknown, { name }: Provider): unknown {
  return error instanceof AuthError ? error : new UnavailableError({ reason: 'keys_unavailable', provider: name, hint: 'the keys did not come in time' }, 1)
}
