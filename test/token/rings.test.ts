import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { GatehouseOptions, OidcOptions, Provider } from '../../lib/index.js'
import { readOptions } from '../../lib/options.js'
import { createKeyRings } from '../../lib/token/rings.js'
import { holdDeadlines } from '../support/deadlines.js'
import { createIssuer } from '../support/issuer.js'
import { listen } from '../support/issuer/server.js'
import { until } from '../support/until.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.reset() })

const [key] = issuer.keys
const choice = { kid: key?.kid, alg: 'ES256' } as const

function ringsOf (t: Test, provider: GatehouseOptions['provider']) {
  const rings = createKeyRings(readOptions({ provider }), Fastify().log)
  t.teardown(() => rings.close())
  return rings
}

const tenant = (name: string | number, options: Partial<OidcOptions> = {}): Provider =>
  oidc({ issuer: `https://${name}.example`, audience: 'https://api.example', ...options })

/** A provider whose keys can be fetched. */
const reachable = (options: Partial<OidcOptions> = {}) => oidc({ issuer: issuer.issuer, audience: issuer.audience, ...options })

t.test('every configured provider has a ring of its own from the start, without a fetch', async (t) => {
  const [a, b] = [reachable({ name: 'a' }), tenant('b', { name: 'b' })]
  const rings = ringsOf(t, [a, b])
  t.same(rings.all().map((ring) => ring.health().provider), ['a', 'b'])
  t.same(rings.configured, [rings.of(a), rings.of(b)])
  t.equal(rings.configured[0], rings.of(a))
  t.equal(rings.configured[1], rings.of(b))
  t.equal(rings.all().length, 2)
  t.same(issuer.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
})

t.test('a provider of a resolver gets a ring when it is asked for, and keeps it', async (t) => {
  const rings = ringsOf(t, () => undefined)
  t.same(rings.all(), [])
  const provider = tenant('a')
  const ring = rings.of(provider)
  t.equal(rings.of(provider), ring)
  t.same(rings.configured, [])
  t.equal(rings.all()[0], ring)
})

t.test('providers that name the same keys share a ring', async (t) => {
  const rings = ringsOf(t, () => undefined)
  const ring = rings.of(tenant('a'))
  for (const same of [{}, { audience: 'https://other.example' }, { name: 'other' }, { profile: 'rfc9068' }, { claims: { subject: 'uid' } }] as const) {
    t.equal(rings.of(tenant('a', same)), ring, JSON.stringify(same))
  }
  t.equal(rings.all().length, 1)
})

t.test('providers that differ in what decides about keys do not', async (t) => {
  const rings = ringsOf(t, () => undefined)
  const all = [
    tenant('a'),
    tenant('b'),
    tenant('a', { issuer: 'https://a.example/' }),
    tenant('a', { keys: { jwksUri: 'https://a.example/jwks' } }),
    tenant('a', { keys: { discovery: 'https://a.example/jwks' } }),
    tenant('a', { algorithms: ['ES256'] }),
    tenant('a', { algorithms: ['RS256'] }),
    tenant('a', { dangerouslyAllowHttp: true })
  ].map((provider) => rings.of(provider))
  t.equal(new Set(all).size, all.length)
})

t.test('a thousand rings are kept for a resolver, and the one longest unused is closed first', async (t) => {
  const rings = ringsOf(t, () => undefined)
  const [kept, evicted] = [rings.of(reachable()), rings.of(reachable({ algorithms: ['ES256'] }))]
  await Promise.all([kept.refresh(), evicted.refresh()])
  for (let count = 0; count < 998; count++) rings.of(tenant(count))
  t.equal(rings.all().length, 1000)
  t.equal(rings.of(reachable()), kept, 'a use counts')

  const key = evicted.find(choice)
  t.equal(key?.held, true)
  rings.of(tenant('one-more'))
  t.equal(rings.all().length, 1000)
  t.notOk(rings.all().includes(evicted))
  await until(() => key?.held === false)
  t.equal(kept.find(choice)?.held, true)
  t.not(rings.of(reachable({ algorithms: ['ES256'] })), evicted, 'its provider gets a new one')
})

t.test('close closes every ring', async (t) => {
  for (const provider of [reachable(), () => undefined]) {
    const rings = ringsOf(t, provider)
    const ring = rings.of(provider instanceof Function ? reachable() : provider)
    await ring.refresh()
    const held = ring.find(choice)
    t.equal(held?.held, true)
    await rings.close()
    t.equal(held?.held, false)
  }
})

t.test('close aborts the fetches of rings that made room for others while they were under way', async (t) => {
  holdDeadlines(t)
  let [asked, aborted] = [0, 0]
  const { origin, close } = await listen((request) => { asked++; request.once('close', () => { aborted++ }) })
  t.teardown(close)
  const rings = ringsOf(t, () => undefined)
  const evicted = rings.of(tenant('slow', { keys: { jwksUri: `${origin}/jwks` } }))
  const fetched = evicted.refresh()
  await until(() => asked === 1)
  for (let count = 0; count < 1000; count++) rings.of(tenant(count))
  t.notOk(rings.all().includes(evicted))
  t.equal(aborted, 0, 'whoever waits for it may still get an answer')
  await rings.close()
  await until(() => aborted === 1)
  await fetched
})
