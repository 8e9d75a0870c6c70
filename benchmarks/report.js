import { spread } from './statistics.js'
import { checkTargets, overhead, timesRaw } from './targets.js'

const method = `Every server is a process of its own with one HTTP server on loopback; only its CPU time counts
(\`process.cpuUsage()\`, user and system, all threads), divided by the requests of the round. The client is
another process: 8 keep-alive connections, one request at a time on each, ready-made bytes. A server takes
turns with the bare route of its framework, and both get the same bytes, the Authorization header included; the order
reverses in every other round. "Over bare" is the difference in the same round, "x verify" that difference as a
multiple of \`crypto.verify\`'s. A turn begins with requests that do not count, because the other processes emptied
the CPU's caches; garbage collection is left to V8. Medians over all rounds, quartiles in brackets. Tokens never seen
are signed before the run and sent to each server once. The second process of the bare route shows what the method
cannot tell from zero. Every answer's status is checked.`

/** The table of everything measured, as Markdown. `results`: the rounds of each scenario, by its id. */
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

/** The table of targets. */
export function renderTargets (results) {
  const rows = checkTargets(results).map(({ text, limit, found, held }) => (
    [text, String(limit), withQuartiles(found, 2), held ? 'held' : 'missed']
  ))
  return table(['Target', 'Limit', 'Measured', ''], rows)
}

/** The page RESULTS.md. */
export function renderPage ({ lines, tokenLength, size, measured, targets }) {
  const amount = `${size.launches} launches of ${size.rounds} rounds; ${size.requests} requests in a round, ` +
    `${size.fresh} with tokens sent once, a quarter of that to the peers. RS256 (2048 bits) tokens of ${tokenLength} bytes.`
  return [
    '# Results', 'Written by `npm run bench`.', lines.map((line) => `- ${line}`).join('\n'),
    '## CPU of the server process per request', measured,
    '## Targets', targets,
    '## Method', method, amount
  ].join('\n\n') + '\n'
}

const withQuartiles = ({ median, low, high }, digits) => (
  `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
)

function table (head, rows) {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)))
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
