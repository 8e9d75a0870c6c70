import { hash } from 'node:crypto'
import type { SessionRecord } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import type { Cookie } from './cookie-attributes.js'
import { clearCookie, readCookie, writeCookie } from './cookie.js'
import type { CookieChange } from './cookie.js'
import { changed, maxAgeOf, nowInSeconds, sessionOf } from './keeper.js'
import type { Kept, Loaded, RecordChange, Session, SessionKeeper } from './keeper.js'
import { Turns } from './lease.js'
import { lifeOf } from './lifetime.js'
import type { Life, Lifetime } from './lifetime.js'
import type { Person, ProviderSession } from './marks.js'
import { isSessionId, newSessionId, recordOf } from './record.js'
import type { Sealer } from './seal.js'
import { SealedRecords } from './sealed-records.js'

/** What sessions in a store need. */
export interface InStore {
  readonly cookie: Cookie
  /** Of the purpose `stored-session`. */
  readonly sealer: Sealer
  readonly store: Store
  readonly lifetime: Lifetime
}

/** Milliseconds a writer waits for others: longer than the lease of a process that died in the middle. */
const PATIENCE = 7_500
const NONE: readonly string[] = Object.freeze([])

/**
 * Sessions in a store, sealed; the cookie holds the id alone. It is not sealed: nobody guesses 256 bits, and
 * opening it would cost more than it says. The store knows its hash: whoever reads the store can neither act as
 * anybody nor read anything, and whoever writes it cannot put one session in another's place.
 *
 * A request reads the store once; a session that was deleted is over for every process at once, and no late write
 * brings it back. Writers take turns, each on what the one before wrote, so none undoes another's change.
 */
export function keepInStore (parts: InStore): SessionKeeper {
  return new StoreKeeper(parts)
}

class StoreKeeper implements SessionKeeper {
  readonly in = 'store'
  readonly #cookie: Cookie
  readonly #store: Store
  readonly #lifetime: Lifetime
  readonly #records: SealedRecords
  readonly #turns: Turns
  /** Ids of sessions this process is touching: of many requests at once, one writes. */
  readonly #touching = new Set<string>()

  constructor ({ cookie, sealer, store, lifetime }: InStore) {
    this.#cookie = cookie
    this.#store = store
    this.#lifetime = lifetime
    this.#records = new SealedRecords(sealer)
    this.#turns = new Turns(store)
  }

  async load (header: string | undefined): Promise<Loaded> {
    const id = readCookie(this.#cookie, header)
    const session = id === undefined || !isSessionId(id) ? undefined : await this.#read(id)
    return { session, clear: session === undefined ? this.clear({ header }) : NONE }
  }

  async start (given: SessionRecord, cookies: CookieChange): Promise<Kept> {
    const former = readCookie(this.#cookie, cookies.header)
    const record = recordOf({ ...given, id: newSessionId(), outlived: undefined })
    const { id, issuer, subject, sid, startedAt } = record
    const life = lifeOf(record, this.#lifetime, nowInSeconds())
    const indexes = [indexOf('subject', issuer, subject), ...sid === undefined ? [] : [indexOf('sid', issuer, sid)]]
    const key = keyOf(id)
    await this.#store.set(key, await this.#records.seal(key, record), ttlOf(life), { indexes })
    if (former !== undefined && isSessionId(former)) await this.#store.delete(keyOf(former))
    // The cookie lasts as long as the session may: that it was used is for the store to know, and for no answer to say.
    const end = Math.min(startedAt + this.#lifetime.absolute, record.ceiling ?? Infinity)
    return { session: { record, life }, cookies: writeCookie(this.#cookie, id, cookies, maxAgeOf(end)) }
  }

  async save ({ record }: Session, change: RecordChange): Promise<Kept | undefined> {
    const session = await this.#write(record.id, change)
    return session === undefined ? undefined : { session, cookies: NONE }
  }

  async touch ({ record, life }: Session): Promise<readonly string[]> {
    const { id } = record
    if (!life.isTouchDue || this.#touching.has(id)) return NONE
    this.#touching.add(id)
    await this.#write(id, (latest) => latest, (latest) => latest.life.isTouchDue).finally(() => { this.#touching.delete(id) })
    return NONE
  }

  async end ({ record }: Session, cookies: CookieChange): Promise<readonly string[]> {
    await this.#store.delete(keyOf(record.id))
    return this.clear(cookies)
  }

  clear (cookies: CookieChange): readonly string[] {
    return clearCookie(this.#cookie, cookies)
  }

  async reread ({ record }: Session): Promise<Session | undefined> {
    return this.#read(record.id)
  }

  async deleteBySubject ({ issuer, subject }: Person): Promise<void> {
    await this.#store.deleteByIndex(indexOf('subject', issuer, subject))
  }

  async deleteBySid ({ issuer, sid }: ProviderSession): Promise<void> {
    await this.#store.deleteByIndex(indexOf('sid', issuer, sid))
  }

  /** @param isWanted asked of the session as it is when its turn comes */
  async #write (id: string, change: RecordChange, isWanted: (latest: Session) => boolean = () => true): Promise<Session | undefined> {
    const key = keyOf(id)
    return this.#turns.take(`${key}:write`, async () => {
      const latest = await this.#read(id)
      if (latest === undefined || !isWanted(latest)) return latest
      const record = changed(latest.record, change)
      const life = lifeOf(record, this.#lifetime, nowInSeconds())
      const isThere = await this.#store.set(key, await this.#records.seal(key, record), ttlOf(life), { onlyIfPresent: true })
      return isThere ? { record, life } : undefined
    }, PATIENCE)
  }

  async #read (id: string): Promise<Session | undefined> {
    const key = keyOf(id)
    const sealed = await this.#store.get(key)
    const record = sealed === undefined ? undefined : await this.#records.open(key, sealed)
    return record === undefined ? undefined : sessionOf(record, this.#lifetime)
  }
}

function keyOf (id: string): string {
  return `session:${hash('sha256', id, 'base64url')}`
}

function indexOf (...words: [kind: 'sid' | 'subject', issuer: string, name: string]): string {
  return JSON.stringify(words)
}

/** Milliseconds. What is over already is there for one: the store knows no shorter time. */
function ttlOf ({ endsAt }: Life): number {
  return Math.max((endsAt - nowInSeconds()) * 1000, 1)
}
