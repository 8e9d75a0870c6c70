import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { redisStore } from '../../lib/store/redis.js'
import type { IoredisClient, NodeRedisClient, Store } from '../../types/store.js'
import { catchTimers } from '../support/caught-timers.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'
import type { RedisServer } from '../support/redis-server.js'
import { storeContract } from './contract.js'
import { LONG, SHORT } from './subject.js'

/** Connects a client of its own, which is closed when the test ends. */
export type Connect = (t: Test, port: number) => Promise<IoredisClient | NodeRedisClient>

/** Sends a command to the server past every store. */
export type Raw = (...command: [string, ...string[]]) => Promise<unknown>

const UNAVAILABLE = { name: 'StoreUnavailableError' }
const DEADLINE = 250

/** The tests of the store on a real server, for one kind of client. */
export function redisTests (t: Test, connect: Connect, rawOf: (client: IoredisClient | NodeRedisClient) => Raw): void {
  const skip = reasonToSkip() ?? false
  t.test('on a server', { skip }, async (t) => {
    const server = await startRedis(t)
    const raw = rawOf(await connect(t, server.port))
    const open = async (t: Test): Promise<Store> => redisStore(await connect(t, server.port))
    t.beforeEach(() => raw('flushall'))

    t.test('the contract is kept', async (t) => {
      storeContract(t, async (t) => ({
        store: await open(t),
        other: await open(t),
        pass: (ms) => sleep(ms + 20),
        held: async () => {
          // Redis takes the expired out in the background, some at a time.
          for (let tries = 0; tries < 500 && Number(await raw('dbsize')) > 0; tries++) await sleep(20)
          return Number(await raw('dbsize'))
        }
      }))
    })

    t.test('every process sees the same entries', async (t) => {
      t.equal((await open(t)).isShared, true)
    })

    t.test('each prefix has entries of its own, and none is without', async (t) => {
      const client = await connect(t, server.port)
      const stores = ['gatehouse:', 'a:', 'a:k:', ''].map((prefix) => redisStore(client, { prefix }))
      for (const [index, store] of stores.entries()) await store.set('k', String(index), LONG, { indexes: ['i'] })
      t.strictSame(await Promise.all(stores.map((store) => store.get('k'))), ['0', '1', '2', '3'])
      t.equal(await redisStore(client).get('k'), '0')
      for (const store of stores) t.equal(await store.deleteByIndex('i'), 1)
      t.equal(await raw('dbsize'), 0)
      await redisStore(client, { prefix: 'only:' }).set('k', 'x', LONG, { indexes: ['i', 'j'] })
      const names = await raw('keys', '*') as string[]
      t.equal(names.length, 3)
      t.ok(names.every((name) => name.startsWith('only:')))
    })

    t.test('nothing is written without a time to live', async (t) => {
      const store = await open(t)
      await store.set('a', 'x', LONG, { indexes: ['i'] })
      await store.set('b', 'x', 2 * LONG, { indexes: ['i'] })
      await store.add('c', 'x', LONG)
      const names = await raw('keys', '*') as string[]
      t.equal(names.length, 4)
      for (const name of names) t.ok(Number(await raw('pttl', name)) > LONG - 60_000)
      const [index] = names.filter((name) => name.startsWith('gatehouse:i:'))
      t.ok(Number(await raw('pttl', index!)) > 2 * LONG - 60_000, 'an index lives as long as the last of its entries')
      await store.delete('b')
      t.ok(Number(await raw('pttl', index!)) <= LONG, 'and no longer')
    })

    t.test('an index holds the keys that live under it and no others', async (t) => {
      const store = await open(t)
      await store.set('stays', 'x', LONG, { indexes: ['i'] })
      const [index] = await raw('keys', 'gatehouse:i:*') as string[]
      for (let login = 0; login < 100; login++) {
        await store.set(`deleted ${login}`, 'x', LONG, { indexes: ['i'] })
        await store.delete(`deleted ${login}`)
        await store.set(`expired ${login}`, 'x', SHORT, { indexes: ['i'] })
        await store.set(`moved ${login}`, 'x', LONG, { indexes: ['i'] })
        await store.set(`moved ${login}`, 'x', LONG, { indexes: ['j'] })
      }
      await sleep(SHORT + 20)
      await store.set('last', 'x', LONG, { indexes: ['i'] })
      t.strictSame(await raw('zrange', index!, '0', '-1'), ['stays', 'last'])
    })

    t.test('what an index still names is judged by the entry itself', async (t) => {
      const store = await open(t)
      await store.set('a', 'x', LONG, { indexes: ['i'] })
      await raw('del', 'gatehouse:k:a')
      await store.add('a', 'new', LONG)
      t.equal(await store.deleteByIndex('i'), 0, 'Redis evicted one, another came under its key')
      t.equal(await store.get('a'), 'new')
    })

    t.test('what another app wrote under the prefix is an error, not an entry', async (t) => {
      const store = await open(t)
      await raw('set', 'gatehouse:k:text', 'foreign')
      await raw('lpush', 'gatehouse:k:list', 'foreign')
      for (const key of ['text', 'list']) {
        await t.rejects(store.get(key), { ...UNAVAILABLE, reason: 'failed' })
        const refused = { ...UNAVAILABLE, reason: 'failed', message: /^Redis could not do what it was asked \((ERR|WRONGTYPE)\)$/ }
        await t.rejects(store.set(key, 'x', LONG), refused)
        await t.rejects(store.delete(key), refused)
        t.equal(await store.add(key, 'x', LONG), false)
      }
    })

    t.test('a full Redis refuses to write and keeps all it has; there is room again once something is deleted', async (t) => {
      const store = await open(t)
      const refused = { ...UNAVAILABLE, reason: 'full', driverCode: 'OOM', message: 'Redis is full: it refuses to write more (OOM)' }
      const used = /used_memory:(\d+)/.exec(String(await raw('info', 'memory')))![1]!
      await store.set('a', 'me', LONG, { indexes: ['i'] })
      await store.set('large', 'x'.repeat(8_000_000), LONG, { indexes: ['i'] })
      await raw('config', 'set', 'maxmemory', String(Number(used) + 3_000_000))
      t.teardown(() => raw('config', 'set', 'maxmemory', '0'))
      await t.rejects(store.add('b', 'x', LONG), refused)
      await t.rejects(store.set('a', 'y', LONG, { indexes: ['j'] }), refused)
      t.equal(await store.get('a'), 'me')
      t.equal(await store.deleteByIndex('j'), 0, 'a refused write changed no index')
      t.equal(await store.extend('a', 'me', LONG), true)
      t.equal(await store.deleteByIndex('i'), 2, 'deleting is never refused')
      await worksAgain(t, store)
    })
  })

  t.test('Redis goes away and comes back', { skip }, async (t) => {
    const server = await startRedis(t)
    const store = redisStore(await connect(t, server.port), { deadline: DEADLINE })

    t.test('where it stops, every call is refused within the deadline, until it is here again', async (t) => {
      await store.add('a', 'x', LONG)
      await server.stop()
      await refusedInTime(t, store)
      await server.start()
      await worksAgain(t, store)
    })

    t.test('where it hangs, too', async (t) => {
      await store.set('a', 'x', LONG)
      hang(t, server)
      await refusedInTime(t, store)
      server.resume()
      await worksAgain(t, store)
      t.equal(await store.get('a'), 'x')
    })

    t.test('unless it is told otherwise a store waits two seconds', async (t) => {
      const patient = redisStore(await connect(t, server.port))
      await patient.get('a')
      const timers = catchTimers(t)
      hang(t, server)
      const asked = patient.get('a')
      while (timers(2_000).length === 0) await sleep(1)
      timers(2_000)[0]!.fire()
      await t.rejects(asked, { ...UNAVAILABLE, reason: 'late', message: 'Redis did not answer within 2000 ms' })
      server.resume()
    })
  })
}

function hang (t: Test, server: RedisServer): void {
  server.pause()
  t.teardown(() => { server.resume() })
}

async function refusedInTime (t: Test, store: Store): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    const calls = {
      get: store.get('a'),
      set: store.set('b', 'secret value', LONG, { indexes: ['i'] }),
      add: store.add('c', 'secret value', LONG),
      delete: store.delete('d'),
      extend: store.extend('e', 'secret value', LONG),
      release: store.release('f', 'secret value'),
      deleteByIndex: store.deleteByIndex('g')
    }
    for (const outcome of await Promise.allSettled(Object.values(calls))) {
      if (outcome.status === 'fulfilled') { t.fail('a call was answered'); continue }
      t.match(outcome.reason, UNAVAILABLE)
      t.notMatch(JSON.stringify(outcome.reason) + String(outcome.reason.message), 'secret')
      t.equal(outcome.reason.cause, undefined)
    }
    t.ok(performance.now() - start < DEADLINE + 500)
  }
}

/** Within seconds: the client decides when it connects again, Redis when it gives memory back. */
async function worksAgain (t: Test, store: Store): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await store.set('here', 'again', LONG)
      break
    } catch {
      await sleep(50)
    }
  }
  t.equal(await store.get('here'), 'again')
}
