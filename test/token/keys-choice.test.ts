import t from 'tap'
import { oidc } from '../../lib/index.js'
import type { SigningAlgorithm } from '../../lib/index.js'
import { createKeySource } from '../../lib/token/key-source.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { createKey, signJws } from '../support/issuer.js'
import type { IssuerKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const ec = await createKey('ES256', { kid: 'ec' })
const otherEc = await createKey('ES256', { kid: 'other-ec' })
const p384 = await createKey('ES384', { kid: 'p384' })
const rsa = await createKey('RS256', { kid: 'rsa' })
const ed = await createKey('EdDSA', { kid: 'ed' })

function published ({ jwk }: IssuerKey, changes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...jwk, ...changes }).filter(([, value]) => value !== undefined))
}

const anonymous = (key: IssuerKey) => published(key, { kid: undefined })

interface Row {
  name: string
  set: Record<string, unknown>[]
  kid?: string
  alg: SigningAlgorithm
  /** The key that is found, by its place in the set. */
  found: number | undefined
}

const table: Row[] = [
  { name: 'a key id finds its key', set: [otherEc.jwk, ec.jwk], kid: 'ec', alg: 'ES256', found: 1 },
  { name: 'a key id is compared to the letter', set: [ec.jwk], kid: 'EC', alg: 'ES256', found: undefined },
  { name: 'a key does not serve another algorithm than its own', set: [rsa.jwk], kid: 'rsa', alg: 'PS256', found: undefined },
  { name: 'a key does not serve an algorithm of another key type', set: [published(ec, { alg: undefined })], kid: 'ec', alg: 'RS256', found: undefined },
  { name: 'an RSA key without alg serves RS256', set: [published(rsa, { alg: undefined })], kid: 'rsa', alg: 'RS256', found: 0 },
  { name: 'an RSA key without alg serves PS512', set: [published(rsa, { alg: undefined })], kid: 'rsa', alg: 'PS512', found: 0 },
  { name: 'a key published as EdDSA serves Ed25519', set: [ed.jwk], kid: 'ed', alg: 'Ed25519', found: 0 },
  { name: 'of two keys with one id the algorithm decides', set: [published(ec, { kid: 'same' }), published(rsa, { kid: 'same' })], kid: 'same', alg: 'RS256', found: 1 },
  { name: 'and the other way round', set: [published(ec, { kid: 'same' }), published(rsa, { kid: 'same' })], kid: 'same', alg: 'ES256', found: 0 },
  { name: 'of two keys with one id and type the alg decides', set: [published(rsa, { kid: 'same', alg: 'PS256' }), published(rsa, { kid: 'same' })], kid: 'same', alg: 'RS256', found: 1 },
  { name: 'of two keys with one id neither serves what neither can', set: [published(ec, { kid: 'same' }), published(rsa, { kid: 'same' })], kid: 'same', alg: 'ES384', found: undefined },
  { name: 'a key without an id fits any, if it is the only one', set: [anonymous(ec)], kid: 'any', alg: 'ES256', found: 0 },
  { name: 'a key without an id fits any, if it is the only one of its algorithm', set: [rsa.jwk, anonymous(ec), p384.jwk], kid: 'any', alg: 'ES256', found: 1 },
  { name: 'a key without an id fits no other algorithm', set: [anonymous(ec)], kid: 'any', alg: 'RS256', found: undefined },
  { name: 'of two keys without an id that are able, neither fits', set: [anonymous(ec), anonymous(otherEc)], kid: 'any', alg: 'ES256', found: undefined },
  { name: 'a key without an id does not stand in beside one with another id', set: [anonymous(ec), otherEc.jwk], kid: 'any', alg: 'ES256', found: undefined },
  { name: 'a key with the id comes before one without', set: [anonymous(otherEc), ec.jwk], kid: 'ec', alg: 'ES256', found: 1 },
  { name: 'the only key does not stand in under another id than its own', set: [ec.jwk], kid: 'other-ec', alg: 'ES256', found: undefined },
  { name: 'without a key id the only key is found', set: [ec.jwk], alg: 'ES256', found: 0 },
  { name: 'without a key id the only key that fits is found', set: [rsa.jwk, p384.jwk, ec.jwk], alg: 'ES256', found: 2 },
  { name: 'without a key id a key without one is found', set: [anonymous(ec)], alg: 'ES256', found: 0 },
  { name: 'without a key id two keys that fit are none', set: [ec.jwk, otherEc.jwk], alg: 'ES256', found: undefined },
  { name: 'without a key id a key with one and a key without are two', set: [anonymous(ec), otherEc.jwk], alg: 'ES256', found: undefined },
  { name: 'without a key id no key that fits is none', set: [ec.jwk], alg: 'ES384', found: undefined }
]

