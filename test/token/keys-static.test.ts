import t from 'tap'
import { oidc } from '../../lib/index.js'
import { createKeySource } from '../../lib/token/key-source.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const key = await createKey('ES256')
const known = { kid: key.kid, alg: key.alg }

t.test('keys that were configured are fresh for ever, and no timer is set for them', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { ring, server, logs } = memoryRing(t, key.jwk)
  server.maxAge = Infinity
  t.equal((await ring.obtain(known))?.kid, key.kid)
  for (const elapsed of [0, 600, 3_600, 86_400, 365 * 86_400]) {
    clock.advance(elapsed * 1000 - (ring.health().age ?? 0) * 1000)
    t.equal(ring.usable(), true)
    await ring.ready()
    t.equal(ring.find(known)?.held, true)
    const { provider, issuer } = ring.health()
    t.strictSame(ring.health(), {
      provider, issuer, state: 'fresh', keys: [key.kid], age: elapsed, nextRefresh: undefined, lastError: undefined, fetches: 1, failures: 0
    })
  }
  t.equal(server.fetches, 1)
  for (const delay of [NaN, 0, 1, 30_000, 570_000, 600_000, 3_600_000, Infinity, -Infinity]) t.same(timers(delay), [], String(delay))
  t.same(logs.lines, [])
})

t.test('no unknown key id causes a fetch', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { ring, server } = memoryRing(t, key.jwk)
  server.maxAge = Infinity
  for (let count = 0; count < 100; count++) {
    t.equal(await ring.obtain({ kid: `unknown-${count}`, alg: key.alg }), undefined)
    t.equal(await ring.obtain({ kid: undefined, alg: 'RS256' }), undefined)
    clock.advance(31_000)
  }
  t.equal(server.fetches, 1)
  t.same(timers(30_000), [])
})

t.test('close lets go of them', async (t) => {
  const { ring, server } = memoryRing(t, key.jwk)
  server.maxAge = Infinity
  await ring.refresh()
  const held = ring.find(known)
  await ring.close()
  t.equal(held?.held, false)
})

t.test('their source gives the keys that can verify', async (t) => {
  const keys = { jwks: { keys: [key.jwk] } }
  const load = createKeySource(oidc({ issuer: 'https://issuer.example', audience: 'a', keys }), {})
  t.match(await load(new AbortController().signal), { keys: [{ kid: key.kid, algorithms: ['ES256'] }], dropped: [], maxAge: Infinity })
})
