import type { ClaimValues, Provider } from '../../types/provider.js'
import { readConfirmation } from '../binding/confirmation.js'
import { InvalidTokenError } from '../errors.js'
import { isIssuer, speaksFor, tenantOf } from '../providers/issuer-template.js'
import { loggable } from '../refusal.js'
import type { Reason, Refusal } from '../refusal.js'
import { audienceHint, issuerHint } from './hints.js'
import type { CheckedHeader } from './header.js'
import type { JsonObject } from './parse.js'

type Claims = JsonObject

/** Seconds: the last instant a JavaScript date can say. */
const LATEST = 8.64e12

/**
 * Every check of the claims, verified or not: a token that fails them must not cause a fetch of keys, and one that
 * fails them under a good signature is refused all the same.
 *
 * @param now milliseconds since the epoch
 * @param tolerance seconds
 * @throws InvalidTokenError
 */
export function checkClaims (claims: Claims, header: CheckedHeader, provider: Provider, now: number, tolerance: number): void {
  checkIssuer(claims, provider)
  if (!Object.hasOwn(claims, 'exp')) throw refuse('claim_missing', claims, provider, { expected: 'exp' })
  checkTimes(claims, provider, now / 1000, tolerance)
  checkAudience(claims, provider)
  checkFixed(claims, provider)
  checkKind(claims, header, provider)
  checkBinding(claims, provider)
  if (provider.profile === 'rfc9068') checkProfile(claims, provider)
}

/**
 * The issuer of a token: a text, for a list of issuers is no issuer (CVE-2025-30144).
 *
 * @throws InvalidTokenError
 * @see RFC 8725 section 3.8
 */
export function issuerOf (claims: Claims): string {
  const iss = Object.hasOwn(claims, 'iss') ? claims.iss : undefined
  if (typeof iss === 'string') return iss
  throw new InvalidTokenError({ reason: iss === undefined ? 'claim_missing' : 'claim_malformed', expected: 'iss, a text', found: loggable(iss) })
}

/** The error for an issuer that is none of the expected ones. */
export function wrongIssuer (issuer: string, expected: readonly string[]): InvalidTokenError {
  return new InvalidTokenError({ reason: 'issuer_mismatch', expected, found: loggable(issuer), hint: issuerHint(issuer, expected) })
}

/** The issuer must be the provider's. @throws InvalidTokenError */
export function checkIssuer (claims: Claims, provider: Provider): void {
  const issuer = issuerOf(claims)
  if (!isIssuer(provider, issuer)) throw wrongIssuer(issuer, [provider.issuer])
  const { issuerTemplate } = provider
  const name = issuerTemplate?.claim
  if (issuerTemplate === undefined || name === undefined) return
  const tenant = tenantOf(issuerTemplate, issuer)
  const found = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (found !== tenant) throw refuse('issuer_mismatch', claims, provider, { expected: `${name}: ${tenant}`, found: loggable(found ?? `no ${name}`), hint: `${name} does not fit the issuer` })
}

/**
 * Where issuers share their keys' address, a key may speak for some of them only: it says for which, and where no claim
 * names the tenant it must.
 *
 * @param claims verified with the key
 * @param named the issuer, or template of issuers, that the key names
 */
export function checkKeyIssuer (claims: Claims, named: string | undefined, provider: Provider): void {
  if (provider.issuerTemplate === undefined || (named === undefined && provider.issuerTemplate.claim !== undefined)) return
  const issuer = issuerOf(claims)
  if (named === undefined || !speaksFor(named, issuer)) throw wrongIssuer(issuer, [named ?? provider.issuer])
}

/**
 * `exp`, `nbf` and `iat`, as far as they are there; fractions are times like others.
 *
 * @param now seconds since the epoch, as `tolerance` is in seconds
 * @throws InvalidTokenError
 * @see RFC 7519 section 4.1.4 to 4.1.6
 */
export function checkTimes (claims: Claims, provider: Provider, now: number, tolerance: number): void {
  const exp = time(claims, 'exp', provider)
  if (exp !== undefined && now >= exp + tolerance) {
    const late = Math.round(now - exp)
    const hint = late < 60 ? 'expired less than a minute ago: are the clocks in step?' : 'the client should get a new token before the old one expires'
    throw refuse('token_expired', claims, provider, { found: `expired ${late} s ago`, hint })
  }
  for (const name of ['nbf', 'iat'] as const) {
    const start = time(claims, name, provider)
    if (start !== undefined && start > now + tolerance) {
      const hint = "this server's clock is probably behind"
      throw refuse('token_not_yet_valid', claims, provider, { found: `${name} is ${Math.round(start - now)} s ahead`, hint })
    }
  }
}

/** A NumericDate: a finite number a clock could show. `1e400` parses to Infinity, `-1e300` breaks date arithmetic. */
function time (claims: Claims, name: string, provider: Provider): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined
  const value = claims[name]
  if (typeof value === 'number' && value >= 0 && value <= LATEST) return value
  throw refuse('time_malformed', claims, provider, { expected: `${name} in seconds since the epoch`, found: loggable(value) })
}

/** Whether no token is meant for whoever is guarded here, whatever it says: the provider is for logging in. */
export function vouchesForSessionsOnly ({ audience }: Provider): boolean {
  return audience !== false && audience.length === 0
}

