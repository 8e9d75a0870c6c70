import { LRUCache } from 'lru-cache'
import { COOLDOWN } from './timing.js'

/** Key ids remembered at most; the one longest unasked goes first. */
const MOST = 1_000
/** Milliseconds until a key id that stays missing may cause another fetch, at most: whoever guesses a coming one delays it so long. */
const LONGEST = 120_000

interface Asked {
  /** When it may cause the next fetch. */
  readonly nextAt: number
  readonly pause: number
}

/**
 * Key ids the provider did not have when it was asked. Each asks again after a pause that doubles: a key that was
 * published late, or was missing for a while, is found soon, and a client that keeps sending a token of a withdrawn
 * key does not cause a fetch in every cooldown.
 */
export class MissingKeys {
  readonly #asked = new LRUCache<string, Asked>({ max: MOST })

  /** Whether a fetch may be made on account of a key id now. Notes that it was. */
  mayAsk (kid: string | undefined): boolean {
    if (kid === undefined) return true
    const now = performance.now()
    const before = this.#asked.get(kid)
    if (before !== undefined && now < before.nextAt) return false
    const pause = before === undefined ? COOLDOWN : Math.min(before.pause * 2, LONGEST)
    this.#asked.set(kid, { nextAt: now + pause, pause })
    return true
  }

  /** The provider has it now. */
  forget (kid: string): void {
    this.#asked.delete(kid)
  }
}
