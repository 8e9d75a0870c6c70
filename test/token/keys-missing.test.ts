import t from 'tap'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { MissingKeys } from '../../lib/token/missing-keys.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import type { FakeClock } from '../support/clock.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const first = await createKey('ES256')
const second = await createKey('ES256')
const withdrawn = { kid: 'withdrawn', alg: first.alg }
const added = { kid: second.kid, alg: second.alg }

t.test('a client that keeps sending one unknown key id causes seven fetches in ten minutes', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  server.maxAge = 3600
  await ring.refresh()
  for (let second = 0; second < 600; second++) {
    t.equal(await ring.obtain(withdrawn), undefined)
    clock.advance(1_000)
  }
  t.equal(server.fetches, 8, 'beside the one that filled the ring')
})

t.test('a key id whose pause is not over schedules nothing', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { ring } = memoryRing(t, first.jwk)
  await ring.refresh()
  await ring.obtain(withdrawn)
  clock.advance(10_000)
  t.equal(await ring.obtain(withdrawn), undefined)
  t.same(timers(20_000), [])
  t.equal(await ring.obtain({ ...withdrawn, kid: 'another' }), undefined)
  t.equal(timers(20_000).length, 1, 'another one does')
})

t.test('a key that is published after it was first asked for is found by the next fetch on its account', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  t.equal(await ring.obtain(added), undefined)
  server.published = [first.jwk, second.jwk]
  clock.advance(10_000)
  t.equal(await ring.obtain(added), undefined, 'inside the cooldown')
  clock.advance(20_001)
  t.equal((await ring.obtain(added))?.kid, second.kid)
  t.equal(server.fetches, 3)
})

t.test('a key that was missing for ten minutes is found within two minutes', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  server.maxAge = 3600
  await ring.refresh()
  let seconds = 0
  for (; seconds < 600; seconds++) {
    await ring.obtain(added)
    clock.advance(1_000)
  }
  server.published = [first.jwk, second.jwk]
  while (await ring.obtain(added) === undefined && seconds < 2_000) {
    seconds++
    clock.advance(1_000)
  }
  t.ok(seconds > 600 && seconds <= 720, `after ${seconds} s`)
})

t.test('other key ids are not affected by one that stays missing', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  for (let count = 0; count < 3; count++) {
    await ring.obtain(withdrawn)
    clock.advance(30_001)
  }
  t.equal(server.fetches, 3, 'the one that filled the ring, and two')
  server.published = [first.jwk, second.jwk]
  t.equal((await ring.obtain(added))?.kid, second.kid, 'nor is the cooldown')
  t.equal(server.fetches, 4)
})

t.test('a key id whose pause is not over is served once another fetch brings its key', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  for (let count = 0; count < 3; count++) {
    t.equal(await ring.obtain(added), undefined)
    clock.advance(30_001)
  }
  server.published = [first.jwk, second.jwk]
  const underWay = ring.refresh()
  t.equal((await ring.obtain(added))?.kid, second.kid, 'it waits for a fetch under way')
  await underWay
  t.equal(ring.find(added)?.kid, second.kid)
})

t.test('a fetch that fails does not count: nobody said that there is no such key', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  server.maxAge = 3600
  await ring.refresh()
  server.failure = new FetchFailure('https://issuer.example/jwks: status 500')
  for (let count = 0; count < 5; count++) {
    await t.rejects(ring.obtain(added), { code: 'GATEHOUSE_UNAVAILABLE' })
    clock.advance(60_001)
  }
  server.failure = undefined
  server.published = [first.jwk, second.jwk]
  t.equal((await ring.obtain(added))?.kid, second.kid, 'its first ask after them')
})

t.test('a token without a key id keeps asking, once in 30 s', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  server.maxAge = 3600
  await ring.refresh()
  for (let count = 0; count < 5; count++) {
    t.equal(await ring.obtain({ kid: undefined, alg: 'ES384' }), undefined)
    clock.advance(30_001)
  }
  t.equal(server.fetches, 6)
})

/** The seconds at which a key id that is asked for every second may ask. */
function asksOf (missing: MissingKeys, kid: string, clock: FakeClock, seconds: number): number[] {
  const asks: number[] = []
  for (let second = 0; second < seconds; second++) {
    if (missing.mayAsk(kid)) asks.push(second)
    // A bit more than a second: sums of fractions may fall a bit short.
    clock.advance(1_000.001)
  }
  return asks
}

t.test('a key id that stays missing asks after pauses that double, up to two minutes', async (t) => {
  const clock = fakeClock(t)
  t.same(asksOf(new MissingKeys(), 'a', clock, 600), [0, 30, 90, 210, 330, 450, 570])
})

t.test('each key id has a pause of its own', async (t) => {
  const clock = fakeClock(t)
  const missing = new MissingKeys()
  asksOf(missing, 'a', clock, 200)
  t.equal(missing.mayAsk('a'), false)
  t.equal(missing.mayAsk('b'), true)
})

t.test('a key id the provider has again begins anew when it goes missing once more', async (t) => {
  const clock = fakeClock(t)
  const missing = new MissingKeys()
  asksOf(missing, 'a', clock, 100)
  missing.forget('a')
  t.same(asksOf(missing, 'a', clock, 100), [0, 30, 90])
})

t.test('a token without a key id always asks: it names nothing that could be remembered', async (t) => {
  fakeClock(t)
  const missing = new MissingKeys()
  for (let count = 0; count < 10; count++) t.equal(missing.mayAsk(undefined), true)
})

t.test('a thousand key ids are remembered, and the one longest unasked is forgotten first', async (t) => {
  fakeClock(t)
  const missing = new MissingKeys()
  const kids = Array.from({ length: 1000 }, (_, index) => `kid-${index}`)
  t.equal(kids.filter((kid) => missing.mayAsk(kid)).length, 1000)
  t.equal(kids.filter((kid) => missing.mayAsk(kid)).length, 0)
  t.equal(missing.mayAsk('one-more'), true)
  t.equal(missing.mayAsk('kid-1'), false)
  t.equal(missing.mayAsk('kid-999'), false)
  t.equal(missing.mayAsk('kid-0'), true)
})
