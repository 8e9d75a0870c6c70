import { kinds } from './mix.js'
import { modes } from './schedule.js'

/** Minutes from which on a run meets every rotation and outage, and may be published. */
export const enough = 10
/** Per cent of the answers for which the oracle may take more than one status for right. */
const mostLenient = 20

/** Everything a soak must show: `text`, `limit`, what was `found`, and whether it `held`. */
export function musts ({ minutes, judge, last: { stats, health }, outages, keySets }) {
  const { wrong, unserved, misreported, accepted, lenient, requests } = judge
  const long = minutes >= enough
  return [
    none('Wrong decisions', wrong),
    none('5xx for tokens whose key is held', unserved),
    none('Wrong words of `health()`', misreported),
    none('200s that `stats()` counted otherwise', Math.abs(stats.accepted - accepted)),
    none('Kinds of credential that were never answered', unanswered(judge, minutes)),
    ...long ? [none('Kinds of outage that never came', modes.filter((mode) => !hasEnded(outages, mode)).length)] : [],
    ...long ? [atLeast('Key sets delivered that differ', 2, keySets)] : [],
    ...long ? [atLeast('Failed fetches', 1, health.failures)] : [],
    below('Lenient answers, %', mostLenient, requests === 0 ? 100 : 100 * lenient / requests)
  ]
}

const none = (text, found) => ({ text, limit: '0', found, held: found === 0 })
const atLeast = (text, limit, found) => ({ text, limit: `>= ${limit}`, found, held: found >= limit })
const below = (text, limit, found) => ({ text, limit: `< ${limit}`, found, held: found < limit })

// Of those there was time for.
function unanswered (judge, minutes) {
  const answered = new Set([...judge.kinds.values()].filter(hasAnswer).map(({ kind }) => kind))
  return Object.keys(kinds).filter((kind) => kinds[kind] <= minutes * 60 && !answered.has(kind)).length
}

const hasAnswer = ({ byStatus }) => Object.keys(byStatus).some((status) => status !== 'none')

const hasEnded = (outages, wanted) => outages.some(({ mode, until }) => mode === wanted && until < Infinity)
