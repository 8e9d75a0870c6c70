import type { Test } from 'tap'
import type { Store } from '../../types/store.js'

/** A store to be held to its contract, empty. */
export interface Subject {
  readonly store: Store
  /** The same entries, as another process sees them. */
  readonly other: Store
  /** Lets so many milliseconds, and a few more, go by. */
  pass (ms: number): Promise<void>
  /** How many entries are held, dead ones and whatever finds them included. May use the store up. */
  held (): Promise<number>
}

/** Makes a store for one test. */
export type Open = (t: Test) => Promise<Subject>

/** Long enough that no test sees it end. */
export const LONG = 600_000
/** Short enough to wait for. Whether something this short is still there is never asked. */
export const SHORT = 40

/** The values of several entries. */
export function values (store: Store, ...keys: string[]): Promise<Array<string | undefined>> {
  return Promise.all(keys.map((key) => store.get(key)))
}
