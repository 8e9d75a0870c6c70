import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Test } from 'tap'
import { ExpiryHeap } from '../../lib/store/expiry-heap.js'
import { memoryStore } from '../../lib/store/memory.js'
import type { Store } from '../../types/store.js'
import { fakeClock } from '../support/clock.js'
import { storeContract } from './contract.js'
import { LONG } from './subject.js'
import type { Subject } from './subject.js'

const FULL = { name: 'StoreUnavailableError', reason: 'full' }
const MAX = 20_000

t.test('memoryStore() keeps the contract', async (t) => {
  storeContract(t, async (t: Test): Promise<Subject> => {
    const clock = fakeClock(t)
    const store = memoryStore({ max: MAX })
    return {
      store,
      other: store,
      pass: async (ms) => { clock.advance(ms) },
      held: async () => MAX - await room(store)
    }
  })
})

/** How many entries the store takes until it is full. */
async function room (store: Store): Promise<number> {
  for (let count = 0; ; count++) {
    try {
      await store.add(`room ${count}`, 'x', LONG)
    } catch {
      return count
    }
  }
}

t.test('an entry lives until the very end of its time', async (t) => {
  const clock = fakeClock(t)
  const store = memoryStore()
  await store.set('a', 'x', 1_000)
  clock.advance(999.9)
  t.equal(await store.get('a'), 'x')
  t.equal(await store.add('a', 'y', 1_000), false)
  clock.advance(0.1)
  t.equal(await store.get('a'), undefined)
})

t.test('setting the clock of the machine expires nothing', async (t) => {
  t.intercept(Date, 'now', { value: () => 8_640_000_000_000_000 })
  const store = memoryStore()
  await store.set('a', 'x', 60_000)
  t.equal(await store.get('a'), 'x')
})

t.test('a full store refuses another entry and keeps all it has', async (t) => {
  const clock = fakeClock(t)
  const store = memoryStore({ max: 3 })
  await store.add('short', 'x', 1_000)
  await store.add('middle', 'me', 2_000)
  await store.add('long', 'x', 3_000)
  const message = 'The store in memory is full: 3 entries, all of them live; raise memoryStore({ max }) or use redisStore()'
  await t.rejects(store.add('more', 'x', 1), { ...FULL, message, driverCode: undefined })
  await t.rejects(store.set('more', 'x', 1, { indexes: ['i'] }), FULL)
  t.equal(await store.set('more', 'x', 1, { onlyIfPresent: true }), false, 'where nothing is to be written, nothing is refused')
  t.equal(await store.add('short', 'x', 1), false)
  t.equal(await store.set('long', 'y', 3_000), true, 'nor where an entry is overwritten')
  t.equal(await store.extend('middle', 'me', 2_000), true)
  t.strictSame(await Promise.all(['short', 'middle', 'long', 'more'].map((key) => store.get(key))), ['x', 'me', 'y', undefined])
  t.equal(await store.deleteByIndex('i'), 0)

  clock.advance(1_000)
  t.equal(await store.add('more', 'x', 10_000), true, 'there is room again once one expired')
  await t.rejects(store.add('too many', 'x', 1), FULL)
  await store.delete('long')
  t.equal(await store.add('another', 'x', 10_000), true, 'and once one is deleted')
  t.equal(await store.release('middle', 'me'), true)
  t.equal(await store.add('a third', 'x', 10_000), true, 'or released')
  await t.rejects(store.add('too many', 'x', 1), FULL)
})

t.test('unless it is told otherwise a store holds 100,000 entries', async (t) => {
  t.equal(await room(memoryStore()), 100_000)
})

t.test('what expired, was overwritten or deleted is not held', async (t) => {
  const clock = fakeClock(t)
  const store = memoryStore()
  async function fill (round: number): Promise<void> {
    for (let index = 0; index < 10_000; index++) {
      const name = `${round} ${index} ${'x'.repeat(200)}`
      const options = { indexes: [`index ${name}`] }
      await store.set(name, 'x', 1_000, options)
      if (index % 4 === 1) await store.set(name, 'y', 1_000, { indexes: [`other ${name}`] })
      if (index % 4 === 2) await store.delete(name)
      if (index % 4 === 3) await store.deleteByIndex(`index ${name}`)
    }
    clock.advance(1_000)
  }
  await fill(0)
  const before = used()
  for (let round = 1; round <= 10; round++) await fill(round)
  const megabytes = (used() - before) / 1_000_000
  t.ok(megabytes < 15, `${megabytes.toFixed(1)} MB more after 100,000 entries of which some 60 MB could have stayed`)
  t.equal(await store.get('0'), undefined)
})

