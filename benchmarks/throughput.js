import { servers } from './plan.js'
import { runRound } from './throughput-round.js'
import { ServerProcess } from './server-process.js'
import { quantile, spread } from './statistics.js'
import { fixed, grouped, table } from './table.js'

const paths = [
  { traffic: 'seen', title: 'seen before', servers: ['bare', 'ours', 'jwksCached', 'getJwksCached', 'jose', 'express', 'bearer'] },
  { traffic: 'rs256', title: 'never seen, RS256', servers: ['bare', 'ours', 'jwks', 'getJwks', 'jose', 'express', 'bearer'] }
]

/** Requests per second, latency and event-loop delay under autocannon: the rounds of every server on every path. */
export async function measureThroughput (size, { issuer, traffics }) {
  const results = []
  for (const { traffic, title, servers: ids } of paths) {
    for (const [i, id] of ids.entries()) {
      console.error(`throughput, ${title}: ${servers[id].label}`)
      const rounds = await measureServer(servers[id], traffics[traffic], size, issuer)
      results.push({ path: i === 0 ? title : '', label: servers[id].label, rounds })
    }
  }
  return results
}

async function measureServer ({ module, options, label, open }, traffic, size, { config }) {
  const server = await ServerProcess.start(module, { ...config, ...options })
  const length = size.fresh * size.connections
  try {
    await server.send(traffic.requests(0, size.warmUp), 200)
    const rounds = []
    for (let round = 0; round < size.rounds; round++) {
      // A bare route looks at no token, so that one will do.
      const tokens = traffic.repeats || open ? traffic.tokens(0, 1) : traffic.tokens(size.warmUp + round * length, length)
      rounds.push(await runRound(server, tokens, size))
    }
    return rounds
  } catch (error) {
    throw new Error(`${label}: ${error.message}`, { cause: error })
  } finally {
    server.stop()
  }
}

/** The table, as Markdown. */
export function renderThroughput (results, { connections, rounds }) {
  const rows = results.map(({ path, label, rounds }) => {
    const median = (value) => quantile(rounds.map(value), 0.5)
    const { low, high } = spread(rounds.map(({ perSecond }) => perSecond))
    return [
      path, label,
      `${grouped(median((round) => round.perSecond))} [${grouped(low)}, ${grouped(high)}]`,
      fixed(median(({ latency }) => latency.p50), 1),
      fixed(median(({ latency }) => latency.p99), 1),
      ['p50', 'p99', 'max'].map((name) => fixed(median(({ delay }) => delay[name]), 1)).join(' / '),
      fixed(100 * median(({ busy }) => busy), 0)
    ]
  })
  const head = ['Token', 'Server', 'Requests/s', 'p50, ms', 'p99, ms', 'Loop delay p50 / p99 / max, ms', 'Server CPU, %']
  return `autocannon, ${connections} connections, one request at a time on each; medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ` +
    'quartiles in brackets. ' +
    'The client is one process on the same machine: where the server\'s CPU stays below 95 % of a core, the client was ' +
    `the limit, or another program, and the server can do more.\n\n${table(head, rows)}`
}
