import t from 'tap'
import { usableKeys } from '../../lib/token/key-set.js'
import { createKey } from '../support/issuer.js'

const URL = 'https://id.example/jwks'
const TEMPLATE = 'https://id.example/{tenant}'
const [one, other] = await Promise.all([createKey('ES256'), createKey('ES256')])
const kids = (keys: unknown, issuer?: string) => usableKeys(URL, keys, ['ES256'], issuer).keys.map(({ kid }) => kid)

t.test('keys that can verify are taken, the others left out alone', async (t) => {
  const set = usableKeys(URL, [one.jwk, { kty: 'oct', k: 'x' }, other.jwk], ['ES256'])
  t.same(set.keys.map(({ kid }) => kid), [one.kid, other.kid])
  t.match(set.dropped, [/^key 1: /])
})

t.test('a set without a usable key is a failure that says why, with the address before it', async (t) => {
  for (const keys of [undefined, null, 'keys', 42, {}, { 0: one.jwk }]) t.throws(() => kids(keys), { name: 'FetchFailure', message: `${URL}: has no keys` })
  t.throws(() => kids([]), { name: 'FetchFailure', message: `${URL}: has no usable key` })
  t.throws(() => kids([null, { kty: 'RSA' }]), { name: 'FetchFailure', message: /^https:\/\/id\.example\/jwks: has no usable key \(key 0: not an object; key 1: .+\)$/ })
  t.throws(() => usableKeys(`https://id.example/${'a'.repeat(1_000)}`, [], ['ES256']), { message: `https://id.example/${'a'.repeat(181)}: has no usable key` })
})

t.test('a key that names its issuer by anything but a text speaks for nobody', async (t) => {
  const issuerOf = (issuer: unknown) => usableKeys(URL, [{ ...one.jwk, ...(issuer === undefined ? {} : { issuer }) }], ['ES256']).keys[0]?.issuer
  t.equal(issuerOf(undefined), undefined, 'whoever names none speaks for all')
  t.equal(issuerOf(TEMPLATE), TEMPLATE)
  for (const issuer of [null, 42, true, {}, [], [TEMPLATE], '']) t.equal(issuerOf(issuer), '', JSON.stringify(issuer))
})

t.test('where an issuer is given, keys that name another are left out', async (t) => {
  const mine = 'https://id.example/one'
  t.same(kids([{ ...one.jwk, issuer: mine }, { ...other.jwk, issuer: 'https://id.example/two' }], mine), [one.kid])
  t.same(kids([{ ...one.jwk, issuer: 'https://id.example/{tenantid}' }, other.jwk], mine), [one.kid, other.kid])
  for (const issuer of ['https://id.example/two', '']) t.throws(() => kids([{ ...one.jwk, issuer }], mine), { message: `${URL}: has no usable key (key 0: is for another issuer)` }, JSON.stringify(issuer))
})
