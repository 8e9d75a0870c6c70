import t from 'tap'
import type { Test } from 'tap'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from './support/guarded-api.js'
import type { GuardedApi } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'
import type { TestIssuer } from './support/issuer.js'
import { until } from './support/until.js'

async function openIssuer (t: Test): Promise<TestIssuer> {
  const issuer = await createIssuer()
  t.teardown(() => issuer.close())
  return issuer
}

/** Waits for the fetch with this number, since boot, to be over. */
async function fetched ({ app }: GuardedApi, count: number): Promise<void> {
  await until(() => {
    const [health] = app.gatehouse.health()
    return health?.fetches === count && health.age === 0
  })
}

t.test('a key removed from the set is refused after the next refresh under continuous traffic, tokens seen before included', async (t) => {
  const clock = fakeClock(t)
  const issuer = await openIssuer(t)
  const api = await guardedApi(t, issuer, { cache: { ttl: 3600 } })
  const removed = issuer.keys[0]!
  const token = issuer.token()
  t.same(await api.get(token), ACCEPTED)
  await issuer.rotate()

  for (let second = 10; second < 570; second += 10) {
    clock.advance(10_000)
    t.same(await api.get(token), ACCEPTED, `after ${second} s`)
  }
  t.match(api.app.gatehouse.stats(), { accepted: 57, cached: 56 })
  clock.advance(10_001)
  await api.get(token)
  await fetched(api, 2)
  t.same(await api.get(token), INVALID_TOKEN, 'seen before')
  t.same(await api.get(issuer.token({ jti: 'new' }, {}, removed)), INVALID_TOKEN, 'never seen')
  t.same(await api.get(issuer.token()), ACCEPTED, 'while the key that took its place serves')
  t.match(api.refusals(), [{ reason: 'kid_unknown', kid: removed.kid }, { reason: 'kid_unknown', kid: removed.kid }])
  for (let second = 0; second < 20; second++) {
    clock.advance(1_000)
    t.same(await api.get(token), INVALID_TOKEN, 'and stays refused')
  }
})

t.test('a set that is fetched again unchanged keeps what was seen before', async (t) => {
  const clock = fakeClock(t)
  const issuer = await openIssuer(t)
  const api = await guardedApi(t, issuer, { cache: { ttl: 3600 } })
  const token = issuer.token()
  t.same(await api.get(token), ACCEPTED)
  for (const [count, change] of [
    [2, () => {}],
    [3, () => { issuer.published = structuredClone(issuer.published) }],
    [4, async () => { issuer.published.unshift((await createKey('ES256')).jwk) }]
  ] as const) {
    await change()
    clock.advance(570_001)
    t.same(await api.get(token), ACCEPTED)
    await fetched(api, count)
    t.same(await api.get(token), ACCEPTED)
  }
  t.match(api.app.gatehouse.stats(), { accepted: 7, cached: 6 })
})

t.test('a key replaced under its own id is refused, tokens seen before included', async (t) => {
  const clock = fakeClock(t)
  const issuer = await openIssuer(t)
  const api = await guardedApi(t, issuer)
  const token = issuer.token()
  t.same(await api.get(token), ACCEPTED)
  const other = await createKey('RS256', { kid: issuer.keys[0]!.kid })
  issuer.published = [other.jwk]
  clock.advance(570_001)
  await api.get(token)
  await fetched(api, 2)
  t.same(await api.get(token), INVALID_TOKEN)
  t.same(await api.get(issuer.token({}, {}, other)), ACCEPTED)
  t.match(api.refusals(), [{ reason: 'signature_invalid' }])
})

t.test('a forged set that was served for a while works no longer than until the next fetch', async (t) => {
  const clock = fakeClock(t)
  const issuer = await openIssuer(t)
  const api = await guardedApi(t, issuer, { cache: { ttl: 3600 } })
  const [right] = issuer.published
  const attacker = await createKey('RS256', { kid: issuer.keys[0]!.kid })
  issuer.published = [attacker.jwk]
  issuer.headers = { 'cache-control': 'max-age=999999999' }
  const forged = issuer.token({}, {}, attacker)
  t.same(await api.get(forged), ACCEPTED)
  issuer.published = [right!]
  clock.advance(3_570_001)
  await api.get(issuer.token())
  await fetched(api, 2)
  t.same(await api.get(forged), INVALID_TOKEN)
  t.same(await api.get(issuer.token()), ACCEPTED)
})

t.test('a provider that rotates its only key is followed by the first token of the new one', async (t) => {
  const issuer = await openIssuer(t)
  const api = await guardedApi(t, issuer)
  t.same(await api.get(issuer.token()), ACCEPTED)
  for (const alg of ['ES256', 'EdDSA'] as const) {
    const old = issuer.token({ jti: 'old' })
    await issuer.rotate(alg)
    if (alg === 'ES256') {
      t.same(await api.get(issuer.token()), ACCEPTED, 'at once')
      t.same(await api.get(old), INVALID_TOKEN)
    } else {
      t.same(await api.get(issuer.token()), INVALID_TOKEN, 'unless the one before came less than 30 s ago')
    }
  }
  t.equal(issuer.requests.jwks, 2)
})
