import type { FastifyRequest } from 'fastify'
import type { StandardClaims } from '../types/claims.js'
import type { Identity } from '../types/identity.js'
import type { Provider } from '../types/provider.js'
import { InvalidTokenError, UnavailableError } from './errors.js'
import type { Settings } from './options.js'
import { isProvider } from './providers/define.js'
import { loggable } from './refusal.js'
import { createTokenCache, tokenHash } from './token/cache.js'
import type { Verified } from './token/cache.js'
import { checkClaims } from './token/claims.js'
import { checkHeader } from './token/header.js'
import type { CheckedHeader } from './token/header.js'
import { issuerHint } from './token/hints.js'
import { toIdentity } from './token/identity.js'
import type { KeyRing, RingKey } from './token/keys.js'
import { parseToken } from './token/parse.js'
import type { ParsedToken } from './token/parse.js'
import type { KeyRings } from './token/rings.js'

type MaybePromise<Value> = Value | Promise<Value>

/** Turns a token into an identity, or throws (or rejects with) the `AuthError` that answers it. */
export interface Authenticator {
  /**
   * Synchronous unless keys must be fetched or a resolver answers with a promise.
   *
   * @param allowed names of the providers that may vouch; undefined: all
   */
  identify (token: string, request: FastifyRequest | undefined, allowed: readonly string[] | undefined): MaybePromise<Identity>
  /** Tokens answered with an identity since boot. */
  readonly accepted: number
  /** Of those, how many from the cache. */
  readonly recalled: number
  /** Tokens in the cache. */
  readonly cacheSize: number
}

/** The way of a token, in the order of its steps. Nothing else knows that order. */
export function createAuthenticator (settings: Settings, rings: KeyRings): Authenticator {
  const cache = settings.cache === undefined ? undefined : createTokenCache(settings.cache.max)
  const lifetime = settings.cache?.ttl ?? 0
  let recalled = 0
  let verified = 0

  function identify (token: string, request: FastifyRequest | undefined, allowed: readonly string[] | undefined): MaybePromise<Identity> {
    const hash = cache === undefined ? '' : tokenHash(token)
    const seen = cache?.get(hash)
    const parsed = seen === undefined ? parseToken(token) : undefined
    const issuer = seen === undefined ? issuerOf(parsed!) : seen.provider.issuer
    return andThen(chooseProvider(settings, issuer, request), (provider) => {
      if (allowed !== undefined && !allowed.includes(provider.name)) {
        throw new InvalidTokenError({ reason: 'provider_refused', expected: allowed, found: provider.name, provider: provider.name })
      }
      if (seen !== undefined && stillHolds(seen, provider)) {
        recalled++
        return seen.identity
      }
      return verify(token, hash, parsed ?? parseToken(token), provider)
    })
  }

  function verify (token: string, hash: string, parsed: ParsedToken, provider: Provider): MaybePromise<Identity> {
    const header = checkHeader(parsed, provider)
    checkClaims(parsed.claims, header, provider, Date.now(), settings.clockTolerance)
    const ring = rings.of(provider)
    return andThen(findKey(ring, header), (key) => {
      if (key === undefined) throw unknownKey(header, provider)
      const identity = toIdentity(verifySignature(token, header, key, provider), provider)
      verified++
      remember(hash, { identity, provider, ring, key, until: Math.min(identity.expiresAt * 1000, Date.now() + lifetime) })
      return identity
    })
  }

  function remember (hash: string, verified: Verified): void {
    if (cache !== undefined && verified.until > Date.now()) cache.set(hash, verified)
  }

  return {
    identify,
    get accepted () { return recalled + verified },
    get recalled () { return recalled },
    get cacheSize () { return cache?.size ?? 0 }
  }
}

/** A token seen before is believed while its time, its key and its provider are the ones it was verified with. */
function stillHolds (seen: Verified, provider: Provider): boolean {
  return seen.provider === provider && seen.key.held && seen.until > Date.now() && seen.ring.usable()
}

/** RFC 8725 section 3.8. A list of issuers is no issuer (CVE-2025-30144). */
function issuerOf ({ claims }: ParsedToken): string {
  const iss = Object.hasOwn(claims, 'iss') ? claims.iss : undefined
  if (typeof iss === 'string') return iss
  throw new InvalidTokenError({ reason: iss === undefined ? 'claim_missing' : 'claim_malformed', expected: 'iss, a text', found: loggable(iss) })
}

function chooseProvider (settings: Settings, issuer: string, request: FastifyRequest | undefined): MaybePromise<Provider> {
  const { providers, resolver } = settings
  if (resolver === undefined) {
    const provider = providers.get(issuer)
    if (provider !== undefined) return provider
    const expected = [...providers.keys()]
    throw new InvalidTokenError({ reason: 'issuer_mismatch', expected, found: loggable(issuer), hint: issuerHint(issuer, expected) })
  }
  let answer: MaybePromise<Provider | undefined>
  try {
    answer = resolver(issuer, request)
  } catch (error) {
    throw resolverFailed(error)
  }
  return isThenable(answer)
    ? Promise.resolve(answer).then((provider) => resolved(provider, issuer), (error) => { throw resolverFailed(error) })
    : resolved(answer, issuer)
}

/** Not every promise is a native one. */
function isThenable<Value> (value: MaybePromise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value
}

function resolved (provider: Provider | undefined, issuer: string): Provider {
  if (provider === undefined) throw new InvalidTokenError({ reason: 'issuer_mismatch', found: loggable(issuer), hint: 'the resolver knows no provider with this issuer' })
  if (!isProvider(provider)) throw resolverFailed(new TypeError('it must return what oidc(…) or auth0(…) made, or undefined'))
  if (provider.issuer !== issuer) throw new InvalidTokenError({ reason: 'issuer_mismatch', expected: provider.issuer, found: loggable(issuer), hint: issuerHint(issuer, [provider.issuer]) })
  return provider
}

function resolverFailed (error: unknown): UnavailableError {
  const hint = `the provider resolver failed: ${error instanceof Error ? String(loggable(error.message)) : 'it threw no Error'}`
  return new UnavailableError({ reason: 'resolver_failed', hint }, 1)
}

function findKey (ring: KeyRing, header: CheckedHeader): MaybePromise<RingKey | undefined> {
  const key = ring.usable() ? ring.find(header) : undefined
  return key ?? ring.obtain(header)
}

function unknownKey ({ kid }: CheckedHeader, provider: Provider): InvalidTokenError {
  const hint = kid === undefined
    ? 'the token names no key, and not exactly one key of the provider fits it'
    : 'the key was rotated away, or the token is from another server with the same issuer'
  return new InvalidTokenError({ reason: 'kid_unknown', provider: provider.name, kid: kid === undefined ? undefined : String(loggable(kid)), hint })
}

/** Whatever the engine throws, the token is what is wrong: everything else was checked before. */
function verifySignature (token: string, { alg, kid }: CheckedHeader, key: RingKey, provider: Provider): StandardClaims {
  try {
    return key.verify(token, alg) as StandardClaims
  } catch {
    throw new InvalidTokenError({ reason: 'signature_invalid', provider: provider.name, kid: kid === undefined ? undefined : String(loggable(kid)) })
  }
}

/** Continues at once with a value, later with a promise: a token seen before must not wait for the event loop. */
function andThen<Value, Result> (value: MaybePromise<Value>, next: (value: Value) => MaybePromise<Result>): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}
