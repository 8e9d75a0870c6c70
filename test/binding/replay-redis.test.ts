import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import t from 'tap'
import type { Test } from 'tap'
import { redisStore } from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import type { IoredisClient, NodeRedisClient } from '../../types/store.js'
import { ACCEPTED, answerOf, guardedApi, unavailable } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'

const BASE = 'https://api.example'
const URL = `${BASE}/`
const DEADLINE = 250

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())

const CLIENTS: Readonly<Record<string, (t: Test, port: number) => Promise<IoredisClient | NodeRedisClient>>> = {
  async ioredis (t, port) {
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20 })
    client.on('error', () => {})
    t.teardown(() => { client.disconnect() })
    return client
  },
  async 'node-redis' (t, port) {
    const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: () => 20 } })
    client.on('error', () => {})
    await client.connect()
    t.teardown(() => { client.destroy() })
    return client
  }
}

/** A client of the API with a token bound to its key, which the API has seen: a first token would need its issuer. */
async function apiWith (t: Test, client: IoredisClient | NodeRedisClient, options: Partial<GatehouseOptions> = {}) {
  const { app, logs, refusals } = await guardedApi(t, issuer, { baseUrl: BASE, store: redisStore(client, { deadline: DEADLINE }), ...options })
  const holder = await createProver()
  const token = holder.token(issuer)
  const ask = async (headers: Record<string, string>) => answerOf(await app.inject({ url: '/', headers }))
  t.strictSame(await ask({ authorization: `Bearer ${issuer.token()}` }), ACCEPTED)
  return { ask, logs, refusals, headers: () => holder.headers({ token, url: URL }) }
}

for (const [name, connect] of Object.entries(CLIENTS)) {
  t.test(name, { skip: reasonToSkip() ?? false }, async (t) => {
    const server = await startRedis(t)
    const raw = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 20 })
    raw.on('error', () => {})
    t.teardown(() => { raw.disconnect() })

    t.test('a proof is accepted once, by whichever process', async (t) => {
      const one = await apiWith(t, await connect(t, server.port))
      const other = await apiWith(t, await connect(t, server.port))
      const headers = one.headers()
      t.strictSame(await one.ask(headers), ACCEPTED)
      t.strictSame(await other.ask(headers), BAD_PROOF)
      t.strictSame(await one.ask(headers), BAD_PROOF)
      const [key, ...others] = await raw.keys('*')
      t.match(key, /^gatehouse:k:proof:[\w-]{43}$/)
      t.strictSame(others, [])
      const ttl = await raw.pttl(key!)
      t.ok(ttl > 360_000 - 60_000 && ttl <= 360_000, `for offset and twice the leeway: ${ttl} ms`)
    })

    t.test('of 200 requests at once with one proof, one is accepted', async (t) => {
      const apis = await Promise.all([1, 2].map(async () => apiWith(t, await connect(t, server.port), { dpop: { store: redisStore(await connect(t, server.port)) } })))
      const headers = apis[0]!.headers()
      const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => apis[index % 2]!.ask(headers)))
      t.equal(answers.filter(({ status }) => status === 200).length, 1)
      t.strictSame(answers.filter(({ status }) => status !== 200), Array(199).fill(BAD_PROOF))
    })

    t.test('where Redis is full, proofs are refused and what it has stays', async (t) => {
      const { ask, headers, refusals } = await apiWith(t, await connect(t, server.port), { dpop: { onStoreFailure: 'accept' } })
      const first = headers()
      t.strictSame(await ask(first), ACCEPTED)
      await raw.config('SET', 'maxmemory', '1')
      t.strictSame(await ask(headers()), unavailable())
      t.match(refusals().at(-1), { reason: 'store_unavailable', found: 'OOM', hint: 'Redis is full: it refuses to write more (OOM)' })
      await raw.config('SET', 'maxmemory', '0')
      t.strictSame(await ask(first), BAD_PROOF)
      t.strictSame(await ask(headers()), ACCEPTED)
    })

    t.test('where Redis hangs, stops in the middle or is away, nothing is accepted until it is back', async (t) => {
      const { ask, headers, refusals } = await apiWith(t, await connect(t, server.port))
      t.strictSame(await ask(headers()), ACCEPTED)

      server.pause()
      t.teardown(() => { server.resume() })
      t.strictSame(await ask(headers()), unavailable())
      t.match(refusals().at(-1), { reason: 'store_unavailable', found: 'late', hint: `Redis did not answer within ${DEADLINE} ms` })
      server.resume()
      t.strictSame(await again(() => ask(headers())), ACCEPTED)

      server.pause()
      const asked = [1, 2, 3].map(() => ask(headers()))
      await server.stop()
      t.strictSame(await Promise.all(asked), Array(3).fill(unavailable()), 'in the middle')

      t.strictSame(await ask(headers()), unavailable(), 'away')
      await server.start()
      t.strictSame(await again(() => ask(headers())), ACCEPTED)
    })

    t.test('with onStoreFailure: accept each proof is accepted meanwhile, and logged', async (t) => {
      const { ask, headers, logs } = await apiWith(t, await connect(t, server.port), { dpop: { onStoreFailure: 'accept' } })
      const first = headers()
      await server.stop()
      for (let count = 0; count < 3; count++) t.strictSame(await ask(first), ACCEPTED)
      const warned = () => logs.lines.filter(({ msg }) => msg === 'a DPoP proof was accepted though nobody can say whether it was used before')
      t.equal(warned().length, 3)
      t.match(warned()[0], { level: 40, gatehouse: { reason: 'store_unavailable' } })
      await server.start()
      let accepted = first
      // As soon as the client is connected again, proofs are stored.
      for (let tries = 0, before = -1; tries < 200 && before !== warned().length; tries++) {
        before = warned().length
        accepted = headers()
        t.strictSame(await ask(accepted), ACCEPTED)
        await sleep(20)
      }
      t.strictSame(await ask(accepted), BAD_PROOF)
    })
  })
}

/** Asks until it is no 503: the client decides when it connects again. */
async function again<Result extends { status: number }> (ask: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await ask()
    if (answer.status !== 503) return answer
    await sleep(20)
  }
  return ask()
}
