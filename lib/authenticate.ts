import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { StandardClaims } from '../types/claims.js'
import type { Identity } from '../types/identity.js'
import type { Provider } from '../types/provider.js'
import { InvalidTokenError, UnavailableError } from './errors.js'
import type { Settings } from './options.js'
import { isProvider } from './providers/define.js'
import { loggable } from './refusal.js'
import { createTokenCache, tokenHash } from './token/cache.js'
import type { Verified } from './token/cache.js'
import { checkClaims, issuerOf, wrongIssuer } from './token/claims.js'
import { checkHeader } from './token/header.js'
import type { CheckedHeader } from './token/header.js'
import { toIdentity } from './token/identity.js'
import type { RingKey } from './token/held-keys.js'
import type { KeyRing } from './token/keys.js'
import { confirmSpelling, readPart, requireBase64url, splitToken, startsLikeJws, unlikeJws } from './token/parse.js'
import type { JsonObject, TokenParts } from './token/parse.js'
import type { KeyRings } from './token/rings.js'

type MaybePromise<Value> = Value | Promise<Value>

/** An identity, perhaps later; or the error of what does not even begin like a token: throwing it would cost more than all the rest. */
export type Outcome = MaybePromise<Identity> | InvalidTokenError

/** Turns a token into an identity, or throws (or rejects with) the `AuthError` that answers it. */
export interface Authenticator {
  /**
   * Synchronous unless keys must be fetched or a resolver answers with a promise.
   *
   * @param allowed names of the providers that may vouch; undefined: all
   */
  identify (token: string, request: FastifyRequest | undefined, allowed: readonly string[] | undefined): Outcome
  /** Tokens answered with an identity since boot. */
  readonly accepted: number
  /** Of those, how many from the cache. */
  readonly recalled: number
  /** Tokens in the cache. */
  readonly cacheSize: number
}

/** A token on its way, and what is known of it. */
interface Candidate {
  readonly token: string
  readonly hash: string
  readonly parts: TokenParts
  /** Its header as it was read, unless it was known. */
  readonly newHeader: JsonObject | undefined
  readonly header: CheckedHeader
  readonly provider: Provider
  readonly ring: KeyRing
}

/** Headers of verified tokens, so that those signed with the same key need not be read again. */
const MOST_HEADERS = 100

