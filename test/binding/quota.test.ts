import t from 'tap'
import type { Test } from 'tap'
import { ProofQuota } from '../../lib/binding/quota.js'

const TIME = 8_000
const SPAN = 1_000

/** A clock of whole milliseconds: sums of fractions would miss the edges this is about. */
function fakeClock (t: Test): { advance (ms: number): void } {
  let now = Math.ceil(performance.now())
  const original = performance.now
  performance.now = () => now
  t.teardown(() => { performance.now = original })
  return { advance: (ms) => { now += ms } }
}

/** How many more this key may have remembered. */
function takeAll (quota: ProofQuota, key: string): number {
  for (let count = 0; ; count++) if (quota.take(key) === undefined) return count
}

t.test('one key alone gets a ninth of the room', async (t) => {
  fakeClock(t)
  for (const [room, share] of [[9_000, 1_000], [72, 8], [80, 9], [9, 1], [2, 1], [1, 1]] as const) {
    t.equal(takeAll(new ProofQuota(room, TIME), 'greedy'), share, `${share} of ${room}`)
  }
})

t.test('1,000 keys that take all they get leave room for one that comes after them', async (t) => {
  fakeClock(t)
  const quota = new ProofQuota(500_000, TIME)
  const keys = Array.from({ length: 1_000 }, (_, index) => `greedy ${index}`)
  const held = new Map(keys.map((key) => [key, 0]))
  for (let more = true; more;) {
    more = false
    for (const key of keys) {
      if (quota.take(key) === undefined) continue
      held.set(key, held.get(key)! + 1)
      more = true
    }
  }
  const counts = [...held.values()]
  t.ok(Math.max(...counts) - Math.min(...counts) <= 1, 'each got the same')
  t.equal(counts[0], 497, 'nearly all of the room was given away')
  t.equal(takeAll(quota, 'honest'), 441)
})

t.test('keys that come one after the other, each taking all it gets, leave room for the next', async (t) => {
  fakeClock(t)
  const quota = new ProofQuota(500_000, TIME)
  for (let index = 0; index < 60; index++) takeAll(quota, `greedy ${index}`)
  t.ok(takeAll(quota, 'honest') > 40)
})

t.test('more keys than there is room for get one each, until there is none', async (t) => {
  fakeClock(t)
  const quota = new ProofQuota(10, TIME)
  const taken = Array.from({ length: 12 }, (_, index) => quota.take(`key ${index}`) !== undefined)
  t.strictSame(taken, [...Array<boolean>(10).fill(true), false, false])
  t.equal(quota.retryAfter('key 11'), 9, 'who holds none waits for the first of the others')
})

t.test('a proof counts for as long as it is remembered, and an eighth of that longer at most', async (t) => {
  const clock = fakeClock(t)
  for (const late of [0, 1, 500, 999]) {
    const quota = new ProofQuota(9, TIME)
    clock.advance(late)
    t.ok(quota.take('key'))
    clock.advance(9 * SPAN - late - 1)
    t.equal(quota.take('key'), undefined, `${9 * SPAN - late - 1} ms later`)
    t.equal(quota.retryAfter('key'), 1)
    clock.advance(1)
    t.ok(quota.take('key'), `${9 * SPAN - late} ms later`)
  }
})

t.test('who is refused is told when its oldest proofs no longer count', async (t) => {
  const clock = fakeClock(t)
  const quota = new ProofQuota(18, TIME)
  quota.take('other')
  clock.advance(3 * SPAN)
  t.ok(quota.take('key'))
  clock.advance(2 * SPAN)
  t.ok(quota.take('key'))
  t.equal(quota.take('key'), undefined)
  t.equal(quota.retryAfter('key'), 7)
  clock.advance(7 * SPAN - 1)
  t.equal(quota.take('key'), undefined)
  clock.advance(1)
  t.ok(quota.take('key'))
})

t.test('after a long silence nothing counts, whenever it ended', async (t) => {
  const clock = fakeClock(t)
  for (const silence of [9 * SPAN, 10 * SPAN, 17.5 * SPAN, 1e9]) {
    const quota = new ProofQuota(90, TIME)
    t.equal(takeAll(quota, 'key'), 10)
    clock.advance(silence)
    t.equal(takeAll(quota, 'key'), 10)
  }
})

t.test('the spans go on where they would have, however late anybody asks', async (t) => {
  const clock = fakeClock(t)
  const quota = new ProofQuota(9, TIME)
  clock.advance(1_000.5 * SPAN)
  t.ok(quota.take('key'))
  clock.advance(8.5 * SPAN - 1)
  t.equal(quota.take('key'), undefined)
  clock.advance(1)
  t.ok(quota.take('key'))
})

t.test('what was not remembered is given back, in the span it was taken from', async (t) => {
  const clock = fakeClock(t)
  const quota = new ProofQuota(18, TIME)
  const first = quota.take('key')!
  const second = quota.take('key')!
  t.equal(quota.take('key'), undefined)
  quota.giveBack('key', second)
  t.ok(quota.take('key'))
  t.equal(quota.take('key'), undefined)
  clock.advance(SPAN)
  quota.giveBack('key', first)
  t.equal(takeAll(quota, 'key'), 1, 'a span later')
  clock.advance(TIME)
  t.equal(takeAll(quota, 'key'), 1, 'it counts no longer than if it had been all')
  quota.giveBack('key', first)
  t.equal(takeAll(quota, 'key'), 0, 'in a span that is over, nothing changes')
})

t.test('a key that gave all back leaves nothing behind', async (t) => {
  fakeClock(t)
  const quota = new ProofQuota(100, TIME)
  const span = quota.take('key')!
  quota.giveBack('key', span)
  t.strictSame({ ...span }, { counts: new Map(), taken: 0 })
})
