import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { SessionRecord, SessionTokens } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import { StoreUnavailableError } from '../store/unavailable.js'
import { endOfAll, raceDeadline } from '../token/deadline.js'
import type { RecordChange, Session, SessionKeeper } from './keeper.js'
import { nowInSeconds } from './keeper.js'
import { LEASE, pause, takeLease } from './lease.js'
import { isRefreshDue, isUsable, thatEnded } from './refresh-time.js'
import { KEPT, RefreshedTokens, withTokens } from './refreshed.js'
import type { Sealer } from './seal.js'

/** What the provider gave for a refresh token. What is left out stays as it was, the end of the access token excepted. */
export type NewTokens = Omit<SessionTokens, 'idToken' | 'accessToken' | 'accessTokenSince'> & {
  readonly accessToken: string
  readonly idToken?: string | undefined
}

/**
 * Asks the provider; throws where it cannot be asked now. The record is the one the token is of: what an ID token says
 * is to be compared with it.
 */
export type Refresh = (refreshToken: string, signal: AbortSignal, record: SessionRecord) => Promise<NewTokens | 'invalid_grant'>

/** What refreshing needs. */
export interface RefreshParts {
  readonly keeper: SessionKeeper
  readonly store: Store
  /** Of the purpose `refresh`. */
  readonly sealer: Sealer
  readonly refresh: Refresh
  /** Told of a refresh token that came when its session was over: nobody uses it, and it lives on at the provider. */
  readonly revoke?: ((refreshToken: string, record: SessionRecord) => void) | undefined
  /** Milliseconds until the lease of a process that died is another's. Default 5,000. */
  readonly lease?: number | undefined
}

/** What one attempt is about. */
export interface Departure {
  /** Of this session and refresh token. */
  readonly key: string
  readonly session: Session
  /** An access token that was found to have ended, whatever is written of its end. */
  readonly ended?: string | undefined
}

/** How one attempt ended. */
export type Landing =
  /** There may be new tokens, in `session`, or where that is not kept by us, for `change` to put into the caller's. */
  | { readonly kind: 'landed', readonly change: RecordChange, readonly session: Session | undefined }
  /** Another process is at it, and the token can be used meanwhile. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'later', readonly cause: unknown }

interface Answered {
  readonly session: Session
  /** The refresh token that was shown. */
  readonly shown: string
  readonly change: RecordChange
  readonly outcome: SessionRecord
}

/** Milliseconds the provider has. Nobody waits for so long, but an answer that comes is not lost. */
const CALL = 30_000
/** Milliseconds between two attempts to write down what the provider answered. */
const AGAIN = 500
const MOST_UNSAVED = 10_000
const ENDED: Landing = { kind: 'ended' }

/**
 * Refreshes of sessions: one at a time for each session, among all processes, by a lease. Once the provider
 * answered, the outcome is written down before it is used, and tried again until it is.
 */
export class RefreshFlights {
  readonly #parts: RefreshParts
  readonly #lease: number
  readonly #refreshed: RefreshedTokens
  readonly #closing = endOfAll()
  readonly #underWay = new Map<string, Promise<Landing>>()
  readonly #unsaved = new LRUCache<string, Answered>({ max: MOST_UNSAVED, ttl: KEPT })

  constructor (parts: RefreshParts) {
    this.#parts = parts
    this.#lease = parts.lease ?? LEASE
    this.#refreshed = new RefreshedTokens(parts.store, parts.sealer)
  }

  /** The attempt under way of this session and refresh token. */
  get (key: string): Promise<Landing> | undefined {
    return this.#underWay.get(key)
  }

  start (departure: Departure): Promise<Landing> {
    const { key } = departure
    const flight = this.#fly(departure).catch(laterIfAway).finally(() => { this.#underWay.delete(key) })
    this.#underWay.set(key, flight)
    // Whoever waited may have given up.
    flight.catch(() => {})
    return flight
  }

