import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../types/store.js'
import { StoreUnavailableError } from '../store/unavailable.js'

/** Something only one of all processes does at a time. */
export interface Lease {
  /** Lets the next one have it. Where the store cannot be told now, it ends by itself. */
  release (): Promise<void>
}

/** Milliseconds until the lease of a process that died is another's. */
export const LEASE = 5_000
const RENEWALS = 3
const LEAST_PAUSE = 20
const MOST_PAUSE = 60

/**
 * Takes a lease, and renews it until it is released: work may take longer than the lease lasts. A process that
 * cannot reach the store for so long loses it and is not told.
 *
 * @returns undefined where another has it
 * @throws StoreUnavailableError
 */
export async function takeLease (store: Store, key: string, duration: number = LEASE): Promise<Lease | undefined> {
  const owner = randomUUID()
  if (!await store.add(key, owner, duration)) return undefined
  const renewal = setInterval(() => { store.extend(key, owner, duration).catch(ignore) }, duration / RENEWALS).unref()
  return {
    async release () {
      clearInterval(renewal)
      await store.release(key, owner).catch(ignore)
    }
  }
}

/** Waits before asking again for what another process has: some time or other, so that many do not ask in step. */
export async function pause (): Promise<void> {
  await sleep(LEAST_PAUSE + Math.random() * (MOST_PAUSE - LEAST_PAUSE))
}

/** Work by key, one after the other: in this process by a queue, among processes by a lease. */
export class Turns {
  readonly #store: Store
  readonly #duration: number
  readonly #last = new Map<string, Promise<unknown>>()

  /** @param duration milliseconds of a lease */
  constructor (store: Store, duration: number = LEASE) {
    this.#store = store
    this.#duration = duration
  }

  /**
   * Does work when it is its turn.
   *
   * @param patience milliseconds to wait for other processes
   * @throws StoreUnavailableError also where another process is at it for longer than that
   */
  async take<Result> (key: string, work: () => Promise<Result>, patience: number): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.catch(ignore).then(() => this.#alone(key, work, patience))
    this.#last.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
  }

  async #alone<Result> (key: string, work: () => Promise<Result>, patience: number): Promise<Result> {
    const end = performance.now() + patience
    let lease = await takeLease(this.#store, key, this.#duration)
    while (lease === undefined) {
      if (performance.now() >= end) throw new StoreUnavailableError('Another process is writing the same session', 'late')
      await pause()
      lease = await takeLease(this.#store, key, this.#duration)
    }
    try {
      return await work()
    } finally {
      await lease.release()
    }
  }
}

function ignore (): void {}
