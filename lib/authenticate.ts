import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { StandardClaims } from '../types/claims.js'
import type { Identity } from '../types/identity.js'
import type { Provider } from '../types/provider.js'
import { createProviderChoice } from './choose-provider.js'
import { AuthError, InvalidTokenError } from './errors.js'
import { createOpaqueCredentials } from './opaque.js'
import type { Settings } from './options.js'
import { credentialsRefused, providerRefused } from './outcome.js'
import type { Allowed, Binding, MaybePromise, Outcome } from './outcome.js'
import { loggable } from './refusal.js'
import { createTokenCache, tokenHash } from './token/cache.js'
import type { Verified } from './token/cache.js'
import { checkClaims, checkKeyIssuer, issuerOf } from './token/claims.js'
import { checkHeader } from './token/header.js'
import type { CheckedHeader } from './token/header.js'
import { toIdentity } from './token/identity.js'
import type { RingKey } from './token/held-keys.js'
import type { KeyRing } from './token/keys.js'
import { confirmSpelling, looksLikeJws, readPart, requireBase64url, splitToken, startsLikeJws, unlikeJws } from './token/parse.js'
import type { JsonObject, TokenParts } from './token/parse.js'
import type { KeyRings } from './token/rings.js'

/** Turns a Bearer credential into an identity, or returns, throws or rejects with the `AuthError` that answers it. */
export interface Pipeline {
  /**
   * Synchronous unless keys must be fetched, a resolver answers with a promise, or somebody else must be asked.
   *
   * @param allowed what the route accepts; undefined: everything
   * @param binding who may send a token that is bound to its sender
   */
  identify (token: string, request: FastifyRequest | undefined, allowed: Allowed | undefined, binding: Binding): Outcome
  /** Tokens answered with an identity since boot. */
  readonly accepted: number
  /** Of those, how many from the cache. */
  readonly recalled: number
  /** Tokens in the cache, and answers about opaque ones. */
  readonly cacheSize: number
  close (): void
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
export function createPipeline (settings: Settings, rings: KeyRings): Pipeline {
  const { providers, resolver, clockTolerance } = settings
  const sole = resolver === undefined && providers.size === 1 ? [...providers.values()][0] : undefined
  const chooseProvider = createProviderChoice(settings)
  const opaque = createOpaqueCredentials(settings)
  const cache = settings.cache === undefined ? undefined : createTokenCache(settings.cache.max)
  const lifetime = settings.cache?.ttl ?? 0
  const headers = new LRUCache<string, JsonObject>({ max: MOST_HEADERS })
  let recalled = 0
  let verified = 0

  function identify (token: string, request: FastifyRequest | undefined, allowed: Allowed | undefined, binding: Binding): Outcome {
    const recalledBefore = recalledSoFar()
    const outcome = identityOf(token, request, allowed)
    if (outcome instanceof AuthError) return outcome
    if (outcome instanceof Promise) return outcome.then(async (identity) => orThrow(await bound(identity, token, request, binding, false)))
    return bound(outcome, token, request, binding, recalledSoFar() > recalledBefore)
  }

  function recalledSoFar (): number {
    return recalled + (opaque?.recalled ?? 0)
  }

  /** Every time: that a token was bound to somebody says nothing of who sends it now. */
  function bound (identity: Identity, token: string, request: FastifyRequest | undefined, binding: Binding, wasRecalled: boolean): Outcome {
    const outcome = Object.hasOwn(identity.claims, 'cnf') ? binding.bound(identity, token, request) : binding.unbound(identity)
    if (outcome === identity) return identity
    if (outcome instanceof Promise) return outcome.catch((error: unknown) => { throw uncounted(error as Error, wasRecalled) })
    return uncounted(outcome as AuthError, wasRecalled)
  }

  /** The token is good, but not from this sender. */
  function uncounted<Refused extends Error> (error: Refused, wasRecalled: boolean): Refused {
    if (wasRecalled) recalled--
    else verified--
    return error
  }

  function identityOf (token: string, request: FastifyRequest | undefined, allowed: Allowed | undefined): Outcome {
    if (opaque !== undefined && !(startsLikeJws(token) && looksLikeJws(token))) return opaque.identify(token, allowed)
    if (!startsLikeJws(token)) return unlikeJws(token)
    if (allowed?.credentials?.includes('access_token') === false) return credentialsRefused(allowed.credentials, 'access_token')
    const hash = cache === undefined ? '' : tokenHash(token)
    const seen = cache?.get(hash)
    const parts = seen === undefined ? splitToken(token) : undefined
    return andThen(sole ?? chooseProvider(seen?.issuer ?? unverifiedIssuer(parts!), request), (provider) => {
      if (allowed?.providers?.includes(provider.name) === false) throw providerRefused(allowed.providers, provider.name)
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
    const claims = readPart(parts.payload, 'payload')
    checkClaims(claims, header, provider, Date.now(), clockTolerance)
    const [held] = ring.keys
    // The keys of one project are for one issuer: another project's token is no reason to ask for more of them.
    if (held !== undefined && provider.issuerTemplate?.claim === undefined) checkKeyIssuer(claims, held.issuer, provider)
    const key = await ring.obtain(header, guess)
    if (key === undefined) throw guess === undefined ? unknownKey(header, candidate) : badSignature(header, provider)
    return accept(candidate, key)
  }

  function accept (candidate: Candidate, key: RingKey): Identity {
    const { hash, parts, newHeader, header, provider, ring } = candidate
    const claims = verifySignature(candidate, key)
    const payload = confirmSpelling(parts.payload, claims)
    checkClaims(claims, header, provider, Date.now(), clockTolerance)
    checkKeyIssuer(claims, key.issuer, provider)
    const identity = toIdentity(claims as StandardClaims, provider)
    verified++
    const until = Math.min((claims.exp as number) * 1000, Date.now() + lifetime)
    if (cache !== undefined && until > Date.now()) cache.set(hash, { identity: undefined, payload, issuer: claims.iss as string, provider, ring, key, until })
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
    get accepted () { return recalled + verified + (opaque === undefined ? 0 : opaque.recalled + opaque.verified) },
    get recalled () { return recalledSoFar() },
    get cacheSize () { return (cache?.size ?? 0) + (opaque?.size ?? 0) },
    close () { opaque?.close() }
  }
}

/** A token seen before is believed while its time, its key and its provider are the ones it was verified with. */
function stillHolds (seen: Verified, provider: Provider): boolean {
  return seen.provider === provider && seen.key.held && seen.until > Date.now() && seen.ring.usable()
}

function unverifiedIssuer (parts: TokenParts): string {
  return issuerOf(readPart(parts.payload, 'payload'))
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

function orThrow (outcome: Identity | AuthError): Identity {
  if (outcome instanceof AuthError) throw outcome
  return outcome
}

/** Continues at once with a value, later with a promise: a token seen before must not wait for the event loop. */
function andThen<Value, Result> (value: MaybePromise<Value>, next: (value: Value) => MaybePromise<Result>): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}
