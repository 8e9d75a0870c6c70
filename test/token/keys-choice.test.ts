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
  { name: 'a key id does not find a key without one', set: [published(ec, { kid: undefined })], kid: 'ec', alg: 'ES256', found: undefined },
  { name: 'without a key id the only key is found', set: [ec.jwk], alg: 'ES256', found: 0 },
  { name: 'without a key id the only key that fits is found', set: [rsa.jwk, p384.jwk, ec.jwk], alg: 'ES256', found: 2 },
  { name: 'without a key id a key without one is found', set: [published(ec, { kid: undefined })], alg: 'ES256', found: 0 },
  { name: 'without a key id two keys that fit are none', set: [ec.jwk, otherEc.jwk], alg: 'ES256', found: undefined },
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
  const { ring } = memoryRing(t, published(ec, { kid: undefined }), rsa.jwk)
  await ring.refresh()
  t.same(ring.health().keys, ['rsa'])
})
