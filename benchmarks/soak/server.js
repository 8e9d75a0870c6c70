// The child process: serves one guarded route on a free loopback port and tells how it is when asked.
import Fastify from 'fastify'
import gatehouse, { oidc } from '../../dist/lib/index.js'

const { issuer, audience } = JSON.parse(process.argv[2])
const app = Fastify({ logger: false })

await app.register(gatehouse, { provider: oidc({ issuer, audience }) })
app.get('/', async (request) => ({ sub: request.auth.subject }))
await app.ready()
await app.gatehouse.ready()

// Idle connections stay open: one that closes while a request is on its way would look like a lost answer.
app.server.keepAliveTimeout = 0

process.on('message', () => {
  const [health] = app.gatehouse.health()
  const { rss, heapUsed } = process.memoryUsage()
  process.send({ health, stats: app.gatehouse.stats(), rss, heapUsed })
})
process.on('disconnect', () => process.exit())

await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
