import { LRUCache } from 'lru-cache'
import type { SessionRecord } from '../../types/session.js'
import { readRecord, writeRecord } from './record.js'
import type { Sealer } from './seal.js'

/** Records remembered at most, and characters of their sealed texts. */
const MOST = 10_000
const MOST_CHARACTERS = 16_000_000
/** Characters of 128 bits. */
const TAG = 22

interface Known {
  readonly sealed: string
  readonly place: string
  readonly record: SessionRecord
}

/**
 * Records as sealed texts, each for one place: the name of a cookie, the key of a store. A text that was moved
 * somewhere else is none there. Texts seen lately are known to the letter and not opened again: time, and whether
 * the session was ended, is for the caller to judge, every time.
 */
export class SealedRecords {
  readonly #sealer: Sealer
  readonly #known = new LRUCache<string, Known>({ max: MOST, maxSize: MOST_CHARACTERS })

  constructor (sealer: Sealer) {
    this.#sealer = sealer
  }

  /** @throws RangeError for a record too large to be sealed */
  async seal (place: string, record: SessionRecord): Promise<string> {
    const sealed = await this.#sealer.seal(`${place}\n${writeRecord(record)}`)
    this.#remember({ sealed, place, record })
    return sealed
  }

  /** At once for a text seen lately; undefined for what was not sealed here, or for another place. */
  open (place: string, sealed: string): SessionRecord | undefined | Promise<SessionRecord | undefined> {
    const known = this.#known.get(tagOf(sealed))
    if (known?.sealed !== sealed) return this.#unseal(place, sealed)
    return known.place === place ? known.record : undefined
  }

  async #unseal (place: string, sealed: string): Promise<SessionRecord | undefined> {
    const text = await this.#sealer.open(sealed)
    if (text === undefined || !text.startsWith(`${place}\n`)) return undefined
    const record = readRecord(text.slice(place.length + 1))
    // A copy: what was cut out of a Cookie header would keep all of it.
    if (record !== undefined) this.#remember({ sealed: Buffer.from(sealed, 'latin1').toString('latin1'), place, record })
    return record
  }

  #remember (known: Known): void {
    this.#known.set(tagOf(known.sealed), known, { size: known.sealed.length })
  }
}

/** The end of the authentication tag, which is as good as random. Who makes one up finds another's entry, and is compared with it. */
function tagOf (sealed: string): string {
  return sealed.slice(-TAG)
}
