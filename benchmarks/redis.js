import { logIn } from './login.js'
import { RedisServer, redisVersion } from './redis-server.js'
import { ServerProcess } from './server-process.js'
import { fixed, grouped, table } from './table.js'
import { sessionTraffic } from './traffic.js'

// After a minute it is written down that a session was used.
const minute = 61_000

/**
 * What each of many requests of one session does in Redis: `{ roundTrips, calls }`, the calls by command; undefined where
 * there is no redis-server.
 */
export async function measureRedis ({ requests, inMinute }, { issuer }) {
  if (redisVersion() === undefined) return undefined
  console.error('round trips of a session in Redis')
  const redis = await RedisServer.start()
  let server
  try {
    server = await ServerProcess.start('login', { ...issuer.config, sessionIn: 'store', redis: redis.port })
    const [request] = sessionTraffic(await logIn(server.port)).requests(0, 1)
    const measured = []
    let before = await redis.counts()
    for (let sent = 1; sent <= requests; sent++) {
      await server.send([request], 200)
      const after = await redis.counts()
      measured.push(difference(before, after))
      before = after
      if (sent % inMinute === 0) await server.moveClocks(minute)
    }
    return measured
  } finally {
    server?.stop()
    redis.stop()
  }
}

function difference (before, after) {
  const calls = [...after.calls].map(([name, count]) => [name, count - (before.calls.get(name) ?? 0)]).filter(([, count]) => count > 0)
  // One read was the question.
  return { roundTrips: after.reads - before.reads - 1, calls }
}

/** The table, as Markdown. */
export function renderRedis (measured, { inMinute }) {
  if (measured === undefined) return 'Not measured: redis-server is not installed here.'
  const rows = Array.from(countKinds(measured), ([kind, count]) => [grouped(count), ...kind.split('\n')])
  const mean = measured.reduce((sum, { roundTrips }) => sum + roundTrips, 0) / measured.length
  return `${grouped(measured.length)} requests of one session, one after the other, as Redis ${redisVersion()} counted (\`INFO\`: what it read, ` +
    `and \`commandstats\`, in which the commands of its scripts count too). After every ${inMinute} the clocks of the server go a minute ahead; the next request ` +
    `then writes down that the session was used. ${fixed(mean, 3)} round trips a request on average.\n\n` +
    table(['Requests', 'Round trips of each', 'Commands of each'], rows, [0, 1])
}

// How many requests there are of each kind, by its cells in the table.
function countKinds (measured) {
  const counts = new Map()
  for (const { roundTrips, calls } of measured) {
    const kind = `${roundTrips}\n${describe(calls)}`
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

function describe (calls) {
  return calls.toSorted(([a], [b]) => a < b ? -1 : 1).map(([name, count]) => count === 1 ? name : `${count} x ${name}`).join(', ')
}
