import type { ProviderHealth } from '../../lib/index.js'
import type { Fault } from './faults.js'

// The promises the plugin makes, in seconds. Written out here anew: a slip in the plugin must not move them.

/** Of one fetch. */
export const DEADLINE = 5
/** Between two fetches for the sake of unknown key ids. */
export const COOLDOWN = 30
/** How long keys are fresh, unless their server says otherwise. */
export const AGE = 600
/** How long they serve past that while the provider is away. */
export const STALE = 3600
/** For timers and a busy machine. */
export const SLACK = 0.75

/** The longest pause after so many failures in a row; the shortest is half of it. */
export function longestPause (failures: number): number {
  return Math.min(2 ** (failures - 1), 60)
}

/**
 * Fetches that may begin in so many seconds while all of them fail: one at the start, and one after each pause, all
 * pauses as short as they may be. Unknown key ids add nothing: nobody fetches before a pause is over.
 */
export function mostFailures (seconds: number, { endless, retryAfter = 0 }: Pick<Fault, 'endless' | 'retryAfter'> = {}): number {
  let count = 0
  for (let at = 0; at <= seconds; at += (endless ? DEADLINE : 0) + Math.max(longestPause(count) / 2, retryAfter)) count++
  return count
}

/** Fetches in so many seconds (no more than keys are fresh) while all go well: the refresh that is due, and what unknown key ids may cause. */
export function mostSuccesses (seconds: number): number {
  return 1 + Math.floor(seconds / COOLDOWN) + 1
}

/**
 * Seconds within which the plugin must be back once the provider is: the pause it announces, or, with a fetch under
 * way, the rest of that and the pause after it.
 *
 * @param successes fetches that went well before
 */
export function announced ({ fetches, failures, nextRefresh = 0 }: ProviderHealth, successes: number): number {
  const isUnderWay = fetches > failures + successes
  return isUnderWay ? DEADLINE + longestPause(failures + 1) : nextRefresh + 0.5
}
