import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { StoreUnavailableError } from '../store/unavailable.js'
import type { CookieChange } from './cookie.js'
import { nowInSeconds } from './keeper.js'
import type { Kept, Session } from './keeper.js'
import { RefreshFlights } from './refresh-flights.js'
import type { Departure, Landing, RefreshParts } from './refresh-flights.js'
import { isRefreshDue, isUsable, thatEnded } from './refresh-time.js'

/** What there is to say about a session's access token. */
export type Refreshed =
  /** It can be used: `session.record.accessToken`. */
  | { readonly outcome: 'usable', readonly session: Session, readonly cookies: readonly string[] }
  /** There is none, and none will be without another login. The session lives on. */
  | { readonly outcome: 'refused', readonly session: Session, readonly cookies: readonly string[] }
  /** Somebody logged out meanwhile. */
  | { readonly outcome: 'ended', readonly cookies: readonly string[] }
  /** It ended, and provider or store cannot be reached: a 503. The cause is not for callers. */
  | { readonly outcome: 'later', readonly cause: unknown }

/** Milliseconds a request waits. */
const PATIENCE = 10_000
/** Milliseconds in which the provider is not asked again for a session, after it could not be reached or refused. */
const AWAY = 5_000
const REFUSED = 60_000
const MOST_PAUSES = 10_000
/** Milliseconds closing waits for answers: a refresh token the provider replaced meanwhile would be lost. */
const CLOSING = 5_000

/**
 * Access tokens of sessions, refreshed a minute before they end, or when they have ended. Requests of one session
 * share one refresh, in this process and in all others; those whose token can still be used do not wait for it.
 *
 * A refresh token is shown to the provider once: what it answered is in the store before it is used, and whoever
 * still carries the old token takes what came of it. An outage of provider or store ends no session.
 */
export class AccessTokens {
  readonly #parts: RefreshParts
  readonly #flights: RefreshFlights
  readonly #pauses = new LRUCache<string, Landing>({ max: MOST_PAUSES })

  constructor (parts: RefreshParts) {
    this.#parts = parts
    this.#flights = new RefreshFlights(parts)
  }

  /**
   * A session with an access token that can be used, refreshed if it is time. The lines of `cookies` belong into the
   * answer, whatever else it is.
   *
   * @param ended an access token that was found to have ended, whatever is written of its end
   * @throws CookieTooLargeError where the new tokens do not fit
   */
  async of (given: Session, cookies: CookieChange, ended?: string): Promise<Refreshed> {
    const session = { ...given, record: thatEnded(given.record, ended, nowInSeconds()) }
    const { record } = session
    if (record.refreshToken === undefined || !isRefreshDue(record, nowInSeconds())) return settled({ session, cookies: [] })
    // The session is part of the key: what comes of a refresh is for nobody else.
    const key = hash('sha256', `${record.id}\n${record.refreshToken}`, 'base64')
    for (;;) {
      const landing = await this.#landing({ key, session, ended })
      if (landing.kind === 'landed') return this.#conclude(landing, session, cookies)
      if (landing.kind === 'ended') return { outcome: 'ended', cookies: this.#parts.keeper.clear(cookies) }
      if (isUsable(record, nowInSeconds())) return settled({ session, cookies: [] })
      if (landing.kind === 'later') return { outcome: 'later', cause: landing.cause }
    }
  }

  /** Waits a little for answers of the provider that are under way. */
  close (): Promise<void> {
    return this.#flights.close(CLOSING)
  }

  async #landing (departure: Departure): Promise<Landing> {
    const { key, session } = departure
    const paused = this.#pauses.get(key)
    if (paused !== undefined) return paused
    const underWay = this.#flights.get(key)
    if (underWay !== undefined && isUsable(session.record, nowInSeconds())) return { kind: 'busy' }
    return inTime(underWay ?? this.#depart(departure))
  }

  async #depart (departure: Departure): Promise<Landing> {
    const { key, session } = departure
    const landing = await this.#flights.start(departure)
    if (landing.kind === 'later' && !(landing.cause instanceof StoreUnavailableError)) this.#pauses.set(key, landing, { ttl: AWAY })
    if (landing.kind === 'landed' && landing.change(session.record).refreshToken === undefined) this.#pauses.set(key, landing, { ttl: REFUSED })
    return landing
  }

  async #conclude ({ change, session: saved }: Landing & { kind: 'landed' }, session: Session, cookies: CookieChange): Promise<Refreshed> {
    const { keeper } = this.#parts
    const kept = saved === undefined ? await keeper.save(session, change, cookies) : { session: saved, cookies: [] }
    return kept === undefined ? { outcome: 'ended', cookies: keeper.clear(cookies) } : settled(kept)
  }
}

function settled (kept: Kept): Refreshed {
  return { outcome: isUsable(kept.session.record, nowInSeconds()) ? 'usable' : 'refused', ...kept }
}

async function inTime (flight: Promise<Landing>): Promise<Landing> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Landing>((resolve) => {
    timer = setTimeout(() => { resolve({ kind: 'later', cause: new Error('the access token could not be refreshed in time') }) }, PATIENCE)
  })
  return Promise.race([flight, late]).finally(() => { clearTimeout(timer) })
}
