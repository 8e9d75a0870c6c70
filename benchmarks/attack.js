import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { sendAtRate } from './pace.js'
import { servers } from './plan.js'
import { ServerProcess } from './server-process.js'
import { forgeToken } from './signed-token.js'
import { quantile, spread } from './statistics.js'
import { fixed, grouped, table, withQuartiles } from './table.js'
import { requestWith } from './traffic.js'

const honest = { connections: 4, rate: 400, status: 200 }

/**
 * Latency of honest requests while others send forged tokens with unknown key ids; beside it what the same number of
 * ordinary requests does to a bare route. For each launch and server: `{ quiet, paced, flat, fetches, seconds }`, where
 * `seconds` is how long forged tokens came.
 */
export async function measureAttack (size, { issuer, traffics }) {
  const key = issuer.keys.find(({ alg }) => alg === 'RS256')
  const launches = []
  for (let launch = 0; launch < size.launches; launch++) {
    console.error(`attack: launch ${launch + 1} of ${size.launches}`)
    const forged = Array.from({ length: size.forged + size.warmUp }, (_, serial) => (
      requestWith(forgeToken({ ...key, kid: `unknown-${launch}-${serial}` }, issuer, serial))
    ))
    const [honestRequest] = traffics.seen.requests(0, 1)
    launches.push({
      ours: await measureServer(servers.ours, { honestRequest, requests: forged, status: 401 }, size, issuer),
      bare: await measureServer(servers.bare, { honestRequest, requests: forged.map(() => honestRequest), status: 200 }, size, issuer)
    })
  }
  return launches
}

async function measureServer ({ module }, { honestRequest, requests, status }, size, issuer) {
  const server = await ServerProcess.start(module, issuer.config)
  try {
    await server.send(Array.from({ length: size.warmUp }, () => honestRequest), 200)
    const before = issuer.fetches()
    const begin = performance.now()
    await server.send(requests.slice(size.forged), status)

    const others = requests.slice(0, size.forged)
    const quiet = await sendHonest(server, honestRequest, AbortSignal.timeout(Math.round(size.forged / size.rate * 1000)))
    const paced = await sendBeside(server, honestRequest, { requests: others, status, rate: size.rate })
    const flat = await sendBeside(server, honestRequest, { requests: others, status, passes: size.passes })
    return { quiet, paced, flat, fetches: issuer.fetches() - before, seconds: (performance.now() - begin) / 1000 }
  } finally {
    server.stop()
  }
}

async function sendBeside (server, honestRequest, others) {
  const attacker = new Worker(new URL('attacker.js', import.meta.url), { workerData: { port: server.port, ...others } })
  const ended = new AbortController()
  try {
    await once(attacker, 'message')
    const took = once(attacker, 'message').then(([milliseconds]) => milliseconds).finally(() => ended.abort())
    attacker.postMessage('go')
    const [milliseconds, latencies] = await Promise.all([took, sendHonest(server, honestRequest, ended.signal)])
    return { ...latencies, others: others.requests.length * (others.passes ?? 1) / milliseconds * 1000 }
  } finally {
    await attacker.terminate()
  }
}

async function sendHonest (server, request, signal) {
  const latencies = await sendAtRate(server.port, endlessly(request), { ...honest, signal })
  return { count: latencies.length, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}

function * endlessly (request) {
  while (true) yield request
}

/** The table, as Markdown. */
export function renderAttack (launches, { forged, rate, passes }) {
  const rows = ['ours', 'bare'].flatMap((id) => ['quiet', 'paced', 'flat'].map((phase) => {
    const each = (value) => launches.map(({ [id]: measured }) => value(measured[phase], measured))
    return [
      phase === 'quiet' ? servers[id].label : '',
      phase === 'quiet' ? 'nothing else' : id === 'ours' ? 'forged, unknown key ids' : 'ordinary requests',
      phase === 'quiet' ? '' : grouped(quantile(each(({ others }) => others), 0.5)),
      grouped(quantile(each(({ count }) => count), 0.5)),
      fixed(quantile(each(({ p50 }) => p50), 0.5), 2),
      withQuartiles(spread(each(({ p99 }) => p99)), 2),
      phase === 'quiet' ? '' : withQuartiles(spread(each(({ p99 }, { quiet }) => p99 / quiet.p99)), 1)
    ]
  }))
  const fetches = Math.max(...launches.map(({ ours }) => ours.fetches))
  const head = ['Server', 'Others send', 'of these a second', 'Honest', 'p50, ms', 'p99, ms', 'x quiet p99']
  return `Honest callers send ${honest.rate} requests a second on ${honest.connections} connections while 50 others send ` +
    `${grouped(forged)} tokens that look valid, each with another unknown key id: first ${grouped(rate)} a second, then ` +
    `${passes === 1 ? 'once' : `${passes} times`} more without a pause. The bare route gets as many ordinary requests instead, ` +
    'to show what load alone does. Each number is the median of ' +
    `${launches.length} ${launches.length === 1 ? 'launch' : 'launches'}. Most fetches of the key set in one launch: ${fetches}.\n\n${table(head, rows)}`
}
