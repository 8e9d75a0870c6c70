import { hash, randomBytes } from 'node:crypto'
import type { SessionRecord } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import { localMarksOf } from './local-marks.js'
import type { LocalMarks } from './local-marks.js'

/** What the provider calls a session of its own. */
export interface ProviderSession {
  readonly issuer: string
  readonly sid: string
}

/** A person, as a provider knows them. */
export interface Person {
  readonly issuer: string
  readonly subject: string
}

/** Seconds: a session may seem to have started that much later than it did, by another server's clock. */
const TOLERANCE = 60
/** 128 bits. */
const MARK = /^[\w-]{22}$/

/**
 * Logouts, for sessions that are kept nowhere but in cookies. A logout leaves a mark, a random text, under what it
 * ended; a session is over as soon as there is a mark it does not know. Those it knows it read when it started. So
 * no clock decides what came first, and whoever logs in again after a logout is not logged out by it.
 *
 * Two marks concern a session: of its `sid` (of its id, where the provider has none) and of its person. In a store
 * of several processes they are asked for at once, in one round trip; else they are in memory and no promise is made.
 * A mark outlasts every session it ends. If `absolute` is raised later, marks written before are not kept longer.
 */
export class Marks {
  readonly #store: Store
  readonly #local: LocalMarks | undefined
  readonly #ttl: number
  readonly #keys = new WeakMap<SessionRecord, readonly string[]>()

  /** @param absolute seconds a session lasts at most */
  constructor (store: Store, absolute: number) {
    this.#store = store
    this.#local = store.isShared ? undefined : localMarksOf(store)
    this.#ttl = (absolute + TOLERANCE) * 1000
  }

  /** @throws StoreUnavailableError */
  isEnded (record: SessionRecord): boolean | Promise<boolean> {
    const local = this.#local
    if (local === undefined) return this.#isEndedInStore(record)
    return this.#keysOf(record).some((key) => isNews(record, local.get(key)))
  }

  /** The marks a session that starts now knows. @throws StoreUnavailableError */
  async knownTo (record: SessionRecord): Promise<string[]> {
    return (await this.#read(record)).filter((mark) => mark !== undefined)
  }

  /** Whether what ends one of them ends the other, their person aside. */
  endTogether (one: SessionRecord, other: SessionRecord): boolean {
    return ownKey(one) === ownKey(other)
  }

  /** @throws StoreUnavailableError */
  async end (record: SessionRecord): Promise<void> {
    await this.#write(ownKey(record))
  }

  /** @throws StoreUnavailableError */
  async endBySid ({ issuer, sid }: ProviderSession): Promise<void> {
    await this.#write(keyOf('sid', issuer, sid))
  }

  /** @throws StoreUnavailableError */
  async endBySubject ({ issuer, subject }: Person): Promise<void> {
    await this.#write(keyOf('subject', issuer, subject))
  }

  async #isEndedInStore (record: SessionRecord): Promise<boolean> {
    return (await this.#read(record)).some((mark) => isNews(record, mark))
  }

  async #read (record: SessionRecord): Promise<Array<string | undefined>> {
    const marks = await Promise.all(this.#keysOf(record).map((key) => this.#local === undefined ? this.#store.get(key) : this.#local.get(key)))
    // What is none of ours was written by somebody else, and would stand in a session.
    return marks.map((mark) => mark === undefined || MARK.test(mark) ? mark : undefined)
  }

  async #write (key: string): Promise<void> {
    const mark = randomBytes(16).toString('base64url')
    if (this.#local === undefined) await this.#store.set(key, mark, this.#ttl)
    else this.#local.set(key, mark, this.#ttl)
  }

  #keysOf (record: SessionRecord): readonly string[] {
    let keys = this.#keys.get(record)
    if (keys === undefined) {
      keys = [ownKey(record), keyOf('subject', record.issuer, record.subject)]
      this.#keys.set(record, keys)
    }
    return keys
  }
}

function isNews ({ outlived }: SessionRecord, mark: string | undefined): boolean {
  return mark !== undefined && outlived?.includes(mark) !== true
}

function ownKey ({ id, issuer, sid }: SessionRecord): string {
  return sid === undefined ? keyOf('id', issuer, id) : keyOf('sid', issuer, sid)
}

/** Who reads the store does not read who logged out. */
function keyOf (...words: [kind: 'id' | 'sid' | 'subject', issuer: string, name: string]): string {
  return `logout:${hash('sha256', JSON.stringify(words), 'base64url')}`
}
