import t from 'tap'
import type { SigningAlgorithm } from '../../lib/index.js'
import { createKey } from '../support/issuer.js'
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
