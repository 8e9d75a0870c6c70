import type { Test } from 'tap'
import { LONG, SHORT, values } from './subject.js'
import type { Open } from './subject.js'

/** What every store does with indexes: a part of the contract. */
export function indexContract (t: Test, open: Open): void {
  t.test('an index deletes the entries set under it, in whatever process, and no others', async (t) => {
    const { store, other } = await open(t)
    await store.set('a', 'x', LONG, { indexes: ['subject'] })
    await other.set('b', 'x', LONG, { indexes: ['subject', 'subject'] })
    await store.set('c', 'x', LONG, { indexes: ['another'] })
    await store.set('subject', 'x', LONG)
    t.equal(await other.deleteByIndex('nobody'), 0)
    t.equal(await other.deleteByIndex('subject'), 2)
    t.strictSame(await values(store, 'a', 'b', 'c', 'subject'), [undefined, undefined, 'x', 'x'])
    t.equal(await store.deleteByIndex('subject'), 0, 'once')
  })

  t.test('an entry under two indexes is deleted by either', async (t) => {
    const { store } = await open(t)
    for (const [first, second] of [['sid', 'sub'], ['sub', 'sid']] as const) {
      await store.set('a', 'x', LONG, { indexes: ['sid', 'sub'] })
      await store.set('b', 'x', LONG, { indexes: [second] })
      t.equal(await store.deleteByIndex(first), 1)
      t.strictSame(await values(store, 'a', 'b'), [undefined, 'x'])
      t.equal(await store.deleteByIndex(second), 1, 'and leaves the other')
    }
  })

  t.test('an entry overwritten with other indexes is under those alone', async (t) => {
    const { store } = await open(t)
    await store.set('a', 'x', LONG, { indexes: ['old', 'both'] })
    await store.set('a', 'y', LONG, { indexes: ['both', 'new'] })
    t.equal(await store.deleteByIndex('old'), 0)
    t.equal(await store.get('a'), 'y')
    t.equal(await store.deleteByIndex('new'), 1)
    t.equal(await store.deleteByIndex('both'), 0)
  })

  t.test('an entry overwritten without a word of indexes stays under its own; an empty list takes it out', async (t) => {
    const { store } = await open(t)
    await store.set('a', 'x', LONG, { indexes: ['one', 'two'] })
    await store.set('b', 'x', LONG, { indexes: ['one'] })
    await store.set('a', 'y', LONG)
    await store.set('b', 'y', LONG, { onlyIfPresent: true })
    t.equal(await store.deleteByIndex('one'), 2)
    await store.set('a', 'x', LONG, { indexes: ['one', 'two'] })
    await store.set('a', 'y', LONG, { indexes: [] })
    t.equal(await store.deleteByIndex('one'), 0)
    t.equal(await store.deleteByIndex('two'), 0)
    t.equal(await store.get('a'), 'y')
  })

  t.test('the list of indexes is read when it is given', async (t) => {
    const { store } = await open(t)
    const indexes = ['one']
    const written = store.set('a', 'x', LONG, { indexes })
    indexes[0] = 'two'
    await written
    t.equal(await store.deleteByIndex('two'), 0)
    t.equal(await store.deleteByIndex('one'), 1)
  })

  t.test('a new entry under an old key has nothing of its indexes', async (t) => {
    const { store, pass } = await open(t)
    const end = {
      deleted: () => store.delete('a'),
      released: () => store.release('a', 'x'),
      expired: async () => { await store.set('a', 'x', SHORT); await pass(SHORT) },
      'deleted by index': () => store.deleteByIndex('other')
    }
    for (const [how, act] of Object.entries(end)) {
      await store.set('witness', 'x', LONG, { indexes: ['subject'] })
      await store.set('a', 'x', LONG, { indexes: ['subject', 'other'] })
      await act()
      t.equal(await store.get('a'), undefined, how)
      t.equal(await store.add('a', 'new', LONG), true)
      t.equal(await store.deleteByIndex('subject'), 1, 'the witness alone')
      t.equal(await store.get('a'), 'new')
      await store.delete('a')
    }
  })

  t.test('expired entries do not count', async (t) => {
    const { store, pass } = await open(t)
    await store.set('a', 'x', SHORT, { indexes: ['subject'] })
    await store.set('b', 'x', LONG, { indexes: ['subject'] })
    await pass(SHORT)
    t.equal(await store.deleteByIndex('subject'), 1)
  })

  t.test('an entry is found by its index for as long as it lives', async (t) => {
    const { store, pass } = await open(t)
    await store.set('extended', 'me', 500, { indexes: ['subject'] })
    await store.set('rewritten', 'me', 500, { indexes: ['subject'] })
    t.equal(await store.extend('extended', 'me', LONG), true)
    t.equal(await store.set('rewritten', 'me', LONG), true)
    await pass(500)
    await store.set('another', 'x', SHORT, { indexes: ['subject'] })
    await pass(SHORT)
    t.equal(await store.deleteByIndex('subject'), 2)
    t.strictSame(await values(store, 'extended', 'rewritten'), [undefined, undefined])
  })

  t.test('concurrent writes and deletions of an index leave each entry there and found, or gone', async (t) => {
    const { store, other } = await open(t)
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`)
    const counts = await Promise.all(keys.flatMap((key, index) => [
      store.set(key, 'x', LONG, { indexes: ['subject'] }).then(() => 0),
      ...index % 50 === 0 ? [other.deleteByIndex('subject')] : []
    ]))
    const deleted = counts.reduce((sum, count) => sum + count, 0)
    const left = (await values(store, ...keys)).filter((value) => value !== undefined).length
    t.equal(deleted + left, 300)
    t.equal(await store.deleteByIndex('subject'), left)
  })
}