  /** Ends what is under way, once it has had the time to end by itself. */
  async close (patience: number): Promise<void> {
    const timer = setTimeout(() => { this.#closing.abort() }, patience)
    await Promise.allSettled(this.#underWay.values())
    clearTimeout(timer)
    this.#closing.abort()
  }

  async #fly (departure: Departure): Promise<Landing> {
    const { key, session } = departure
    const answered = this.#unsaved.get(key)
    if (answered !== undefined) return this.#settle(key, answered)
    const end = performance.now() + 2 * this.#lease
    do {
      const lease = await takeLease(this.#parts.store, leaseOf(session), this.#lease)
      if (lease !== undefined) return await this.#lead(departure).finally(() => lease.release())
      if (isUsable(session.record, nowInSeconds())) return { kind: 'busy' }
      await pause()
      const outcome = await this.#outcomeOfOthers(departure)
      if (outcome !== undefined) return outcome
    } while (performance.now() < end)
    return { kind: 'later', cause: new Error('another process refreshes for too long') }
  }

  /** What there is by others' work, for a process that has to wait for it. */
  async #outcomeOfOthers (departure: Departure): Promise<Landing | undefined> {
    const tokens = await this.#tokensNow(departure)
    if (tokens === undefined) return ENDED
    return isRefreshDue(tokens.latest, nowInSeconds()) ? undefined : this.#land(departure.session, tokens.change)
  }

  /** Of all processes, this one refreshes. */
  async #lead (departure: Departure): Promise<Landing> {
    const { key, session } = departure
    const tokens = await this.#tokensNow(departure)
    if (tokens === undefined) return ENDED
    const { written, latest } = tokens
    const shown = latest.refreshToken
    if (shown === undefined || !isRefreshDue(latest, nowInSeconds())) return this.#land(session, tokens.change)
    const answer = await this.#ask(shown, latest)
    if ('cause' in answer) return { kind: 'later', cause: answer.cause }
    if ('isInvalidGrant' in answer) return this.#giveUp(departure, shown)
    const outcome = withTokens(latest, { ...latest, ...defined(answer.tokens), accessTokenSince: nowInSeconds(), accessTokenExpiresAt: answer.tokens.accessTokenExpiresAt })
    return this.#settle(key, { session, shown, outcome, change: adopting(outcome, written, latest) })
  }

  /** Unless somebody else has shown the token before: a process whose lease ended too early. */
  async #giveUp (departure: Departure, shown: string): Promise<Landing> {
    const { session } = departure
    const tokens = await this.#tokensNow(departure)
    if (tokens === undefined) return ENDED
    const { written, latest, change } = tokens
    if (!isRefreshDue(latest, nowInSeconds())) return this.#land(session, change)
    if (latest.refreshToken !== shown) return { kind: 'later', cause: new Error('the refresh token was replaced meanwhile') }
    return this.#land(session, adopting({ ...latest, refreshToken: undefined }, written, latest))
  }

  async #tokensNow ({ session, ended }: Departure): Promise<{ written: SessionRecord, latest: SessionRecord, change: RecordChange } | undefined> {
    const current = await this.#parts.keeper.reread(session)
    if (current === undefined) return undefined
    const written = current.record
    const now = nowInSeconds()
    const latest = thatEnded(await this.#refreshed.latestOf(thatEnded(written, ended, now)), ended, now)
    return { written, latest, change: adopting(latest, written, latest) }
  }

  async #ask (shown: string, record: SessionRecord): Promise<{ tokens: NewTokens } | { isInvalidGrant: true } | { cause: unknown }> {
    try {
      const answer = await raceDeadline(CALL, this.#closing.signal, (signal) => this.#parts.refresh(shown, signal, record))
      return answer === 'invalid_grant' ? { isInvalidGrant: true } : { tokens: answer }
    } catch (cause) {
      return { cause }
    }
  }

  /** Writes down what the provider answered: first where whoever carries the old token looks, then in the session. */
  async #settle (key: string, answered: Answered): Promise<Landing> {
    try {
      await this.#refreshed.keep(answered.shown, answered.outcome)
      const isOver = await this.#parts.keeper.reread(answered.session) === undefined
      const landing = isOver ? ENDED : await this.#land(answered.session, answered.change)
      this.#unsaved.delete(key)
      if (landing.kind === 'ended') this.#revoke(answered)
      return landing
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      if (!this.#unsaved.has(key)) {
        this.#unsaved.set(key, answered)
        this.#settleLater(key)
      }
      // A cookie is a place to keep it, too.
      if (this.#parts.keeper.in === 'cookie') return { kind: 'landed', change: answered.change, session: undefined }
      throw error
    }
  }

  /** The logout revoked the token it knew. */
  #revoke ({ shown, outcome }: Answered): void {
    if (outcome.refreshToken !== undefined && outcome.refreshToken !== shown) this.#parts.revoke?.(outcome.refreshToken, outcome)
  }

  #settleLater (key: string): void {
    setTimeout(() => {
      const answered = this.#unsaved.get(key)
      if (answered === undefined || this.#closing.signal.aborted) return
      this.#settle(key, answered).catch(() => {}).finally(() => { this.#settleLater(key) })
    }, AGAIN).unref()
  }

  /** Where the store keeps the session, it is written here; into cookies each request writes its own. */
  async #land (session: Session, change: RecordChange): Promise<Landing> {
    const { keeper } = this.#parts
    if (keeper.in === 'cookie') return { kind: 'landed', change, session: undefined }
    const kept = await keeper.save(session, change, { header: undefined })
    return kept === undefined ? ENDED : { kind: 'landed', change, session: kept.session }
  }
}

/** Puts tokens in place of those they follow. A record with others was refreshed by somebody else since. */
function adopting (tokens: SessionTokens, ...followed: SessionTokens[]): RecordChange {
  return (record) => followed.some(({ refreshToken }) => refreshToken === record.refreshToken) ? withTokens(record, tokens) : record
}

function defined (tokens: NewTokens): Partial<SessionTokens> {
  return Object.fromEntries(Object.entries(tokens).filter(([, value]) => value !== undefined))
}

function laterIfAway (error: unknown): Landing {
  if (error instanceof StoreUnavailableError) return { kind: 'later', cause: error }
  throw error
}

function leaseOf ({ record }: Session): string {
  return `refreshing:${hash('sha256', record.id, 'base64url')}`
}
