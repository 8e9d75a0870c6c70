import type { AnswerPolicy } from '../types/provider.js'
import { expected, plainObject, refuseUnknownKeys, within } from './configuration.js'

/**
 * `cache` and `budget` of whatever asks somebody else about credentials, checked and in milliseconds.
 *
 * @throws TypeError naming the path
 */
export function answerPolicy (path: string, cache: unknown = {}, budget: unknown = {}): AnswerPolicy {
  const { ttl = 30, negativeTtl = 10, max = 10_000, ...restOfCache } = plainObject(`${path}.cache`, cache)
  refuseUnknownKeys(`${path}.cache`, restOfCache, ['ttl', 'negativeTtl', 'max'])
  const { perSecond = 100, burst = 1_000, ...restOfBudget } = plainObject(`${path}.budget`, budget)
  refuseUnknownKeys(`${path}.budget`, restOfBudget, ['perSecond', 'burst'])
  return Object.freeze({
    ttl: within(`${path}.cache.ttl`, ttl, 0, 3600, 'seconds') * 1000,
    negativeTtl: within(`${path}.cache.negativeTtl`, negativeTtl, 0, 3600, 'seconds') * 1000,
    max: whole(`${path}.cache.max`, max, 'answers'),
    perSecond: within(`${path}.budget.perSecond`, perSecond, 0.1, 1_000_000, 'calls'),
    burst: whole(`${path}.budget.burst`, burst, 'calls')
  })
}

function whole (path: string, value: unknown, unit: string): number {
  const number = within(path, value, 1, 1_000_000, unit)
  if (!Number.isInteger(number)) throw expected(path, 'a whole number', value)
  return number
}
