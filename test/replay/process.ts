import Fastify from 'fastify'
import { Redis } from 'ioredis'
import gatehouse, { oidc, redisStore } from '../../lib/index.js'

// A process of its own: an API whose proofs are remembered in Redis. Says its port, and ends with its input.
const [issuer = '', audience = '', baseUrl = '', redisPort] = process.argv.slice(2)
const redis = new Redis(Number(redisPort), '127.0.0.1')
const app = Fastify({ keepAliveTimeout: 600_000 })
await app.register(gatehouse, { provider: oidc({ issuer, audience }), baseUrl, dpop: 'require', store: redisStore(redis, { deadline: 30_000 }), startup: 'require' })
app.get('/', async ({ auth }) => ({ subject: auth.subject, pid: process.pid }))
const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
process.stdout.write(`${port}\n`)
process.stdin.resume().once('end', async () => {
  await app.close()
  redis.disconnect()
})
