import type { GetJwks } from 'get-jwks'
import type { VerifyOptions } from './binding.js'
import type { Identity } from './identity.js'
import type { GroupPolicy } from './route.js'

/** A provider's keys as they are now. */
export interface ProviderHealth {
  readonly provider: string
  readonly issuer: string
  /**
   * `fresh`: keys in their age. `stale`: past it, the provider has not answered since, last good keys are in
   * use. `away`: no usable keys, tokens are answered 503. `idle`: nothing was asked for yet.
   */
  readonly state: 'fresh' | 'stale' | 'away' | 'idle'
  /** `kid` of each key held; keys without one are not listed. */
  readonly keys: readonly string[]
  /** Seconds since the keys were fetched; undefined if never. */
  readonly age: number | undefined
  /** Seconds until the next fetch in the background; undefined if none is planned. */
  readonly nextRefresh: number | undefined
  /** What the last fetch, or the last look at the discovery document, failed of; undefined if neither did. Never a provider's text. */
  readonly lastError: string | undefined
  /** Fetches of the key set since boot, and how many of them failed. */
  readonly fetches: number
  readonly failures: number
}

/** Counters since boot. */
export interface Stats {
  /** Requests and `verify()` calls answered with an identity. */
  readonly accepted: number
  /** Of those, how many from the cache. */
  readonly cached: number
  /** Refusals by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Tokens in the cache, and answers kept about other credentials, refusals included. */
  readonly cacheSize: number
}

/** One row of the guard table. */
export interface GuardedRoute {
  readonly method: string
  readonly url: string
  readonly auth: 'public' | 'optional' | 'required'
  /** What the route demands, in words: `scopes: read:messages`. */
  readonly demands: string
}

/** A Fastify instance, whatever server and type provider it was made with. */
export interface GuardedScope {
  readonly prefix: string
  readonly server: object
}

/** Web logins of a registration. */
export interface Sessions {
  /**
   * Logs a person out everywhere: every session that exists now is over at once, in every process that shares the
   * store, copies of its cookie included. Their access tokens live on until they expire.
   *
   * @throws TypeError where `fastify-gatehouse/login` is not registered
   * @throws StoreUnavailableError
   */
  deleteBySubject (person: { readonly issuer: string, readonly subject: string }): Promise<void>
}

/** `app.gatehouse`. */
export interface Gatehouse {
  /**
   * Verifies an access token, or a provider's API key, that did not come with a request: a queue's message, a
   * WebSocket's first one. Policies are not applied: look at the identity. A token bound to its sender (`cnf`) is refused
   * without what it is bound to, and a proof is taken once.
   *
   * @throws InvalidTokenError for a bad token, or one of another sender
   * @throws InvalidDpopProofError, DpopNonceRequiredError for a bad proof
   * @throws TypeError for options that are none
   * @throws TooManyRequestsError, UnavailableError where it cannot be judged now
   */
  verify (token: string, options?: VerifyOptions): Promise<Identity>
  /**
   * Fetches what is missing and resolves once every configured provider has usable keys.
   * Providers of a resolver are not known before a token of theirs came, and are not waited for.
   *
   * @throws UnavailableError where one cannot be had now; call again later
   */
  ready (): Promise<void>
  /** Per provider: keys, their age, last error. Makes no call. */
  health (): ProviderHealth[]
  stats (): Stats
  readonly sessions: Sessions
  /** The guard table: routes seen so far, in the order they were declared. */
  routes (): GuardedRoute[]
  /**
   * Sets what every later route of a scope, and of the scopes inside it, demands. A route's own config adds
   * to it; only a written `auth: false` removes it.
   *
   * @throws TypeError for a wrong policy, or a scope this registration does not guard
   */
  group (scope: GuardedScope, policy: GroupPolicy): void
  /**
   * A get-jwks instance that answers from the key rings: for code that speaks get-jwks. It fetches only
   * through the rings, and only for the issuers of this registration's configured providers: not for those that stand for
   * many issuers (Tesseral, Entra with `tenants: 'any'`).
   */
  readonly jwks: GetJwks
}
