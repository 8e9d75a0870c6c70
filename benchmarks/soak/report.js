import { fixed, table } from '../table.js'
import { musts } from './musts.js'
import { rate } from './traffic.js'

const number = (value) => value.toLocaleString('en')
const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1)

/** The section 'Soak' as Markdown. */
export function renderSoak (result, conditions) {
  const { judge, marks } = result
  const parts = [renderMusts(result), renderKinds(judge), renderSummary(result), renderMarks(marks), method]
  return [conditions, ...parts].join('\n\n')
}

function renderMusts (result) {
  const rows = musts(result).map(({ text, limit, found, held }) => (
    [text, limit, Number.isInteger(found) ? number(found) : fixed(found, 1), held ? 'held' : 'broken']
  ))
  return table(['Must', 'Limit', 'Counted', ''], rows, [1, 2])
}

function renderKinds ({ kinds }) {
  const statuses = [...new Set([...kinds.values()].flatMap(({ byStatus }) => Object.keys(byStatus)))].sort()
  const rows = [...kinds].sort().map(([kind, { requests, wrong, byStatus }]) => (
    [kind, number(requests), ...statuses.map((status) => number(byStatus[status] ?? 0)), number(wrong)]
  ))
  const head = ['Credential', 'Requests', ...statuses, 'Wrong']
  return table(head, rows, head.map((_, i) => i).slice(1))
}

function renderSummary ({ judge: { requests, lenient }, marks, outages, deliveries, rotations, last: { health, stats } }) {
  const minutes = marks.at(-1).minutes.toFixed(1)
  const modes = outages.map(({ mode }) => mode).join(', ') || 'none'
  return [
    `- ${number(requests)} requests in ${minutes} minutes; ${number(stats.accepted)} accepted, of those ${number(stats.cached)} from the cache`,
    `- ${number(lenient)} answers for which the oracle took more than one status for right`,
    `- ${rotations} key rotations; ${outages.length} outages of the key server (${modes})`,
    `- ${health.fetches} fetches, of which ${health.failures} failed; ${deliveries} key sets delivered`
  ].join('\n')
}

function renderMarks (marks) {
  const rows = marks.map(({ minutes, requests, fetches, failures, rss, heapUsed }) => (
    [minutes.toFixed(1), number(requests), String(fetches), String(failures), megabytes(rss), megabytes(heapUsed)]
  ))
  return table(['Minute', 'Requests', 'Fetches', 'Failed', 'RSS, MB', 'heapUsed, MB'], rows, [0, 1, 2, 3, 4, 5])
}

const method = `One server process with default options; ${rate} requests a second over keep-alive connections. A new key signs every
20 s: it is in the key set 40 s or 10 s before (in turn) and 40 s after, and its tokens are sent on when it is removed.
The key set says \`max-age=60\`, the least the plugin takes. Once a minute, when a fetch is near, the key server is away
for 15 s: it refuses connections, hangs, answers 500, in turn. An oracle knows what each answer may be. What the ring
holds it takes from the key sets that were delivered, and \`health()\`, asked every 100 ms, must say the same. A good
token whose key is held must get 200, with its own subject; one whose key is not held 401, or 503 while the last fetch
failed; expired, garbage and forged ones 401 (forged ones whose key is not held also 503 then); those of unknown keys
never 200. A key that was removed must be refused 65 s later, or 37 s after an outage in between. The oracle is lenient
only for 1 s after a key set was delivered ("key on its way"), when the old one or the new one may decide, and for half
a second around the expiry of a token. Where the table does not say otherwise, the key is held.`
