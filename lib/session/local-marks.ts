import { ExpiryHeap } from '../store/expiry-heap.js'
import type { Expiring } from '../store/expiry-heap.js'
import { roomIn } from '../store/memory.js'
import { StoreUnavailableError } from '../store/unavailable.js'
import type { Store } from '../../types/store.js'

interface Mark extends Expiring {
  readonly key: string
  readonly value: string
}

/** As many as a store in memory holds, unless told otherwise: for an app's own. */
const MOST = 100_000
/** Expired marks cleared by each write: more than it adds. */
const CLEARED_PER_WRITE = 16

const marksOf = new WeakMap<Store, LocalMarks>()

/** The marks beside a store that no other process sees, as many as that holds entries: one set for each, whoever asks. */
export function localMarksOf (store: Store): LocalMarks {
  const marks = marksOf.get(store) ?? new LocalMarks(roomIn(store))
  marksOf.set(store, marks)
  return marks
}

/**
 * Logout marks in the memory of this process, read without a promise. None is dropped before its time: where there
 * is no room, none is written.
 */
export class LocalMarks {
  readonly #marks = new Map<string, Mark>()
  readonly #byExpiry = new ExpiryHeap<Mark>()
  readonly #most: number

  constructor (most: number = MOST) {
    this.#most = most
  }

  get size (): number {
    return this.#marks.size
  }

  get (key: string): string | undefined {
    const mark = this.#marks.get(key)
    return mark !== undefined && performance.now() < mark.expiresAt ? mark.value : undefined
  }

  /** @throws StoreUnavailableError where all there is room for are live */
  set (key: string, value: string, ttl: number): void {
    this.#clearExpired()
    const old = this.#marks.get(key)
    if (old !== undefined) this.#byExpiry.remove(old)
    else if (this.#marks.size >= this.#most) throw new StoreUnavailableError(`No room for another logout: ${this.#most} are remembered in memory; raise memoryStore({ max }) or use redisStore()`, 'full')
    const mark = { key, value, expiresAt: performance.now() + ttl, position: -1 }
    this.#marks.set(key, mark)
    this.#byExpiry.add(mark)
  }

  #clearExpired (): void {
    const now = performance.now()
    for (let cleared = 0; cleared < CLEARED_PER_WRITE; cleared++) {
      const { first } = this.#byExpiry
      if (first === undefined || first.expiresAt > now) return
      this.#marks.delete(first.key)
      this.#byExpiry.remove(first)
    }
  }
}
