import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { SessionRecord } from '../../types/session.js'
import { readRecord, writeRecord } from './record.js'
import type { Sealer } from './seal.js'

/** Records remembered at most, and characters of their sealed texts. */
const MOST = 10_000
const MOST_CHARACTERS = 16_000_000

/**
 * Records as sealed texts, each for one place: the name of a cookie, the key of a store. A text that was moved
 * somewhere else is none there. Texts seen lately are known by their SHA-256 and not opened again: time, and whether
 * the session was ended, is for the caller to judge, every time.
 */
export class SealedRecords {
  readonly #sealer: Sealer
  readonly #known = new LRUCache<string, { readonly place: string, readonly record: SessionRecord }>({ max: MOST, maxSize: MOST_CHARACTERS })

  constructor (sealer: Sealer) {
    this.#sealer = sealer
  }

  /** @throws RangeError for a record too large to be sealed */
  async seal (place: string, record: SessionRecord): Promise<string> {
    const sealed = await this.#sealer.seal(`${place}\n${writeRecord(record)}`)
    this.#remember(hashOf(sealed), sealed.length, place, record)
    return sealed
  }

  /** At once for a text seen lately; undefined for what was not sealed here, or for another place. */
  open (place: string, sealed: string): SessionRecord | undefined | Promise<SessionRecord | undefined> {
    const digest = hashOf(sealed)
    const known = this.#known.get(digest)
    if (known === undefined) return this.#unseal(place, sealed, digest)
    return known.place === place ? known.record : undefined
  }

  async #unseal (place: string, sealed: string, digest: string): Promise<SessionRecord | undefined> {
    const text = await this.#sealer.open(sealed)
    if (text === undefined || !text.startsWith(`${place}\n`)) return undefined
    const record = readRecord(text.slice(place.length + 1))
    if (record !== undefined) this.#remember(digest, sealed.length, place, record)
    return record
  }

  #remember (digest: string, size: number, place: string, record: SessionRecord): void {
    this.#known.set(digest, { place, record }, { size })
  }
}

/** The whole text decides: two that differ in a bit have nothing in common. */
function hashOf (sealed: string): string {
  return hash('sha256', sealed, 'base64')
}
