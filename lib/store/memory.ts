import type { MemoryStoreOptions, Store, StoreSetOptions } from '../../types/store.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { ExpiryHeap } from './expiry-heap.js'
import type { Expiring } from './expiry-heap.js'
import { lifetime } from './lifetime.js'
import { StoreUnavailableError } from './unavailable.js'

interface Entry extends Expiring {
  readonly key: string
  readonly value: string
  readonly indexes: readonly string[]
}

/** One for all: there may be millions of entries, and few have an index. */
const NO_INDEXES: readonly string[] = Object.freeze([])
/** Expired entries cleared by each write: more than it adds, and few enough that no request pays for all of them. */
const CLEARED_PER_WRITE = 16

/**
 * A store in the memory of this process, gone when it ends. Other processes have entries of their own: what one of
 * them saw, ended or leased, the others do not know.
 *
 * Time is monotonic: setting the machine's clock expires nothing and revives nothing, and while the machine sleeps
 * time may stand still; what must end at a date says so in its value. There is no timer: each write clears up to 16
 * of the expired entries, first expired first, so that a store which is full holds live ones only. It then refuses
 * to write with `StoreUnavailableError` until one of them expires or is deleted.
 *
 * @example await app.register(gatehouse, { provider, store: memoryStore({ singleProcess: true }) })
 * @throws TypeError naming the option that is wrong
 */
export function memoryStore (options: MemoryStoreOptions = {}): Store {
  const { max = 100_000, singleProcess = false, ...rest } = plainObject('memoryStore', options)
  refuseUnknownKeys('memoryStore', rest, ['max', 'singleProcess'])
  if (typeof max !== 'number' || !Number.isInteger(max) || max < 1 || max > 10_000_000) {
    throw expected('memoryStore.max', 'a whole number, 1 to 10,000,000', max)
  }
  if (typeof singleProcess !== 'boolean') throw expected('memoryStore.singleProcess', 'true or false', singleProcess)
  return new MemoryStore(max, singleProcess)
}

/** How many entries a store in memory holds; undefined for any other. */
export function roomIn (store: Store): number | undefined {
  return store instanceof MemoryStore ? store.max : undefined
}

class MemoryStore implements Store {
  readonly isShared: boolean
  readonly max: number
  // Not an LRU cache: evicting a live entry would forget a logout, or let a proof be used twice.
  readonly #entries = new Map<string, Entry>()
  readonly #keysOf = new Map<string, Set<string>>()
  readonly #byExpiry = new ExpiryHeap<Entry>()

  constructor (max: number, isShared: boolean) {
    this.max = max
    this.isShared = isShared
  }

  async get (key: string): Promise<string | undefined> {
    return this.#live(key)?.value
  }

  async set (key: string, value: string, ttl: number, { onlyIfPresent = false, indexes }: StoreSetOptions = {}): Promise<boolean> {
    const expiresAt = performance.now() + lifetime(ttl)
    this.#clearExpired()
    const old = this.#live(key)
    if (old === undefined && onlyIfPresent) return false
    this.#write({ key, value, expiresAt, indexes: [...new Set(indexes ?? old?.indexes)], position: -1 }, old)
    return true
  }

  async delete (key: string): Promise<void> {
    const entry = this.#live(key)
    if (entry !== undefined) this.#remove(entry)
  }

  async add (key: string, value: string, ttl: number): Promise<boolean> {
    const expiresAt = performance.now() + lifetime(ttl)
    this.#clearExpired()
    if (this.#live(key) !== undefined) return false
    this.#write({ key, value, expiresAt, indexes: NO_INDEXES, position: -1 }, undefined)
    return true
  }

  async extend (key: string, owner: string, ttl: number): Promise<boolean> {
    const expiresAt = performance.now() + lifetime(ttl)
    this.#clearExpired()
    const entry = this.#live(key)
    if (entry?.value !== owner) return false
    this.#write({ ...entry, expiresAt }, entry)
    return true
  }

  async release (key: string, owner: string): Promise<boolean> {
    const entry = this.#live(key)
    if (entry?.value !== owner) return false
    this.#remove(entry)
    return true
  }

  async deleteByIndex (index: string): Promise<number> {
    const live = [...this.#keysOf.get(index) ?? []].flatMap((key) => this.#live(key) ?? [])
    for (const entry of live) this.#remove(entry)
    return live.length
  }

  #live (key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || performance.now() < entry.expiresAt) return entry
    this.#remove(entry)
    return undefined
  }

  #write (entry: Entry, old: Entry | undefined): void {
    if (old !== undefined) this.#remove(old)
    else if (this.#entries.size >= this.max) {
      throw new StoreUnavailableError(`The store in memory is full: ${this.max} entries, all of them live; raise memoryStore({ max }) or use redisStore()`, 'full')
    }
    this.#entries.set(entry.key, entry)
    this.#byExpiry.add(entry)
    for (const index of entry.indexes) {
      const keys = this.#keysOf.get(index)
      if (keys === undefined) this.#keysOf.set(index, new Set([entry.key]))
      else keys.add(entry.key)
    }
  }

  #clearExpired (): void {
    const now = performance.now()
    for (let cleared = 0; cleared < CLEARED_PER_WRITE; cleared++) {
      const { first } = this.#byExpiry
      if (first === undefined || first.expiresAt > now) return
      this.#remove(first)
    }
  }

  #remove (entry: Entry): void {
    this.#entries.delete(entry.key)
    this.#byExpiry.remove(entry)
    for (const index of entry.indexes) {
      const keys = this.#keysOf.get(index)!
      keys.delete(entry.key)
      if (keys.size === 0) this.#keysOf.delete(index)
    }
  }
}
