import { Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { redisStore } from '../../lib/store/redis.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'
import { redisTests } from './redis-server-tests.js'
import { LONG } from './subject.js'

type Options = Omit<RedisOptions, 'replyMapping'>

function connect (t: Test, port: number, options: Options = {}): Redis {
  const client = new Redis(port, '127.0.0.1', options)
  client.on('error', () => {})
  t.teardown(() => { client.disconnect() })
  return client
}

redisTests(t, async (t, port) => connect(t, port), (client) => (...command) => (client as Redis).call(...command))

t.test('options of the client that change keys and replies change nothing else', { skip: reasonToSkip() ?? false }, async (t) => {
  const { port } = await startRedis(t)
  for (const options of [
    { keyPrefix: 'app:' }, { keyPrefix: 'app:', db: 1 }, { stringNumbers: true }, { enableAutoPipelining: true }, { lazyConnect: true }, { showFriendlyErrorStack: true }
  ]) {
    await t.test(Object.keys(options).join(', '), async (t) => {
      const store = redisStore(connect(t, port, options))
      t.equal(await store.set('a', 'me', LONG, { indexes: ['i', 'j'] }), true)
      t.equal(await store.get('a'), 'me')
      t.equal(await store.add('a', 'you', LONG), false)
      t.equal(await store.add('b', 'you', LONG), true)
      t.equal(await store.extend('a', 'me', LONG), true)
      t.equal(await store.extend('a', 'you', LONG), false)
      t.equal(await store.set('c', 'me', LONG, { onlyIfPresent: true }), false)
      t.equal(await store.release('b', 'you'), true)
      t.equal(await store.deleteByIndex('j'), 1)
      t.equal(await store.get('a'), undefined)
      t.equal(await connect(t, port).dbsize(), 0)
    })
  }
})

t.test('a client that was closed is refused at once', { skip: reasonToSkip() ?? false }, async (t) => {
  const { port } = await startRedis(t)
  const client = connect(t, port)
  const store = redisStore(client)
  await store.get('a')
  await client.quit()
  await t.rejects(store.get('a'), { name: 'StoreUnavailableError', reason: 'failed', message: 'Redis could not do what it was asked' })
})

t.test('a password that is wrong is named by its code alone', { skip: reasonToSkip() ?? false }, async (t) => {
  const { port } = await startRedis(t)
  await connect(t, port).config('SET', 'requirepass', 'open sesame')
  await t.rejects(redisStore(connect(t, port)).get('a'), {
    name: 'StoreUnavailableError', reason: 'failed', driverCode: 'NOAUTH', message: 'Redis could not do what it was asked (NOAUTH)'
  })
})