/** RFC 7519 section 4.1.3: the token is meant for whoever finds itself among its audiences. @throws InvalidTokenError */
export function checkAudience (claims: Claims, provider: Provider): void {
  const { audience, audienceClaim } = provider
  if (audience === false) return
  const aud = Object.hasOwn(claims, audienceClaim) ? claims[audienceClaim] : undefined
  // A template as the audience: whoever issues the token is whom it is meant for.
  const isIssuer = provider.issuerTemplate !== undefined && audience[0] === provider.issuer
  if (isIssuer ? aud === claims.iss : typeof aud === 'string' && audience.includes(aud)) return
  if (!isIssuer && audienceClaim === 'aud' && Array.isArray(aud) && aud.every((item) => typeof item === 'string') && aud.some((item) => audience.includes(item))) return
  const hint = vouchesForSessionsOnly(provider)
    ? 'this provider vouches for sessions only: give it an audience'
    : audienceClaim === 'aud' ? audienceHint(claims, audience) : `whom a token of this provider is for stands in ${audienceClaim}: name it in the provider's options if it may call this API`
  throw refuse('audience_mismatch', claims, provider, { expected: audience, found: loggable(aud ?? `no ${audienceClaim}`), hint })
}

/** Where one key set serves many tenants, a token of one must not pass under the issuer of another. @throws InvalidTokenError */
export function checkFixed (claims: Claims, provider: Provider): void {
  for (const name in provider.fixedClaims) {
    const wanted = provider.fixedClaims[name]
    const found = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (found !== wanted) throw refuse('issuer_mismatch', claims, provider, { expected: `${name}: ${wanted}`, found: loggable(found ?? `no ${name}`), hint: `${name} does not fit the issuer` })
  }
}

/** RFC 8725 section 3.12: one kind of JWT must not pass for another. Where nothing required is missing, `typ: at+jwt` settles it. */
function checkKind (claims: Claims, header: CheckedHeader, provider: Provider): void {
  const { required, access, others } = provider.tokenKind
  const absent = required.find((name) => !Object.hasOwn(claims, name))
  if (absent !== undefined) throw refuse('not_an_access_token', claims, provider, { found: `no ${absent}`, hint: 'every access token of this provider has it: did the client send its ID token?' })
  if (header.isAccessToken || valueOf(claims, access) !== undefined) return
  refuseValues(claims, others, provider)
  refuseMarks(claims, provider)
}

/** Values that say a token is of another kind. @throws InvalidTokenError */
export function refuseValues (claims: Claims, others: ClaimValues, provider: Provider): void {
  const other = valueOf(claims, others)
  if (other !== undefined) throw refuse('not_an_access_token', claims, provider, { found: other })
}

/** Claims that only tokens of another kind have. @throws InvalidTokenError */
export function refuseMarks (claims: Claims, provider: Provider): void {
  const mark = provider.tokenKind.marks.find((name) => Object.hasOwn(claims, name))
  if (mark === undefined) return
  const found = `the claim ${mark}`
  if (mark === 'events' || mark === 'token_introspection') throw refuse('not_an_access_token', claims, provider, { found })
  throw refuse('id_token', claims, provider, { found, hint: 'this is an ID token: the client must send its access token' })
}

/** The first claim that has a wanted value, with the value. */
export function valueOf (claims: Claims, wanted: ClaimValues): string | undefined {
  for (const name in wanted) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (typeof value === 'string' && wanted[name]!.includes(value)) return `${name}: ${value}`
  }
  return undefined
}

/** A binding that nobody can check to the last member is no binding. Whether the sender meets it is asked with every request. @throws InvalidTokenError */
export function checkBinding (claims: Claims, provider: Provider): void {
  if (!Object.hasOwn(claims, 'cnf') || readConfirmation(claims.cnf) !== undefined) return
  throw unverifiable('a cnf claim with other members than jkt and x5t#S256, or of another form', claims, provider)
}

/** The error for a token whose binding cannot be checked, whoever sends it. */
export function unverifiable (found: string, claims: Claims, provider: Provider): InvalidTokenError {
  return refuse('binding_unverifiable', claims, provider, { found, hint: 'the token is bound to its sender in a way this API cannot check' })
}

/** RFC 9068 section 2.2: claims an access token must have; issuer, audience and expiry are checked above. */
function checkProfile (claims: Claims, provider: Provider): void {
  for (const name of ['sub', 'client_id', 'jti'] as const) {
    if (typeof claims[name] !== 'string') throw refuse('claim_missing', claims, provider, { expected: `${name}, a text (RFC 9068 section 2.2)` })
  }
  if (claims.iat === undefined) throw refuse('claim_missing', claims, provider, { expected: 'iat (RFC 9068 section 2.2)' })
  if (claims.aud === undefined) throw refuse('claim_missing', claims, provider, { expected: 'aud (RFC 9068 section 2.2)' })
}

/** The error for claims that fail a check, with the client they name. */
export function refuse (reason: Reason, claims: Claims, provider: Provider, about: Pick<Refusal, 'expected' | 'found' | 'hint'>): InvalidTokenError {
  const clientId = claims.client_id ?? claims.azp
  return new InvalidTokenError({
    reason,
    provider: provider.name,
    clientId: typeof clientId === 'string' ? String(loggable(clientId)) : undefined,
    ...about
  })
}
