// When keys are fetched, and for how long they serve. Milliseconds.

const AGE = 600_000
const LEAST_AGE = 60_000
const MOST_AGE = 3_600_000
const FIRST_BACKOFF = 1_000
const MOST_BACKOFF = 60_000

/** A refresh in the background starts this long before keys are old. */
export const AHEAD = 30_000
/** Longer than this we stay away at no server's wish. */
const MOST_RETRY_AFTER = 600_000
/** How long last good keys serve past their age while the provider is away. */
export const STALE = 3_600_000
/** Between two fetches caused by unknown key ids. */
export const COOLDOWN = 30_000
/** For a whole fetch of keys, discovery included: no request waits longer. */
export const DEADLINE = 5_000
/** For another look at a discovery document while the key set's address is known. */
export const SECOND_LOOK_DEADLINE = 2_000
/** An address found by discovery is looked up again after this. */
export const ADDRESS_AGE = 3_600_000
/** How long an address serves on while it cannot be looked up again. */
export const ADDRESS_STALE = 86_400_000
/** After a look that failed while the address is known. */
export const LOOK_AGAIN = 600_000

/**
 * How long keys are fresh: 10 minutes, or what their server says between 1 and 60; for ever where there is no server.
 *
 * @param maxAge seconds of `Cache-Control: max-age`, if any; Infinity for keys that were configured
 */
export function ageOf (maxAge: number | undefined): number {
  if (maxAge === Infinity) return Infinity
  return maxAge === undefined ? AGE : Math.min(Math.max(maxAge * 1000, LEAST_AGE), MOST_AGE)
}

/**
 * The pause after so many failures in a row: between half and all of it, so that many processes do not come back
 * in step; at least what the server asked for.
 *
 * @param retryAfter seconds, if the server said when to come back
 * @see RFC 9110 section 10.2.3
 */
export function backoffAfter (failures: number, retryAfter = 0): number {
  const pause = Math.min(FIRST_BACKOFF * 2 ** (failures - 1), MOST_BACKOFF) * (0.5 + Math.random() / 2)
  return Math.max(pause, boundedRetryAfter(retryAfter))
}

/** Milliseconds we stay away at a server's wish. @param retryAfter seconds, if it said so */
export function boundedRetryAfter (retryAfter = 0): number {
  return Math.min(retryAfter * 1000, MOST_RETRY_AFTER)
}
