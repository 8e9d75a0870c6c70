import t from 'tap'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const key = await createKey('ES256')
const known = { kid: key.kid, alg: key.alg }
const away = new FetchFailure('https://issuer.example/jwks: status 500')

t.test('last good keys serve for an hour past their age, and not a moment longer', async (t) => {
  for (const { maxAge, age } of [{ maxAge: undefined, age: 600 }, { maxAge: 60, age: 60 }, { maxAge: 3600, age: 3600 }]) {
    await t.test(`keys of ${age} s`, async (t) => {
      const clock = fakeClock(t)
      const { ring, server } = memoryRing(t, key.jwk)
      server.maxAge = maxAge
      await ring.refresh()
      server.failure = away
      clock.advance((age + 3600) * 1000 - 1)
      t.equal(ring.usable(), true)
      t.equal(ring.find(known)?.held, true)
      await ring.refresh()
      clock.advance(2)
      t.equal(ring.usable(), false)
      await t.rejects(ring.obtain(known), { code: 'GATEHOUSE_UNAVAILABLE' })
    })
  }
})

t.test('fetches that fail in a row come at intervals that double up to a minute, less up to half by chance', async (t) => {
  for (const [chance, share] of [[0, 0.5], [0.5, 0.75], [0.999_999_999, 1]] as const) {
    await t.test(`chance ${chance}`, async (t) => {
      fakeClock(t)
      t.intercept(Math, 'random', { value: () => chance })
      const timers = catchTimers(t)
      const { ring, server } = memoryRing(t, key.jwk)
      server.failure = away
      for (const backoff of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
        await ring.refresh()
        t.match(timers(backoff * share * 1000), [{ isHolding: false }], `after ${backoff} s times ${share}`)
      }
    })
  }
})

t.test('an empty ring does not fetch inside the back-off, and tells the caller when to come again', async (t) => {
  const clock = fakeClock(t)
  t.intercept(Math, 'random', { value: () => 0.999_999_999 })
  const { ring, server } = memoryRing(t, key.jwk)
  server.failure = away
  const refusal = { reason: 'keys_unavailable', provider: 'oidc', hint: 'https://issuer.example/jwks: status 500' }
  for (let failed = 0; failed < 4; failed++) await ring.refresh()
  for (const { after, wait } of [{ after: 0, wait: '8' }, { after: 3_000, wait: '5' }, { after: 4_500, wait: '1' }]) {
    clock.advance(after)
    const error: unknown = await ring.obtain(known).catch((error: unknown) => error)
    t.match(error, { statusCode: 503, headers: { 'retry-after': wait }, refusal })
  }
  t.equal(server.fetches, 4)

  clock.advance(500)
  server.failure = undefined
  t.equal((await ring.obtain(known))?.kid, key.kid, 'past it the next token fetches and is served')
  t.equal(server.fetches, 5)
})

t.test('look-ups that wait for a fetch that fails are all told so', async (t) => {
  const { ring, server } = memoryRing(t, key.jwk)
  server.failure = away
  const answers = await Promise.allSettled(Array.from({ length: 50 }, () => ring.obtain(known)))
  t.ok(answers.every(({ status }) => status === 'rejected'))
  t.equal(server.fetches, 1)
})

t.test('an outage shows in health and in the log, and so does its end', async (t) => {
  const { ring, server, logs } = memoryRing(t, key.jwk)
  server.failure = away
  await ring.refresh()
  t.match(ring.health(), { state: 'away', keys: [], lastError: away.message, fetches: 1, failures: 1 })
  t.equal(ring.health().age, undefined)
  t.match(logs.lines, [{ level: 40, msg: 'keys of the provider cannot be fetched', provider: 'oidc', reason: away.message, heldKeys: 0 }])

  logs.lines.length = 0
  server.failure = undefined
  await ring.refresh()
  t.match(ring.health(), { state: 'fresh', keys: [key.kid], age: 0, nextRefresh: 570, fetches: 2, failures: 1 })
  t.equal(ring.health().lastError, undefined)
  t.match(logs.lines, [{ level: 30, msg: 'keys of the provider are here again', provider: 'oidc' }])

  logs.lines.length = 0
  await ring.refresh()
  t.same(logs.lines, [], 'once')
})

t.test('health tells the age of the keys, and what they are worth by it', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, key.jwk)
  await ring.refresh()
  server.failure = away
  let elapsed = 0
  for (const { at, state, age } of [
    { at: 0, state: 'fresh', age: 0 },
    { at: 599_900, state: 'fresh', age: 600 },
    { at: 600_100, state: 'stale', age: 600 },
    { at: 4_199_900, state: 'stale', age: 4200 },
    { at: 4_200_100, state: 'away', age: 4200 }
  ]) {
    clock.advance(at - elapsed)
    elapsed = at
    t.match(ring.health(), { state, age, keys: [key.kid] })
  }
})

t.test('health makes no call', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, key.jwk)
  await ring.refresh()
  clock.advance(700_000)
  t.match(ring.health(), { state: 'stale', age: 700, nextRefresh: 0 })
  t.equal(server.fetches, 1)
})

t.test('an error that is not ours is not quoted', async (t) => {
  const { ring, server, logs } = memoryRing(t, key.jwk)
  server.failure = new Error('<html>secret page</html>')
  await ring.refresh()
  t.equal(ring.health().lastError, 'the key set could not be read')
  t.notMatch(logs.text(), 'secret')
})
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
