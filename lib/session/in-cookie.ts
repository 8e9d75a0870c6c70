import { LRUCache } from 'lru-cache'
import type { SessionRecord } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import type { Cookie } from './cookie-attributes.js'
import { clearCookie, readCookie, writeCookie } from './cookie.js'
import type { CookieChange } from './cookie.js'
import { CookieTooLargeError } from './errors.js'
import { changed, maxAgeOf, nowInSeconds, sessionOf } from './keeper.js'
import type { Kept, Loaded, RecordChange, Session, SessionKeeper } from './keeper.js'
import { lifeOf } from './lifetime.js'
import type { Lifetime } from './lifetime.js'
import { Marks } from './marks.js'
import type { Person, ProviderSession } from './marks.js'
import { newSessionId, recordOf, writeRecord } from './record.js'
import { isNearExpiry } from './refresh-time.js'
import type { Sealer } from './seal.js'
import { SealedRecords } from './sealed-records.js'

/** What sessions in cookies need. */
export interface InCookie {
  readonly cookie: Cookie
  /** Of the purpose `session`. */
  readonly sealer: Sealer
  /** For logouts. */
  readonly store: Store
  readonly lifetime: Lifetime
}

const NONE: readonly string[] = Object.freeze([])
/** Sessions whose last write is remembered, and for how many seconds. */
const MOST_WRITTEN = 10_000
const WRITTEN = 10

/**
 * Sessions in the cookie itself, sealed. A cookie seen lately is not opened again, but time and logouts are looked
 * at on every request.
 *
 * Of two requests at once that change a session, the browser keeps the answer that comes last. A cookie copied
 * before a change is the session as it was, for as long as that would have lived.
 */
export function keepInCookie (parts: InCookie): SessionKeeper {
  return new CookieKeeper(parts)
}

class CookieKeeper implements SessionKeeper {
  readonly in = 'cookie'
  readonly #cookie: Cookie
  readonly #lifetime: Lifetime
  readonly #records: SealedRecords
  readonly #marks: Marks
  /** By id, when a session was last written by this process: seconds since the epoch. */
  readonly #written = new LRUCache<string, number>({ max: MOST_WRITTEN })

  constructor ({ cookie, sealer, store, lifetime }: InCookie) {
    this.#cookie = cookie
    this.#lifetime = lifetime
    this.#records = new SealedRecords(sealer)
    this.#marks = new Marks(store, lifetime.absolute)
  }

  load (header: string | undefined): Loaded | Promise<Loaded> {
    const value = readCookie(this.#cookie, header)
    if (value === undefined) return this.#none(header)
    const record = this.#records.open(this.#cookie.name, value)
    return record instanceof Promise ? record.then((opened) => this.#judge(opened, header)) : this.#judge(record, header)
  }

  async start (record: SessionRecord, cookies: CookieChange): Promise<Kept> {
    const fresh = recordOf({ ...record, id: newSessionId(), outlived: undefined })
    const former = (await this.load(cookies.header)).session?.record
    // One of the same session at the provider will end with the new one: a mark now would say nothing else.
    if (former !== undefined && !this.#marks.endTogether(former, fresh)) await this.#marks.end(former)
    const outlived = await this.#marks.knownTo(fresh)
    return this.#keep(outlived.length === 0 ? fresh : recordOf({ ...fresh, outlived }), cookies)
  }

  async save ({ record }: Session, change: RecordChange, cookies: CookieChange): Promise<Kept | undefined> {
    if (sessionOf(record, this.#lifetime) === undefined || await this.#isKnownToBeEnded(record)) return undefined
    return this.#keep(changed(record, change), cookies)
  }

  async touch (session: Session, cookies: CookieChange): Promise<readonly string[]> {
    const { record, life } = session
    // Whoever refreshes writes it down as well. This answer may come after that one, and must not bring the old tokens back.
    if (!life.isTouchDue || this.#wasJustWritten(record) || (isNearExpiry(record, nowInSeconds()) && life.endsAt > record.accessTokenExpiresAt!)) return NONE
    return (await this.save(session, (record) => record, cookies))?.cookies ?? NONE
  }

  async end ({ record }: Session, cookies: CookieChange): Promise<readonly string[]> {
    await this.#marks.end(record)
    return this.clear(cookies)
  }

  clear (cookies: CookieChange): readonly string[] {
    return clearCookie(this.#cookie, cookies)
  }

  async reread ({ record }: Session): Promise<Session | undefined> {
    return await this.#marks.isEnded(record) ? undefined : sessionOf(record, this.#lifetime)
  }

  async deleteBySubject (person: Person): Promise<void> {
    await this.#marks.endBySubject(person)
  }

  async deleteBySid (session: ProviderSession): Promise<void> {
    await this.#marks.endBySid(session)
  }

  #judge (record: SessionRecord | undefined, header: string | undefined): Loaded | Promise<Loaded> {
    const session = record === undefined ? undefined : sessionOf(record, this.#lifetime)
    if (session === undefined) return this.#none(header)
    const isEnded = this.#marks.isEnded(session.record)
    if (isEnded instanceof Promise) return isEnded.then((isEnded) => isEnded ? this.#none(header) : { session, clear: NONE })
    return isEnded ? this.#none(header) : { session, clear: NONE }
  }

  #none (header: string | undefined): Loaded {
    return { session: undefined, clear: clearCookie(this.#cookie, { header }) }
  }

  /** Where the store cannot say, the cookie is written all the same: the next request asks again, and new tokens are not lost. */
  async #isKnownToBeEnded (record: SessionRecord): Promise<boolean> {
    return Promise.resolve(this.#marks.isEnded(record)).catch(() => false)
  }

  /** Another request did, whose answer may have come already: this one's must not take back what that one changed. */
  #wasJustWritten ({ id, touchedAt }: SessionRecord): boolean {
    const writtenAt = this.#written.get(id) ?? 0
    return writtenAt > touchedAt && nowInSeconds() < writtenAt + WRITTEN
  }

  async #keep (record: SessionRecord, change: CookieChange): Promise<Kept> {
    const life = lifeOf(record, this.#lifetime, nowInSeconds())
    // What a sealed text says is in base64.
    const least = Math.ceil(writeRecord(record).length * 4 / 3)
    if (least > this.#cookie.budget) throw new CookieTooLargeError(this.#cookie, least)
    const sealed = await this.#records.seal(this.#cookie.name, record)
    const cookies = writeCookie(this.#cookie, sealed, change, maxAgeOf(life.endsAt))
    this.#written.set(record.id, record.touchedAt)
    return { session: { record, life }, cookies }
  }
}
