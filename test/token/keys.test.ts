import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const first = await createKey('ES256')
const second = await createKey('ES256')
const known = { kid: first.kid, alg: first.alg }
const unknown = { kid: 'unknown', alg: first.alg }

t.test('a ring nobody asked fetches nothing and plans nothing', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  t.equal(ring.usable(), false)
  t.same(ring.health(), {
    provider: 'oidc',
    issuer: 'https://issuer.example',
    state: 'idle',
    keys: [],
    age: undefined,
    nextRefresh: undefined,
    lastError: undefined,
    fetches: 0,
    failures: 0
  })
  t.equal(server.fetches, 0)
})

t.test('50 concurrent look-ups on an empty ring make one fetch, and all find the key', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  const found = await Promise.all(Array.from({ length: 50 }, () => ring.obtain(known)))
  t.equal(server.fetches, 1)
  t.ok(found[0])
  t.ok(found.every((key) => key === found[0]))
})

t.test('concurrent refreshes are one fetch', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  const [one, other] = [ring.refresh(), ring.refresh()]
  t.equal(one, other)
  await one
  t.equal(server.fetches, 1)
  await ring.refresh()
  t.equal(server.fetches, 2, 'and a later one is another')
})

t.test('a known key is there while a fetch hangs', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  const release = server.hold()
  const underWay = ring.refresh()
  t.equal(ring.usable(), true)
  t.equal(ring.find(known)?.kid, first.kid)
  let isAnswered = false
  const asked = ring.obtain(unknown).finally(() => { isAnswered = true })
  await turn()
  t.equal(isAnswered, false, 'an unknown key id waits for the fetch')
  t.equal(ring.find(known)?.kid, first.kid)
  release()
  await underWay
  t.equal(await asked, undefined)
})

t.test('keys are refreshed 30 s before they are old, at an age of 1 to 60 minutes that the server may choose', async (t) => {
  for (const { maxAge, due } of [
    { maxAge: undefined, due: 570 },
    { maxAge: 0, due: 30 },
    { maxAge: 59, due: 30 },
    { maxAge: 60, due: 30 },
    { maxAge: 61, due: 31 },
    { maxAge: 600, due: 570 },
    { maxAge: 3600, due: 3570 },
    { maxAge: 3601, due: 3570 },
    { maxAge: 999_999_999, due: 3570 }
  ]) {
    await t.test(`max-age ${maxAge}`, async (t) => {
      const clock = fakeClock(t)
      const timers = catchTimers(t)
      const { ring, server } = memoryRing(t, first.jwk)
      server.maxAge = maxAge
      await ring.refresh()
      t.equal(ring.health().nextRefresh, due)
      const [timer] = timers(due * 1000)
      t.match(timer, { isHolding: false }, 'a timer is set that keeps no process alive')

      clock.advance(due * 1000 - 1)
      ring.usable()
      t.equal(server.fetches, 1, 'not before it is due')
      timer?.fire()
      t.equal(server.fetches, 2, 'the timer refreshes though nobody asks')
      await ring.refresh()

      clock.advance(due * 1000 + 1)
      t.equal(ring.usable(), true)
      t.equal(server.fetches, 3, 'and so does a look-up, where a process slept through its timer')
      ring.usable()
      t.equal(server.fetches, 3, 'once')
      await ring.refresh()
    })
  }
})

t.test('a ring that was not looked at for a day fetches before it answers', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  server.published = [second.jwk]
  clock.advance(86_400_000)
  t.equal(ring.usable(), false)
  t.equal(await ring.obtain(known), undefined)
  t.equal(ring.find({ ...known, kid: second.kid })?.kid, second.kid)
  t.equal(server.fetches, 2)
})

t.test('a whole fetch has 5 s', async (t) => {
  const deadlines = holdDeadlines(t)
  const { ring, server } = memoryRing(t, first.jwk)
  for (let count = 1; count <= 3; count++) {
    const release = server.hold()
    const underWay = ring.refresh()
    t.equal(server.signal?.aborted, false)
    deadlines.come()
    t.equal(server.signal?.aborted, true)
    release()
    await underWay
    t.same(deadlines.asked, Array(count).fill(5_000))
  }
})

t.test('close aborts the fetch under way, lets go of every key and leaves no timer behind', async (t) => {
  fakeClock(t)
  const timers = catchTimers(t)
  const { ring, server, logs } = memoryRing(t, first.jwk)
  await ring.refresh()
  const key = ring.find(known)
  await ring.obtain(unknown)
  await ring.obtain({ ...unknown, kid: 'another' })
  t.equal(timers(30_000).length, 1)
  t.equal(timers(570_000).length, 1)

  const release = server.hold()
  ring.refresh()
  t.equal(server.signal?.aborted, false)
  server.failure = new Error('aborted')
  const closed = ring.close()
  t.equal(server.signal?.aborted, true)
  release()
  await closed
  t.same([...timers(30_000), ...timers(570_000)], [])
  t.equal(key?.held, false)
  t.equal(ring.health().failures, 0, 'an aborted fetch is no failure')
  t.same(logs.lines, [])
})

t.test('a ring closed during its first fetch answers unavailable and plans no other', async (t) => {
  const timers = catchTimers(t)
  const { ring, server } = memoryRing(t, first.jwk)
  const release = server.hold()
  const asked = ring.obtain(known)
  server.failure = new Error('aborted')
  const closed = ring.close()
  release()
  await t.rejects(asked, { code: 'GATEHOUSE_UNAVAILABLE' })
  await closed
  t.same(timers(570_000), [])
})
