import t from 'tap'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const key = await createKey('ES256')
const known = { kid: key.kid, alg: key.alg }
const unknown = { kid: 'unknown', alg: key.alg }

/** A quarter of a second less than is said: whole seconds may become one more when the clock reads fractions. */
const busy = (seconds: number) => new FetchFailure('https://issuer.example/jwks: status 503', { retryAfter: seconds - 0.25 })
const notNow = (retryAfter: number | RegExp) => ({ code: 'GATEHOUSE_UNAVAILABLE', headers: { 'retry-after': retryAfter instanceof RegExp ? retryAfter : String(retryAfter) } })

t.test('nothing is fetched before the server wants it: not by the timer, a look-up, an unknown key id or a waiting token', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { ring, server } = memoryRing(t, key.jwk)
  await ring.refresh()
  await ring.obtain(unknown)
  server.failure = busy(300)
  await ring.refresh()
  t.equal(server.fetches, 3)
  t.equal(ring.health().nextRefresh, 300)
  t.match(timers(299_750), [{ isHolding: false }], 'the timer waits as long')
  t.same(timers(30_000), [], 'and there is no other')

  for (const { after, left } of [{ after: 0, left: 300 }, { after: 31_000, left: 269 }, { after: 268_500, left: 1 }]) {
    clock.advance(after)
    t.equal(ring.usable(), true)
    await ring.ready()
    t.equal(ring.find(known)?.held, true, 'the known key serves on')
    await t.rejects(ring.obtain(unknown), notNow(left))
    await t.rejects(ring.obtain({ ...unknown, kid: `new-${left}` }), notNow(left))
    await t.rejects(ring.obtain({ kid: undefined, alg: 'ES384' }), notNow(left))
  }
  t.equal(server.fetches, 3)
  t.same(timers(30_000), [])

  server.failure = undefined
  clock.advance(501)
  t.equal(await ring.obtain(unknown), undefined, 'after that it asks')
  t.ok(server.fetches >= 4)
})

t.test('an empty ring waits as long, and says how long', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, key.jwk)
  server.failure = busy(120)
  await t.rejects(ring.ready(), notNow(120))
  clock.advance(60_500)
  await t.rejects(ring.ready(), notNow(60))
  await t.rejects(ring.obtain(known), notNow(60))
  t.equal(ring.unavailable().headers['retry-after'], '60')
  t.equal(server.fetches, 1)
  server.failure = undefined
  clock.advance(60_000)
  t.equal((await ring.obtain(known))?.kid, key.kid)
})

t.test('ten minutes at most', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, key.jwk)
  server.failure = busy(86_400)
  await t.rejects(ring.ready(), notNow(/^60[01]$/))
  clock.advance(599_500)
  await t.rejects(ring.ready(), notNow(1))
  t.equal(server.fetches, 1)
  clock.advance(501)
  await t.rejects(ring.ready(), notNow(/^60[01]$/))
  t.equal(server.fetches, 2)
})

t.test('a failure that says nothing goes by the back-off again', async (t) => {
  const clock = fakeClock(t)
  t.intercept(Math, 'random', { value: () => 0.999_999_999 })
  const { ring, server } = memoryRing(t, key.jwk)
  server.failure = busy(300)
  await ring.refresh()
  clock.advance(300_000)
  server.failure = new FetchFailure('https://issuer.example/jwks: status 503')
  await ring.refresh()
  t.equal(ring.health().nextRefresh, 2, 'the second one in a row')
  server.failure = new Error('not ours')
  await ring.refresh()
  t.equal(ring.health().nextRefresh, 4)
})

t.test('last good keys serve no longer for it', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, key.jwk)
  await ring.refresh()
  clock.advance(4_100_000)
  server.failure = busy(600)
  await ring.refresh()
  t.equal(ring.usable(), true)
  clock.advance(100_100)
  t.equal(ring.usable(), false)
  await t.rejects(ring.obtain(known), notNow(500))
  t.match(ring.health(), { state: 'away', nextRefresh: 500 })
  t.equal(server.fetches, 2)
})