function used (): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  return process.memoryUsage().heapUsed
}

t.test('a write clears a few of many expired entries, not all at once', async (t) => {
  const clock = fakeClock(t)
  const store = memoryStore({ max: 20 })
  for (let index = 0; index < 20; index++) await store.add(`old ${index}`, 'x', 1_000)
  clock.advance(1_000)
  for (let index = 0; index < 20; index++) t.equal(await store.add(`new ${index}`, 'x', LONG), true)
  await t.rejects(store.add('one more', 'x', LONG), FULL)
})

t.test('a store in memory is shared where one process is all there is', async (t) => {
  t.equal(memoryStore().isShared, false)
  t.equal(memoryStore({ singleProcess: false }).isShared, false)
  t.equal(memoryStore({ singleProcess: true }).isShared, true)
})

t.test('two stores in memory have nothing in common', async (t) => {
  const [one, other] = [memoryStore(), memoryStore()]
  await one.add('a', 'x', LONG)
  t.equal(await other.get('a'), undefined)
})

t.test('a wrong option is refused by name', async (t) => {
  for (const max of [0, -1, 1.5, NaN, Infinity, 10_000_001, '100', null]) {
    t.throws(() => Reflect.apply(memoryStore, undefined, [{ max }]), { name: 'TypeError', message: /^memoryStore\.max: expected a whole number, 1 to 10,000,000, got / })
  }
  t.throws(() => Reflect.apply(memoryStore, undefined, [{ singleProcess: 'yes' }]), new TypeError("memoryStore.singleProcess: expected true or false, got 'yes'"))
  t.throws(() => Reflect.apply(memoryStore, undefined, [{ maxs: 5 }]), new TypeError('memoryStore: unknown key "maxs"; did you mean "max"?'))
  t.throws(() => Reflect.apply(memoryStore, undefined, [5]), new TypeError('memoryStore: expected an object, got 5'))
  t.ok(memoryStore({ max: 1, singleProcess: undefined }))
})

interface Entry { readonly expiresAt: number, position: number }

/** A row of numbers that looks random and is the same in every run. */
function * numbers (): Generator<number, never> {
  for (let state = 1; ;) yield state = (state * 48_271) % 2_147_483_647
}

function drain (heap: ExpiryHeap<Entry>): number[] {
  const times: number[] = []
  for (let { first } = heap; first !== undefined; { first } = heap) {
    times.push(first.expiresAt)
    heap.remove(first)
  }
  return times
}

t.test('entries come out in the order they expire', async (t) => {
  const heap = new ExpiryHeap<Entry>()
  t.equal(heap.first, undefined)
  for (const expiresAt of [5, 1, 4, 1, 3, 9, 2, 6]) heap.add({ expiresAt, position: -1 })
  t.strictSame(drain(heap), [1, 1, 2, 3, 4, 5, 6, 9])
  t.equal(heap.first, undefined)
})

t.test('any entry can be removed, and the others keep their order', async (t) => {
  const random = numbers()
  for (let round = 0; round < 300; round++) {
    const heap = new ExpiryHeap<Entry>()
    const held: Entry[] = []
    for (let step = 0; step < 60; step++) {
      if (random.next().value % 3 > 0 || held.length === 0) {
        const entry = { expiresAt: random.next().value % 20, position: -1 }
        heap.add(entry)
        held.push(entry)
      } else {
        const [entry] = held.splice(random.next().value % held.length, 1)
        heap.remove(entry!)
      }
    }
    const expected = held.map(({ expiresAt }) => expiresAt).sort((one, other) => one - other)
    if (String(drain(heap)) !== String(expected)) t.fail(`round ${round}`)
  }
  t.pass('in 300 rounds of 60 steps')
})
