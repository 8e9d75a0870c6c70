import { spread } from './statistics.js'
import { table, withQuartiles } from './table.js'
import { checkTargets, overhead, timesRaw } from './targets.js'

/** The table of CPU times, as Markdown. `results`: the rounds of each scenario, by its id. */
export function renderTable (scenarios, results) {
  const rows = scenarios.flatMap(({ id, title, servers, blocks }) => {
    const baselines = new Set(blocks.map(([baseline]) => baseline))
    return [...servers].map(([server, { label }], i) => (
      [i === 0 ? title : '', label, ...measuredColumns(results.get(id), server, baselines.has(server))]
    ))
  })
  return table(['Token', 'Server', 'CPU, µs', 'Over bare, µs', 'x verify'], rows)
}

function measuredColumns (rounds, server, isBaseline) {
  const total = spread(rounds.map(({ [server]: { own } }) => own)).median.toFixed(1)
  if (isBaseline) return [total, '', '']
  const ratio = 'raw' in rounds[0] ? withQuartiles(spread(timesRaw(rounds, server)), 2) : ''
  return [total, withQuartiles(spread(overhead(rounds, server)), 1), ratio]
}

/** The table of targets; empty where none was measured. */
export function renderTargets (results) {
  const rows = checkTargets(results).map(({ text, limit, digits, found, held }) => (
    [text, String(limit), digits === 0 ? found.median.toFixed(0) : withQuartiles(found, digits), held ? 'held' : 'missed']
  ))
  return rows.length === 0 ? '' : table(['Target', 'Limit', 'Measured', ''], rows)
}
