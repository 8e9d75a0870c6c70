import { createClient, createClientPool, createSentinel, RESP_TYPES } from 'redis'
import t from 'tap'
import type { Test } from 'tap'
import { redisStore } from '../../lib/store/redis.js'
import type { NodeRedisClient } from '../../types/store.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'
import { redisTests } from './redis-server-tests.js'
import { LONG } from './subject.js'

const skip = reasonToSkip() ?? false

async function connect (t: Test, port: number): Promise<NodeRedisClient> {
  return connected(t, createClient({ socket: { host: '127.0.0.1', port } }))
}

interface Closable { on (event: 'error', listener: () => void): unknown, connect (): Promise<unknown>, destroy (): unknown }

async function connected<Client extends Closable> (t: Test, client: Client): Promise<Client> {
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => { client.destroy() })
  return client
}

redisTests(t, connect, (client) => (...command) => (client as NodeRedisClient).sendCommand(command))

t.test('clients of every version of the protocol, with replies of every type, and pools do the same', { skip }, async (t) => {
  const { port } = await startRedis(t)
  const socket = { host: '127.0.0.1', port }
  const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer, [RESP_TYPES.NUMBER]: String }
  const clients = {
    'RESP 2': createClient({ socket, RESP: 2 }),
    'RESP 3': createClient({ socket, RESP: 3 }),
    Buffers: createClient({ socket, commandOptions: { typeMapping } }),
    'a prefix': createClient({ socket, keyPrefix: 'app:' }),
    'a pool': createClientPool({ socket }, { minimum: 2 })
  }
  for (const [name, client] of Object.entries(clients)) {
    await t.test(name, async (t) => {
      const store = redisStore(await connected<Closable & NodeRedisClient>(t, client))
      t.equal(await store.set('a', 'me', LONG, { indexes: ['i', 'j'] }), true)
      t.equal(await store.get('a'), 'me')
      t.equal(await store.get('b'), undefined)
      t.equal(await store.add('a', 'you', LONG), false)
      t.equal(await store.add('b', 'you', LONG), true)
      t.equal(await store.extend('a', 'me', LONG), true)
      t.equal(await store.release('b', 'me'), false)
      t.equal(await store.release('b', 'you'), true)
      t.equal(await store.deleteByIndex('j'), 1)
    })
  }
})

t.test('a client that was never connected is refused at once, with the remedy', async (t) => {
  const client = createClient()
  const store = redisStore(client)
  await t.rejects(store.get('a'), {
    name: 'StoreUnavailableError',
    reason: 'failed',
    message: 'The node-redis client is not connected: await client.connect() before the app listens, and close it after the app'
  })
})

t.test('a client connected after the store was made is as good', { skip }, async (t) => {
  const { port } = await startRedis(t)
  const client = createClient({ socket: { host: '127.0.0.1', port } })
  const store = redisStore(client)
  await connected(t, client)
  t.equal(await store.add('a', 'x', LONG), true)
})

t.test('a command that was given up before it was sent is not sent later', { skip }, async (t) => {
  const server = await startRedis(t)
  const client = await connect(t, server.port)
  const store = redisStore(client, { deadline: 50 })
  await server.stop()
  await t.rejects(store.get('a'), { name: 'StoreUnavailableError' })
  for (let count = 0; count < 20; count++) await t.rejects(store.add('late', 'x', LONG), { name: 'StoreUnavailableError', reason: 'late' })
  await server.start()
  const patient = redisStore(client)
  t.equal(await patient.get('late'), undefined)
})

t.test('a client of a sentinel is refused', async (t) => {
  const sentinel = createSentinel({ name: 'primary', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })
  t.throws(() => Reflect.apply(redisStore, undefined, [sentinel]), { name: 'TypeError', message: /got another object; clients of a Redis Cluster and of node-redis sentinels cannot be used$/ })
})
