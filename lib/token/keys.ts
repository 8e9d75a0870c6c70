import type { FastifyBaseLogger } from 'fastify'
import type { ProviderHealth } from '../../types/gatehouse.js'
import type { Provider } from '../../types/provider.js'
import { UnavailableError } from '../errors.js'
import { withDeadline } from './deadline.js'
import { FetchFailure } from './fetch-json.js'
import { HeldKeys } from './held-keys.js'
import type { KeyChoice, RingKey } from './held-keys.js'
import type { FetchedKeySet, KeySource } from './key-source.js'
import { MissingKeys } from './missing-keys.js'
import type { Project } from './project.js'
import { ageOf, AHEAD, backoffAfter, COOLDOWN, DEADLINE, STALE } from './timing.js'

/**
 * A provider's signing keys and all that keeps them fresh.
 *
 * - At most one fetch is under way.
 * - A look-up of a known key never waits, and last good keys serve on while the provider is away, for at most an
 *   hour past their age. After that, and where no keys are held, tokens are answered 503.
 * - Unknown key ids cause at most one fetch in 30 s, whatever their number; one that stays unknown causes ever
 *   fewer, down to one in two minutes.
 * - Where the provider says when to come back, nothing is fetched before.
 * - Timers never keep the process alive; `close` ends them and the fetch under way.
 */
export class KeyRing {
  readonly #load: KeySource
  readonly #provider: Provider
  readonly #held: HeldKeys
  readonly #missing = new MissingKeys()
  readonly #log: FastifyBaseLogger
  readonly #closing = new AbortController()
  #underWay: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #missTimer: NodeJS.Timeout | undefined
  #fetchedAt: number | undefined
  #age = 0
  #dueAt = Infinity
  #usableUntil = 0
  #missAllowedAt = 0
  #fetches = 0
  #failures = 0
  #failuresInRow = 0
  #lastError: string | undefined
  #isRefused = false
  #project: Project | undefined

  /** @param tolerance seconds by which clocks may differ */
  constructor (provider: Provider, load: KeySource, tolerance: number, log: FastifyBaseLogger) {
    this.#provider = provider
    this.#load = load
    this.#held = new HeldKeys(tolerance)
    this.#log = log
  }

  get keys (): readonly RingKey[] {
    return this.#held.list
  }

  /** The project whose keys these are, where the provider's configuration names one; undefined until it was fetched. */
  get project (): Project | undefined {
    return this.#project
  }

  /** Whether the last fetch found a server that has no such document: the configuration is wrong, not the network. */
  get isRefused (): boolean {
    return this.#isRefused
  }

