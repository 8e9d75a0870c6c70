import t from 'tap'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const first = await createKey('ES256')
const second = await createKey('ES256')
const known = { kid: first.kid, alg: first.alg }
const added = { kid: second.kid, alg: second.alg }
const forged = (count: number) => Array.from({ length: count }, (_, index) => ({ kid: `forged-${index}`, alg: first.alg }))

t.test('any number of unknown key ids makes one fetch in 30 s', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  await Promise.all(forged(500).map((choice) => ring.obtain(choice)))
  t.equal(server.fetches, 2, 'of a burst')
  for (const choice of forged(500)) await ring.obtain(choice)
  t.equal(server.fetches, 2, 'of a stream')
  clock.advance(29_999)
  await ring.obtain({ kid: 'unknown', alg: first.alg })
  t.equal(server.fetches, 2, 'none inside the cooldown')
  clock.advance(2)
  await Promise.all(forged(500).map((choice) => ring.obtain(choice)))
  t.equal(server.fetches, 3, 'and one after it')
})

t.test('unknown key ids inside the cooldown schedule one fetch at its end', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  await ring.obtain({ kid: 'unknown', alg: first.alg })
  t.same(timers(20_000), [])
  clock.advance(10_000)
  for (const choice of forged(100)) await ring.obtain(choice)
  t.equal(timers(20_000).length, 1)
  t.match(timers(20_000)[0], { isHolding: false }, 'which keeps no process alive')

  server.published = [first.jwk, second.jwk]
  clock.advance(20_001)
  timers(20_000)[0]?.fire()
  await ring.refresh()
  t.equal(server.fetches, 3)
  t.ok(ring.find(added), 'it brings the key that was missing')
  await ring.obtain({ kid: 'another', alg: first.alg })
  t.equal(server.fetches, 3, 'and begins a cooldown of its own')
  t.equal(timers(30_000).length, 1, 'at the end of which the next one is due')
})

t.test('a fetch that comes earlier takes the place of the scheduled one', async (t) => {
  fakeClock(t)
  const timers = catchTimers(t)
  const { ring } = memoryRing(t, first.jwk)
  await ring.refresh()
  for (const choice of forged(2)) await ring.obtain(choice)
  t.equal(timers(30_000).length, 1)
  await ring.refresh()
  t.same(timers(30_000), [])
})

t.test('a refresh in the background does not consume the cooldown', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  clock.advance(570_000)
  ring.usable()
  await ring.refresh()
  t.equal(server.fetches, 2)
  server.published = [first.jwk, second.jwk]
  t.equal((await ring.obtain(added))?.kid, second.kid)
  t.equal(server.fetches, 3)
})

t.test('an unknown key id that finds a fetch under way waits for it and takes its key', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  server.published = [second.jwk]
  const found = await Promise.all(Array.from({ length: 50 }, () => ring.obtain(added)))
  t.ok(found.every((key) => key?.kid === second.kid))
  t.equal(server.fetches, 2)
})

t.test('an unknown key id that the fetch under way did not bring may ask once more', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  const release = server.hold()
  const underWay = ring.refresh()
  const asked = ring.obtain({ kid: 'unknown', alg: first.alg })
  release()
  await underWay
  t.equal(await asked, undefined)
  t.equal(server.fetches, 3)
})

t.test('an unknown key id that finds a fetch under way that fails is unavailable, and asks no further', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  const release = server.hold()
  const underWay = ring.refresh()
  const asked = ring.obtain(added)
  server.failure = new FetchFailure('https://issuer.example/jwks: status 500')
  release()
  await t.rejects(asked, { code: 'GATEHOUSE_UNAVAILABLE' })
  await underWay
  t.equal(server.fetches, 2)
})

t.test('the first fetch of an empty ring answers an unknown key id too', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  t.equal(await ring.obtain({ kid: 'unknown', alg: first.alg }), undefined)
  t.equal(server.fetches, 1)
})

t.test('an unknown key id is unavailable while the latest fetch failed, and unknown again after one that succeeds', async (t) => {
  const clock = fakeClock(t)
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  server.failure = new FetchFailure('https://issuer.example/jwks: status 500')
  await t.rejects(ring.obtain(added), { code: 'GATEHOUSE_UNAVAILABLE' }, 'at once')
  await t.rejects(ring.obtain(added), { code: 'GATEHOUSE_UNAVAILABLE' }, 'inside the cooldown')
  t.equal(server.fetches, 2)
  t.ok(ring.find(known), 'the known key is still there')
  server.failure = undefined
  clock.advance(1_000)
  t.equal(ring.usable(), true)
  await ring.refresh()
  t.equal(await ring.obtain(added), undefined)
  t.equal(server.fetches, 3)
})

t.test('an unknown key id whose fetch is cut off by close is unavailable: nobody said that there is no such key', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  const release = server.hold()
  const asked = ring.obtain(added)
  server.failure = new Error('aborted')
  const closed = ring.close()
  release()
  await t.rejects(asked, { code: 'GATEHOUSE_UNAVAILABLE' })
  await closed
})
