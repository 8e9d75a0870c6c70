import type { SessionRecord } from '../../types/session.js'
import { LONGEST_AGE } from './cookie.js'
import type { CookieChange } from './cookie.js'
import type { Life, Lifetime } from './lifetime.js'
import { lifeOf } from './lifetime.js'
import type { Person, ProviderSession } from './marks.js'
import { recordOf } from './record.js'

/** A session that was alive when it was looked at. */
export interface Session {
  readonly record: SessionRecord
  readonly life: Life
}

/** What a request's cookies are. */
export interface Loaded {
  readonly session: Session | undefined
  /** Set-Cookie lines that remove ours, where they are no session. */
  readonly clear: readonly string[]
}

/** A session as it is now kept. */
export interface Kept {
  readonly session: Session
  /** Set-Cookie lines for the answer; none where the cookie stays as it is. */
  readonly cookies: readonly string[]
}

/** Changes what may change in a record: id and start stay. Called with the latest there is, perhaps another than was loaded. */
export type RecordChange = (record: SessionRecord) => SessionRecord

/**
 * Keeps sessions, in cookies or in a store. What needs the store rejects with `StoreUnavailableError` where it cannot
 * be reached: nobody then knows whether there is a session, and the answer is a 503.
 */
export interface SessionKeeper {
  readonly in: 'cookie' | 'store'

  /** The session of a Cookie header, alive and not ended. @throws StoreUnavailableError */
  load (header: string | undefined): Loaded | Promise<Loaded>

  /**
   * Begins a session, under an id that was never anybody's, and ends the one the browser had, where it shows it: to a
   * form another site posts (a callback by form_post) browsers attach no cookie of ours, and that session lives on.
   *
   * @throws CookieTooLargeError, StoreUnavailableError
   */
  start (record: SessionRecord, cookies: CookieChange): Promise<Kept>

  /**
   * Changes a session. Undefined: it is over, and does not come back.
   *
   * @throws TypeError where the changed record is none
   * @throws CookieTooLargeError, StoreUnavailableError
   */
  save (session: Session, change: RecordChange, cookies: CookieChange): Promise<Kept | undefined>

  /**
   * Writes down that a session was used, where that is due: `session.life.isTouchDue`. One that could not be
   * written down now is as it was.
   *
   * @returns Set-Cookie lines
   * @throws StoreUnavailableError
   */
  touch (session: Session, cookies: CookieChange): Promise<readonly string[]>

  /**
   * Ends a session for good: copies of its cookie are no session either.
   *
   * @returns Set-Cookie lines
   * @throws StoreUnavailableError
   */
  end (session: Session, cookies: CookieChange): Promise<readonly string[]>

  /** Set-Cookie lines that remove ours from a browser; what they were lives on. */
  clear (cookies: CookieChange): readonly string[]

  /** The session as it is now; undefined: it is over. @throws StoreUnavailableError */
  reread (session: Session): Promise<Session | undefined>

  /** Ends every session of a person. @throws StoreUnavailableError */
  deleteBySubject (person: Person): Promise<void>

  /** Ends every session that began in one of the provider's. @throws StoreUnavailableError */
  deleteBySid (session: ProviderSession): Promise<void>
}

/** Seconds since the epoch. */
export function nowInSeconds (): number {
  return Date.now() / 1000
}

/** The session of a record; undefined if its time is over. */
export function sessionOf (record: SessionRecord, lifetime: Lifetime): Session | undefined {
  const life = lifeOf(record, lifetime, nowInSeconds())
  return life.isAlive ? { record, life } : undefined
}

/** What a record is after a change: written down now, of the same id and start. @throws TypeError where that is no record */
export function changed (record: SessionRecord, change: RecordChange): SessionRecord {
  const { id, startedAt } = record
  return recordOf({ ...change(record), id, startedAt, touchedAt: nowInSeconds() })
}

/** Whole seconds for `Max-Age`. @param endsAt seconds since the epoch */
export function maxAgeOf (endsAt: number): number {
  return Math.min(Math.max(Math.ceil(endsAt - nowInSeconds()), 1), LONGEST_AGE)
}
