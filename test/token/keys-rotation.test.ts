import t from 'tap'
import { createKey, signJws } from '../support/issuer.js'
import type { IssuerKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

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
