import type { Test } from 'tap'
import { indexContract } from './contract-indexes.js'
import { textContract } from './contract-texts.js'
import { LONG, SHORT, values } from './subject.js'
import type { Open } from './subject.js'

/** What every store does: the tests of `types/store.ts`. */
export function storeContract (t: Test, open: Open): void {
  t.test('what one process sets, another reads and deletes', async (t) => {
    const { store, other } = await open(t)
    t.equal(await store.get('a'), undefined)
    t.equal(await store.set('a', 'first', LONG), true)
    t.equal(await other.get('a'), 'first')
    t.equal(await other.set('a', 'second', LONG), true)
    t.equal(await store.get('a'), 'second')
    await other.delete('a')
    t.equal(await store.get('a'), undefined)
    t.equal(await store.delete('a'), undefined, 'and deleting what is not there is no error')
  })

  t.test('an entry ends with its time, and the last write says when', async (t) => {
    const { store, pass } = await open(t)
    await store.set('short', 'x', SHORT)
    await store.set('fraction', 'x', 0.4)
    await store.set('shortened', 'x', LONG)
    await store.set('shortened', 'x', SHORT)
    await store.set('lengthened', 'x', 500)
    await store.set('lengthened', 'y', LONG)
    await store.add('added', 'x', SHORT)
    await pass(500)
    t.strictSame(await values(store, 'short', 'fraction', 'shortened', 'lengthened', 'added'), [undefined, undefined, undefined, 'y', undefined])
  })

  t.test('a time to live is more than nothing and at most ten years', async (t) => {
    const { store } = await open(t)
    await store.add('a', 'owner', LONG)
    for (const ttl of [0, -1, NaN, Infinity, -Infinity, 315_360_000_001]) {
      await t.rejects(store.set('a', 'x', ttl), RangeError)
      await t.rejects(store.add('b', 'x', ttl), RangeError)
      await t.rejects(store.extend('a', 'owner', ttl), { name: 'RangeError', message: `ttl: expected milliseconds, more than 0 and at most ten years, got ${ttl}` })
    }
    t.strictSame(await values(store, 'a', 'b'), ['owner', undefined], 'and a wrong one changes nothing')
    t.equal(await store.set('b', 'x', 315_360_000_000), true)
    t.equal(await store.get('b'), 'x')
  })

  t.test('onlyIfPresent writes over a live entry alone', async (t) => {
    const { store, pass } = await open(t)
    t.equal(await store.set('a', 'x', LONG, { onlyIfPresent: true, indexes: ['i'] }), false)
    t.equal(await store.get('a'), undefined)
    t.equal(await store.deleteByIndex('i'), 0)
    await store.set('a', 'x', LONG)
    t.equal(await store.set('a', 'y', LONG, { onlyIfPresent: true }), true)
    t.equal(await store.get('a'), 'y')
    await store.delete('a')
    t.equal(await store.set('a', 'late', LONG, { onlyIfPresent: true }), false, 'a deleted one does not come back')
    await store.set('a', 'x', SHORT)
    await pass(SHORT)
    t.equal(await store.set('a', 'late', LONG, { onlyIfPresent: true }), false, 'nor an expired one')
    t.equal(await store.get('a'), undefined)
    t.equal(await store.set('a', 'x', LONG, { onlyIfPresent: false, indexes: undefined }), true)
  })

  t.test('of 1,000 concurrent adds by two processes one is the first', async (t) => {
    const { store, other } = await open(t)
    const told = await Promise.all(Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? store : other).add('proof', String(index), LONG)))
    t.equal(told.filter(Boolean).length, 1)
    t.equal(await other.get('proof'), String(told.indexOf(true)), 'and its value stands')
  })

  t.test('an add is the first again once the entry is gone', async (t) => {
    const { store, pass } = await open(t)
    await store.set('a', 'x', LONG)
    t.equal(await store.add('a', 'y', LONG), false, 'an entry that was set counts')
    await store.delete('a')
    t.equal(await store.add('a', 'y', SHORT), true)
    await pass(SHORT)
    t.equal(await store.add('a', 'z', LONG), true)
    t.equal(await store.get('a'), 'z')
  })

  t.test('a lease is extended by its owner while it lasts', async (t) => {
    const { store, other, pass } = await open(t)
    t.equal(await store.extend('lease', 'me', LONG), false, 'not before there is one')
    await store.add('lease', 'me', 500)
    t.equal(await other.extend('lease', 'you', LONG), false)
    t.equal(await store.extend('lease', 'me', LONG), true)
    await pass(500)
    t.equal(await other.add('lease', 'you', LONG), false, 'it outlasts its first time')
    t.equal(await store.extend('lease', 'me', SHORT), true)
    await pass(SHORT)
    t.equal(await store.extend('lease', 'me', LONG), false, 'what expired is not revived')
    t.equal(await other.add('lease', 'you', LONG), true)
  })

  t.test('a lease is released by its owner alone', async (t) => {
    const { store, other, pass } = await open(t)
    t.equal(await store.release('lease', 'me'), false, 'not before there is one')
    await store.add('lease', 'me', LONG)
    t.equal(await other.release('lease', 'you'), false)
    t.equal(await other.get('lease'), 'me')
    t.equal(await store.release('lease', 'me'), true)
    t.equal(await store.release('lease', 'me'), false)
    await store.add('lease', 'me', SHORT)
    await pass(SHORT)
    await other.add('lease', 'you', LONG)
    t.equal(await store.release('lease', 'me'), false, "after it expired it is somebody else's")
    t.equal(await store.extend('lease', 'me', LONG), false)
    t.equal(await store.get('lease'), 'you')
  })

  t.test('20,000 expired entries leave nothing behind', async (t) => {
    const { store, pass, held } = await open(t)
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => {
        return store.set(`${round} ${index}`, 'x', 2_000, { indexes: [`round ${round}`, `own ${round} ${index}`] })
      }))
    }
    await pass(2_000)
    t.equal(await store.get('19 999'), undefined)
    t.equal(await store.deleteByIndex('round 19'), 0)
    t.equal(await held(), 0)
  })

  indexContract(t, open)
  textContract(t, open)
}
