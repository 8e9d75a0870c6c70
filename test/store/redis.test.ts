import t from 'tap'
import { redisStore } from '../../lib/store/redis.js'
import type { RedisStoreOptions, Store } from '../../types/store.js'

/** A store whose Redis gives this answer to everything. */
function answering (reply: unknown, options: RedisStoreOptions = {}): Store {
  return redisStore({ status: 'ready', call: async () => reply }, options)
}

t.test('a wrong option is refused by name', async (t) => {
  const client = { status: 'ready', call: async () => null }
  for (const [options, message] of [
    [{ prefix: 5 }, 'redisStore.prefix: expected a text, got 5'],
    [{ deadline: 0 }, 'redisStore.deadline: expected 1 to 60,000 milliseconds, got 0'],
    [{ deadline: 60_001 }, 'redisStore.deadline: expected 1 to 60,000 milliseconds, got 60001'],
    [{ deadline: NaN }, 'redisStore.deadline: expected 1 to 60,000 milliseconds, got NaN'],
    [{ deadline: '2000' }, "redisStore.deadline: expected 1 to 60,000 milliseconds, got '2000'"],
    [{ keyPrefix: 'a' }, 'redisStore: unknown key "keyPrefix"; known are prefix, deadline'],
    [null, 'redisStore: expected an object, got null']
  ]) t.throws(() => Reflect.apply(redisStore, undefined, [client, options]), new TypeError(String(message)))
  t.throws(() => Reflect.apply(redisStore, undefined, []), { name: 'TypeError', message: /^redisStore\(client\): expected a client of ioredis/ })
  t.ok(redisStore(client, { prefix: undefined, deadline: undefined }))
})

t.test('an answer that cannot be read is an error, not an entry and not a no', async (t) => {
  const unreadable = {
    name: 'StoreUnavailableError',
    reason: 'failed',
    message: 'Redis answered in a form that cannot be read; does the client transform replies, or is the prefix shared with another app?'
  }
  for (const reply of [undefined, Buffer.from('\nx'), { value: 'x' }, true]) {
    const store = answering(reply)
    await t.rejects(store.get('a'), unreadable)
    await t.rejects(store.set('a', 'x', 1), unreadable)
    await t.rejects(store.delete('a'), unreadable)
    await t.rejects(store.add('a', 'x', 1), unreadable)
    await t.rejects(store.extend('a', 'x', 1), unreadable)
    await t.rejects(store.release('a', 'x'), unreadable)
    await t.rejects(store.deleteByIndex('a'), unreadable)
  }
  await t.rejects(answering('text without a head').get('a'), unreadable)
})

t.test('a time to live is rounded up to whole milliseconds', async (t) => {
  const commands: string[][] = []
  const store = redisStore({ status: 'ready', call: async (...command) => { commands.push(command); return 'OK' } })
  await store.add('a', 'x', 1.2)
  t.strictSame(commands, [['set', 'gatehouse:k:a', '\nx', 'PX', '2', 'NX']])
})