for (const { name, set, kid, alg, found } of table) {
  t.test(name, async (t) => {
    const { ring } = memoryRing(t, ...set)
    await ring.refresh()
    t.equal(ring.keys.length, set.length, 'every key of the set is held')
    t.equal(ring.find({ kid, alg }), found === undefined ? undefined : ring.keys[found])
  })
}

t.test('health lists key ids, and passes over keys without one', async (t) => {
  const { ring } = memoryRing(t, anonymous(ec), rsa.jwk)
  await ring.refresh()
  t.same(ring.health().keys, ['rsa'])
})

t.test('where no algorithm is named a key id finds its key, and no key id the only key', async (t) => {
  const { ring, server } = memoryRing(t, rsa.jwk, ec.jwk)
  await ring.refresh()
  t.equal(ring.find({ kid: 'ec', alg: undefined }), ring.keys[1])
  t.equal(ring.find({ kid: undefined, alg: undefined }), undefined)
  server.published = [rsa.jwk]
  await ring.refresh()
  t.equal(ring.find({ kid: undefined, alg: undefined }), ring.keys[0])
})

const [first, second, third] = await Promise.all([createKey('ES256'), createKey('ES256'), createKey('ES256')])
const choice = ({ kid, alg }: IssuerKey) => ({ kid, alg })
const token = (key: IssuerKey) => signJws(JSON.stringify({ alg: key.alg, kid: key.kid }), '{"sub":"user-1"}', key)

t.test('a key that is fetched again is the same object, wherever it stands in the set', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk, second.jwk)
  await ring.refresh()
  const key = ring.find(choice(first))
  for (const set of [[first.jwk, second.jwk], [second.jwk, first.jwk], [third.jwk, first.jwk, second.jwk], [first.jwk]]) {
    server.published = structuredClone(set)
    await ring.refresh()
    t.equal(ring.find(choice(first)), key)
    t.equal(key?.held, true)
    t.match(key?.verify(token(first), 'ES256'), { sub: 'user-1' }, 'and verifies')
    t.throws(() => key?.verify(token(second), 'ES256'), 'only what it signed')
  }
})

t.test('a key that left the set is let go of', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk, second.jwk)
  await ring.refresh()
  const key = ring.find(choice(first))
  server.published = [second.jwk]
  await ring.refresh()
  t.equal(key?.held, false)
  t.equal(ring.find(choice(first)), undefined)
  t.same(ring.health().keys, [second.kid])
})

t.test('a key that comes back is another object', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  const key = ring.find(choice(first))
  server.published = [second.jwk]
  await ring.refresh()
  server.published = [first.jwk]
  await ring.refresh()
  t.equal(key?.held, false, 'who verified with the old one asks again')
  t.equal(ring.find(choice(first))?.held, true)
})

for (const [name, changes] of [
  ['another key under the same id', { x: third.jwk.x, y: third.jwk.y }],
  ['the same key under another id', { kid: 'renamed' }]
] as const) {
  t.test(`${name} is another object`, async (t) => {
    const { ring, server } = memoryRing(t, first.jwk)
    await ring.refresh()
    const key = ring.keys[0]
    server.published = [{ ...first.jwk, ...changes }]
    await ring.refresh()
    t.equal(key?.held, false)
    t.equal(ring.keys[0]?.held, true)
    t.not(ring.keys[0], key)
  })
}

t.test('a key whose algorithms were narrowed is another object', async (t) => {
  const { alg, ...jwk } = (await createKey('RS256')).jwk
  const { ring, server } = memoryRing(t, jwk)
  await ring.refresh()
  const key = ring.keys[0]
  server.published = [{ ...jwk, alg }]
  await ring.refresh()
  t.equal(key?.held, false)
  t.same(ring.keys[0]?.algorithms, ['RS256'])
})

t.test('a forged set that was served once is gone with the next fetch', async (t) => {
  const { ring, server } = memoryRing(t, first.jwk)
  await ring.refresh()
  server.published = [{ ...third.jwk, kid: first.kid }]
  await ring.refresh()
  const poisoned = ring.find(choice(first))
  server.published = [first.jwk]
  await ring.refresh()
  t.equal(poisoned?.held, false)
  t.match(ring.find(choice(first))?.verify(token(first), 'ES256'), { sub: 'user-1' })
  t.throws(() => ring.find(choice(first))?.verify(token(third), 'ES256'))
})

t.test('keys that were left out of a set are logged, and the others held', async (t) => {
  const { ring, logs } = memoryRing(t, { ...first.jwk, use: 'enc' }, second.jwk)
  await ring.refresh()
  t.same(ring.health().keys, [second.kid])
  t.match(logs.lines, [{ level: 40, provider: 'oidc', dropped: ['key 0: use is not sig'], msg: 'keys of the provider left out' }])
})

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
