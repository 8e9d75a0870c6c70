import { spread } from './statistics.js'
import { fixed, table, withQuartiles } from './table.js'
import { checkTargets, overhead, timesRaw } from './targets.js'

/**
 * The table of CPU times, as Markdown. `results`: the rounds of each scenario, by its id. `compares`: whether there were
 * enough requests to compare with `crypto.verify`.
 */
export function renderTable (scenarios, results, compares) {
  const rows = scenarios.flatMap(({ id, title, servers, blocks }) => {
    const baselines = new Set(blocks.map(([baseline]) => baseline))
    return [...servers].map(([server, { label, traffic }], i) => {
      const hasBaseline = !baselines.has(server) && traffic === id
      return [i === 0 ? title : '', label, ...hasBaseline ? comparison(results.get(id), server, compares) : total(results.get(id), server)]
    })
  })
  return table(['Token', 'Server', 'CPU, µs', 'Over bare, µs', 'x verify'], rows)
}

// A baseline, or a server that got other bytes than its baseline.
function total (rounds, server) {
  return [fixed(spread(rounds.map(({ [server]: { own } }) => own)).median, 1), '', '']
}

function comparison (rounds, server, compares) {
  const ratio = compares && 'raw' in rounds[0] ? withQuartiles(spread(timesRaw(rounds, server)), 2) : ''
  return ['', withQuartiles(spread(overhead(rounds, server)), 1), ratio]
}

/** The table of targets; empty where none was measured. */
export function renderTargets (results) {
  const rows = checkTargets(results).map(({ text, limit, found, held }) => (
    [text, String(limit), withQuartiles(found, 2), held ? 'held' : 'missed']
  ))
  return rows.length === 0 ? '' : table(['Target', 'Limit', 'Measured', ''], rows)
}