  /** Whether keys are held that may still be used. Asked on every request: it also starts a refresh that is due. */
  usable (): boolean {
    const now = performance.now()
    // The timer does this; a process that slept (a laptop, a paused container) has missed it.
    if (now >= this.#dueAt && this.#underWay === undefined) this.refresh()
    return now < this.#usableUntil
  }

  /** The held key for a token. Never waits, never fetches. */
  find (choice: KeyChoice): RingKey | undefined {
    return this.#held.find(choice)
  }

  /**
   * The key for a token whose key is not held, after asking the provider where that is allowed now. Call it only
   * for tokens whose issuer, audience, algorithm and times fit: each call may cause a fetch.
   *
   * @param guess a key `find` gave that turned out to be another one
   * @returns undefined where the provider has no such key, or none but the guess
   * @throws UnavailableError where the provider's keys cannot be had now
   */
  async obtain (choice: KeyChoice, guess?: RingKey): Promise<RingKey | undefined> {
    const find = () => {
      const key = this.find(choice)
      return key === guess ? undefined : key
    }
    if (!this.usable()) {
      await this.ready()
      return find()
    }
    if (this.#underWay !== undefined) {
      await this.#underWay
      const found = find()
      if (found !== undefined) return found
      if (this.#failuresInRow > 0) throw this.unavailable()
    }
    if (this.#retryIn() > 0) throw this.unavailable()
    if (this.#age === Infinity || !this.#missing.mayAsk(choice.kid)) return undefined
    if (performance.now() >= this.#missAllowedAt) {
      this.#missAllowedAt = performance.now() + COOLDOWN
      await this.refresh()
      // Nobody said that there is no such key.
      if (this.#failuresInRow > 0 && choice.kid !== undefined) this.#missing.forget(choice.kid)
    } else {
      this.#fetchAfterCooldown()
    }
    const found = find()
    if (found === undefined && (this.#failuresInRow > 0 || this.#closing.signal.aborted)) throw this.unavailable()
    return found
  }

  /**
   * Resolves once keys are held that may be used, after a fetch where one is allowed now.
   *
   * @throws UnavailableError where they cannot be had now
   */
  async ready (): Promise<void> {
    if (this.usable()) return
    if (this.#underWay === undefined && this.#retryIn() > 0) throw this.unavailable()
    await this.refresh()
    if (!this.usable()) throw this.unavailable()
  }

  /** Fetches the key set, or joins the fetch under way. Never rejects: `health` says how it went. */
  refresh (): Promise<void> {
    this.#underWay ??= this.#fetch().finally(() => { this.#underWay = undefined })
    return this.#underWay
  }

  health (): ProviderHealth {
    const now = performance.now()
    const age = this.#fetchedAt === undefined ? undefined : now - this.#fetchedAt
    return {
      provider: this.#provider.name,
      issuer: this.#provider.issuer,
      state: this.#state(now),
      keys: this.keys.flatMap((key) => key.kid ?? []),
      age: seconds(age),
      nextRefresh: this.#dueAt === Infinity ? undefined : seconds(Math.max(0, this.#dueAt - now)),
      lastError: this.#lastError,
      fetches: this.#fetches,
      failures: this.#failures
    }
  }

  #state (now: number): ProviderHealth['state'] {
    if (this.#fetchedAt === undefined) return this.#lastError === undefined ? 'idle' : 'away'
    if (now < this.#fetchedAt + this.#age) return 'fresh'
    return now < this.#usableUntil ? 'stale' : 'away'
  }

  /** Closes once the fetch under way is through: requests may wait for it. */
  async retire (): Promise<void> {
    await this.#underWay
    await this.close()
  }

  async close (): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    clearTimeout(this.#missTimer)
    await this.#underWay
    await this.#held.close()
  }

  async #fetch (): Promise<void> {
    this.#fetches++
    clearTimeout(this.#missTimer)
    this.#missTimer = undefined
    try {
      await this.#accept(await withDeadline(DEADLINE, this.#closing.signal, this.#load))
    } catch (error) {
      this.#noteFailure(error)
    }
    if (!this.#closing.signal.aborted) this.#plan()
  }

  async #accept ({ keys, dropped, maxAge, trouble, project }: FetchedKeySet): Promise<void> {
    await this.#held.replace(keys)
    this.#project = project
    this.#isRefused = false
    for (const { kid } of keys) if (kid !== undefined) this.#missing.forget(kid)
    if (dropped.length > 0) this.#log.warn({ provider: this.#provider.name, dropped }, 'keys of the provider left out')
    if (trouble !== undefined) this.#log.warn({ provider: this.#provider.name, reason: trouble }, 'the key set is fetched from the address known: its discovery document cannot be read')
    if (this.#failuresInRow > 0) this.#log.info({ provider: this.#provider.name }, 'keys of the provider are here again')
    this.#failuresInRow = 0
    this.#lastError = trouble
    this.#fetchedAt = performance.now()
    this.#age = ageOf(maxAge)
    this.#dueAt = this.#fetchedAt + this.#age - AHEAD
    this.#usableUntil = this.#fetchedAt + this.#age + STALE
  }

  #noteFailure (error: unknown): void {
    if (this.#closing.signal.aborted) return
    this.#failures++
    this.#failuresInRow++
    this.#isRefused = error instanceof FetchFailure && error.isRefusal
    this.#lastError = error instanceof FetchFailure ? error.message : 'the key set could not be read'
    const retryAfter = error instanceof FetchFailure ? error.retryAfter : undefined
    this.#dueAt = performance.now() + backoffAfter(this.#failuresInRow, retryAfter)
    this.#log.warn({ provider: this.#provider.name, reason: this.#lastError, heldKeys: this.keys.length }, 'keys of the provider cannot be fetched')
  }

  /** Fetches when it is time, whether requests come or not. */
  #plan (): void {
    clearTimeout(this.#timer)
    if (this.#dueAt !== Infinity) this.#timer = setTimeout(() => { this.refresh() }, this.#dueAt - performance.now()).unref()
  }

  #fetchAfterCooldown (): void {
    this.#missTimer ??= setTimeout(() => {
      this.#missAllowedAt = performance.now() + COOLDOWN
      this.refresh()
    }, this.#missAllowedAt - performance.now()).unref()
  }

  /** Milliseconds until a failed fetch may be tried again; 0 or less: now. */
  #retryIn (): number {
    return this.#failuresInRow === 0 ? 0 : this.#dueAt - performance.now()
  }

  /** The answer to a token that cannot be judged now. */
  unavailable (): UnavailableError {
    const hint = this.#lastError ?? 'no keys were fetched yet'
    return new UnavailableError({ reason: 'keys_unavailable', provider: this.#provider.name, hint }, Math.round(this.#retryIn()) / 1000)
  }
}

function seconds (milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds / 1000)
}
