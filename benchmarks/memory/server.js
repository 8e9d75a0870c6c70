// The child process: serves one route on a free loopback port and tells its memory when asked. Needs --expose-gc.
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'

const { guarded, issuer, audience } = JSON.parse(process.argv[2])
const app = Fastify({ logger: false })
const often = 50
let sampling
let peak

if (guarded) {
  // Only here: the bare server must not carry our code.
  const { default: gatehouse, oidc } = await import('../../dist/lib/index.js')
  await app.register(gatehouse, { provider: oidc({ issuer, audience }) })
}
app.get('/', async () => ({ hello: 'world' }))
await app.ready()
await app.gatehouse?.ready()
app.server.keepAliveTimeout = 600_000

const questions = {
  /** Memory before the load; from now on its peak is watched. */
  async before () {
    const now = await settledMemory()
    peak = { used: 0, rss: 0 }
    sampling = setInterval(sample, often)
    return now
  },
  /** Peak, and memory after the load, once its connections are closed. */
  async after () {
    sample()
    clearInterval(sampling)
    while (await connections() > 0) await sleep(often)
    return { peak, after: await settledMemory(), stats: app.gatehouse?.stats() }
  }
}

function sample () {
  const { heapUsed, external, rss } = process.memoryUsage()
  peak.used = Math.max(peak.used, heapUsed + external)
  peak.rss = Math.max(peak.rss, rss)
}

// What was let go by one collection (handles, weak references) is free only after the next.
async function settledMemory () {
  for (let i = 0; i < 3; i++) {
    await sleep(200)
    globalThis.gc()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapUsed, external, rss }
}

function connections () {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => error ? reject(error) : resolve(count))
  })
}

process.on('message', async (question) => process.send(await questions[question]()))
process.on('disconnect', () => process.exit())

await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
