import autocannon from 'autocannon'
import { now } from './clock.js'
import { quantile } from './statistics.js'

/**
 * One run of autocannon against a server. One token: every connection repeats it for `seconds`; many: they are dealt
 * out to the connections, and each is sent once. Rejects unless every answer is a 200.
 */
export async function runRound (server, tokens, { connections, seconds }) {
  const latencies = []
  const warm = new Set()
  let begin, end, first

  const run = autocannon({
    url: `http://127.0.0.1:${server.port}/`,
    connections,
    sampleInt: 50,
    headers: { accept: 'application/json', authorization: `Bearer ${tokens[0]}` },
    ...(tokens.length === 1 ? { duration: seconds } : { amount: tokens.length, setupClient: dealer(tokens, connections) })
  })
  run.on('response', (client, status, bytes, latency) => {
    end = now()
    if (begin === undefined) {
      begin = end
      first = lookAt(server)
    }
    // autocannon counts the first latency of a connection from before it connects all the others.
    if (warm.has(client)) latencies.push(latency)
    else warm.add(client)
  })
  const outcome = await run

  const elapsed = end - begin
  const { cpu, at } = await first
  const busy = ((await server.usage()).cpu - cpu) / 1000 / (end - at)
  const delay = await server.loopDelay()
  const answers = latencies.length + warm.size
  if (outcome['2xx'] !== answers || outcome.non2xx + outcome.errors + outcome.timeouts > 0) {
    throw new Error(`not every answer was a 200: ${outcome.non2xx} others, ${outcome.errors} errors`)
  }
  return {
    perSecond: (answers - 1) / elapsed * 1000,
    latency: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    delay,
    busy
  }
}

// What the server has used so far, while it is under load; from now on its loop is watched.
async function lookAt (server) {
  const usage = await server.usage()
  await server.watchLoop()
  return usage
}

// Gives every connection its own share of the tokens.
function dealer (tokens, connections) {
  const share = tokens.length / connections
  let dealt = 0
  return (client) => {
    const own = tokens.slice(dealt, dealt += share)
    client.setRequests(own.map((token) => ({ method: 'GET', headers: { accept: 'application/json', authorization: `Bearer ${token}` } })))
  }
}