/** The way of a token, in the order of its steps. Nothing else knows that order. */
export function createAuthenticator (settings: Settings, rings: KeyRings): Authenticator {
  const { providers, resolver, clockTolerance } = settings
  const sole = resolver === undefined && providers.size === 1 ? [...providers.values()][0] : undefined
  const cache = settings.cache === undefined ? undefined : createTokenCache(settings.cache.max)
  const lifetime = settings.cache?.ttl ?? 0
  const headers = new LRUCache<string, JsonObject>({ max: MOST_HEADERS })
  let recalled = 0
  let verified = 0

  function identify (token: string, request: FastifyRequest | undefined, allowed: readonly string[] | undefined): Outcome {
    if (!startsLikeJws(token)) return unlikeJws(token)
    const hash = cache === undefined ? '' : tokenHash(token)
    const seen = cache?.get(hash)
    const parts = seen === undefined ? splitToken(token) : undefined
    return andThen(sole ?? chooseProvider(settings, seen?.provider.issuer ?? unverifiedIssuer(parts!), request), (provider) => {
      if (allowed !== undefined && !allowed.includes(provider.name)) {
        throw new InvalidTokenError({ reason: 'provider_refused', expected: allowed, found: provider.name, provider: provider.name })
      }
      if (seen !== undefined && stillHolds(seen, provider)) {
        seen.identity ??= toIdentity(JSON.parse(seen.payload), provider)
        recalled++
        return seen.identity
      }
      return verify(token, hash, parts ?? splitToken(token), provider)
    })
  }

  function verify (token: string, hash: string, parts: TokenParts, provider: Provider): MaybePromise<Identity> {
    const known = headers.get(parts.header)
    const read = known ?? readPart(parts.header, 'header')
    const header = checkHeader(read, provider)
    const ring = rings.of(provider)
    const candidate: Candidate = { token, hash, parts, newHeader: known === undefined ? read : undefined, header, provider, ring }
    const key = ring.usable() ? ring.find(header) : undefined
    if (key === undefined) return fetchKey(candidate, undefined)
    if (key.kid !== undefined && key.kid === header.kid) return accept(candidate, key)
    try {
      return accept(candidate, key)
    } catch (error) {
      if (!(error instanceof InvalidTokenError && error.reason === 'signature_invalid')) throw error
      // Token or key has no id, so the key was a guess: the provider may have another by now.
      return fetchKey(candidate, key)
    }
  }

  /** @param guess a key that did not verify the token */
  async function fetchKey (candidate: Candidate, guess: RingKey | undefined): Promise<Identity> {
    const { token, parts, header, provider, ring } = candidate
    // Only a token that may turn out good is worth a fetch.
    requireBase64url(token)
    checkClaims(readPart(parts.payload, 'payload'), header, provider, Date.now(), clockTolerance)
    const key = await ring.obtain(header, guess)
    if (key === undefined) throw guess === undefined ? unknownKey(header, candidate) : badSignature(header, provider)
    return accept(candidate, key)
  }

  function accept (candidate: Candidate, key: RingKey): Identity {
    const { hash, parts, newHeader, header, provider, ring } = candidate
    const claims = verifySignature(candidate, key)
    const payload = confirmSpelling(parts.payload, claims)
    checkClaims(claims, header, provider, Date.now(), clockTolerance)
    const identity = toIdentity(claims as StandardClaims, provider)
    verified++
    const until = Math.min(identity.expiresAt * 1000, Date.now() + lifetime)
    if (cache !== undefined && until > Date.now()) cache.set(hash, { identity: undefined, payload, provider, ring, key, until })
    if (newHeader !== undefined) headers.set(parts.header, newHeader)
    return identity
  }

  /** Whatever the engine throws, the token is what is wrong. A look at the claims says what, if they do. */
  function verifySignature ({ token, parts, header, provider }: Candidate, key: RingKey): JsonObject {
    try {
      return key.verify(token, header.alg) as JsonObject
    } catch {
      checkClaims(readPart(parts.payload, 'payload'), header, provider, Date.now(), clockTolerance)
      throw badSignature(header, provider)
    }
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

function unverifiedIssuer (parts: TokenParts): string {
  return issuerOf(readPart(parts.payload, 'payload'))
}

function chooseProvider (settings: Settings, issuer: string, request: FastifyRequest | undefined): MaybePromise<Provider> {
  const { providers, resolver } = settings
  if (resolver === undefined) {
    const provider = providers.get(issuer)
    if (provider !== undefined) return provider
    throw wrongIssuer(issuer, [...providers.keys()])
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
  if (provider.issuer !== issuer) throw wrongIssuer(issuer, [provider.issuer])
  return provider
}

function resolverFailed (error: unknown): UnavailableError {
  const hint = `the provider resolver failed: ${error instanceof Error ? String(loggable(error.message)) : 'it threw no Error'}`
  return new UnavailableError({ reason: 'resolver_failed', hint }, 1)
}

function unknownKey (header: CheckedHeader, { provider, ring }: Candidate): InvalidTokenError {
  let hint = 'the key was rotated away, or the token is from another server with the same issuer'
  if (provider.keys.jwks !== undefined) hint = 'the configured keys have no such key'
  if (header.kid === undefined) hint = 'the token names no key, and not exactly one key of the provider fits it'
  else if (ring.keys.some(({ kid }) => kid === header.kid)) hint = `the provider has this key, but not for ${header.alg}`
  return new InvalidTokenError({ reason: 'kid_unknown', provider: provider.name, kid: loggableKid(header), hint })
}

function badSignature (header: CheckedHeader, { name }: Provider): InvalidTokenError {
  return new InvalidTokenError({ reason: 'signature_invalid', provider: name, kid: loggableKid(header) })
}

function loggableKid ({ kid }: CheckedHeader): string | undefined {
  return kid === undefined ? undefined : String(loggable(kid))
}

/** Continues at once with a value, later with a promise: a token seen before must not wait for the event loop. */
function andThen<Value, Result> (value: MaybePromise<Value>, next: (value: Value) => MaybePromise<Result>): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}
