import { expected } from '../configuration.js'

const TEN_YEARS = 10 * 365 * 86_400_000

/**
 * A time to live in milliseconds, as it came.
 *
 * @throws RangeError for what is no such time: Redis would refuse it, and a timeless entry would never be cleared
 */
export function lifetime (ttl: number): number {
  if (!(ttl > 0 && ttl <= TEN_YEARS)) throw new RangeError(expected('ttl', 'milliseconds, more than 0 and at most ten years', ttl).message)
  return ttl
}
