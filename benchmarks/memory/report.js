import { batch } from './requests.js'
import { connections } from './measure.js'
import { table } from '../table.js'

/** MB that our server may hold more than the bare one. */
const limit = 64
/** Tokens of each kind from which on the targets are judged: with fewer, no cache is full. */
export const enough = 20_000

const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1)
const used = ({ heapUsed, external }) => heapUsed + external

/** The section 'Memory' as Markdown. `bare`, `ours`, `garbage`: what was measured of each. */
export function renderMemory ({ bare, ours, garbage, conditions, seconds }) {
  const tables = [renderMeasured([bare, ours, garbage]), renderTargets(bare, { ours, garbage })]
  return [conditions, ...tables, method(seconds)].join('\n\n')
}

function renderMeasured (servers) {
  const rows = servers.flatMap(({ label, count, before, peak, after }) => [
    [label, count.toLocaleString('en'), 'before', ...columns(before)],
    ['', '', 'peak', '', '', megabytes(peak.used), megabytes(peak.rss)],
    ['', '', 'after gc', ...columns(after)]
  ])
  return table(['Server, MB', 'Requests', '', 'heapUsed', 'external', 'both', 'RSS'], rows, [1, 3, 4, 5, 6])
}

const columns = (memory) => [memory.heapUsed, memory.external, used(memory), memory.rss].map(megabytes)

function renderTargets (bare, { ours, garbage }) {
  const row = (text, server) => {
    const more = used(server.after) - used(bare.after)
    return [text, `< ${limit}`, megabytes(more), server.count < enough ? 'not judged' : more < limit * 2 ** 20 ? 'held' : 'missed']
  }
  const rows = [
    row('heapUsed + external after gc, valid tokens, MB over bare', ours),
    row('heapUsed + external after gc, garbage, MB over bare', garbage)
  ]
  return table(['Target', 'Limit', 'Measured', ''], rows, [1, 2])
}

const method = (seconds) => `Every server is a fresh process with default options. The bare route and ours get the same bytes at the same
time: valid ES256 tokens, no two alike, signed by a worker thread of the client while others are sent. Garbage is as
long as a token, random characters in three parts; every second one begins as a token does. ${connections} keep-alive connections,
${batch} requests at a time on each (HTTP pipelining, to be quick). Every answer's status is checked, and that our server
counted each token, none from its cache. Peak: sampled every 50 ms in the server. After gc: connections closed, three
collections. 1 MB is 2^20 bytes. The run took ${Math.round(seconds)} s.`
