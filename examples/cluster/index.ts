/**
 * Two processes behind one port that share sessions through Redis: who logs in at one is logged in at both. They share
 * the proofs of bound tokens (DPoP), too: what one accepted the other refuses.
 */
import cluster from 'node:cluster'
import { Redis } from 'ioredis'
import { oidc, redisStore } from 'fastify-gatehouse'
import { buildApp } from './app.js'

const PROCESSES = 2

if (cluster.isPrimary) startProcesses()
else await serve()

function startProcesses (): void {
  for (let count = 0; count < PROCESSES; count++) cluster.fork()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => cluster.disconnect())
  cluster.on('exit', ({ exitedAfterDisconnect }) => {
    if (exitedAfterDisconnect) return
    // Nobody told it to. Half a cluster would hide that something is wrong
    process.exitCode = 1
    cluster.disconnect()
  })
}

async function serve (): Promise<void> {
  const { REDIS_URL = 'redis://127.0.0.1:6379', PORT = '3000', BASE_URL = `http://127.0.0.1:${PORT}` } = process.env
  const { ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, SESSION_SECRET } = process.env
  // Ctrl-C reaches every process of the terminal; the first one tells the others
  process.on('SIGINT', () => {})

  const redis = new Redis(REDIS_URL)
  // It connects at once, and again by itself
  redis.on('error', (error) => console.error(error))
  const app = await buildApp({
    gatehouse: {
      provider: oidc({ issuer: ISSUER, audience: AUDIENCE, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }),
      baseUrl: BASE_URL,
      store: redisStore(redis)
    },
    login: {
      session: { secret: SESSION_SECRET, in: 'store' },
      scope: 'openid profile email offline_access',
      prompt: 'consent' // without it many providers give no refresh token: OpenID Connect Core, section 11
    }
  }, { logger: true })

  async function end (): Promise<void> {
    await app.close()
    redis.disconnect()
  }
  cluster.worker?.once('disconnect', end)
  if (!cluster.worker?.isConnected()) return end()
  await app.listen({ host: '127.0.0.1', port: Number(PORT) })
}
