// When keys are fetched, and for how long they serve. Milliseconds.

const AGE = 600_000
const LEAST_AGE = 60_000
const MOST_AGE = 3_600_000
const FIRST_BACKOFF = 1_000
const MOST_BACKOFF = 60_000

/** A refresh in the background starts this long before keys are old. */
export const AHEAD = 30_000
/** How long last good keys serve past their age while the provider is away. */
export const STALE = 3_600_000
/** Between two fetches caused by unknown key ids. */
export const COOLDOWN = 30_000
/** For a whole fetch of keys, discovery included: no request waits longer. */
export const DEADLINE = 5_000

/**
 * How long keys are fresh: 10 minutes, or what their server says between 1 and 60.
 *
 * @param maxAge seconds of `Cache-Control: max-age`, if any
 */
export function ageOf (maxAge: number | undefined): number {
  return maxAge === undefined ? AGE : Math.min(Math.max(maxAge * 1000, LEAST_AGE), MOST_AGE)
}

/** The pause after so many failures in a row: between half and all of it, so that many processes do not come back in step. */
export function backoffAfter (failures: number): number {
  return Math.min(FIRST_BACKOFF * 2 ** (failures - 1), MOST_BACKOFF) * (0.5 + Math.random() / 2)
}
