import t from 'tap'
import { catchTimers } from './support/caught-timers.js'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'

const issuer = await createIssuer({ algorithms: ['ES256', 'RS256'] })
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.behave('refuse'); issuer.reset() })

const [ec, rsa] = issuer.keys as [typeof issuer.keys[number], typeof issuer.keys[number]]
const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const NOTHING = { discovery: 0, jwks: 0, other: 0, elsewhere: 0 }

t.test('with a public key in PEM tokens are verified whatever key id they name, and nothing is fetched', async (t) => {
  const { app, get, refusals } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { pem } }) })
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get(issuer.token({}, { kid: undefined })), ACCEPTED, 'none')
  t.same(await get(issuer.token({}, { kid: 'any' })), ACCEPTED, 'another')
  t.same(await get(issuer.token({}, { kid: ec.kid }, await createKey('ES256'))), INVALID_TOKEN, 'signed by another key')
  t.same(await get(issuer.token({}, {}, rsa)), INVALID_TOKEN, 'by a key of another type')
  t.match(refusals(), [{ reason: 'signature_invalid' }, { reason: 'kid_unknown', kid: rsa.kid, hint: 'the configured keys have no such key' }])
  t.match(app.gatehouse.health(), [{ state: 'fresh', keys: [], nextRefresh: undefined, lastError: undefined, failures: 0 }])
  t.same(issuer.requests, NOTHING)
})

t.test('with a PEM of an RSA key only the algorithms of the provider count', async (t) => {
  const keys = { pem: rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString() }
  const { get } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys, algorithms: ['PS256'] }) })
  t.same(await get(issuer.token({}, {}, { ...rsa, alg: 'PS256' })), ACCEPTED)
  t.same(await get(issuer.token({}, {}, rsa)), INVALID_TOKEN)
})

t.test('with a key set at hand each key verifies its own tokens, and no unknown key id causes a fetch', async (t) => {
  const clock = fakeClock(t)
  const { get, refusals } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { jwks: { keys: [ec.jwk, rsa.jwk] } } }) })
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get(issuer.token({}, {}, rsa)), ACCEPTED)
  const stranger = await createKey('ES256')
  for (let count = 0; count < 5; count++) {
    t.same(await get(issuer.token({}, {}, stranger)), INVALID_TOKEN)
    clock.advance(31_000)
  }
  t.match(refusals(), Array(5).fill({ reason: 'kid_unknown', kid: stranger.kid }))
  t.same(issuer.requests, NOTHING)
})

t.test('configured keys serve a year later, tokens seen before and new ones', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { app, get } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { jwks: { keys: [ec.jwk] } } }), cache: { ttl: 3600 } })
  const seen = issuer.token({ exp: clock.now() / 1000 + 400 * 86_400 })
  t.same(await get(seen), ACCEPTED)
  clock.advance(365 * 86_400_000)
  t.same(await get(seen), ACCEPTED)
  t.same(await get(seen), ACCEPTED)
  t.same(await get(issuer.token()), ACCEPTED)
  t.match(app.gatehouse.health(), [{ state: 'fresh', keys: [ec.kid], age: 365 * 86_400, nextRefresh: undefined, fetches: 1, failures: 0 }])
  t.match(app.gatehouse.stats(), { accepted: 4, cached: 1 })
  for (const delay of [NaN, 1, 30_000, 570_000, Infinity]) t.same(timers(delay), [])
  t.same(issuer.requests, NOTHING)
})

t.test("startup: 'require' finds configured keys there, and so does ready()", async (t) => {
  const { app, logs } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { pem } }), startup: 'require' })
  await app.gatehouse.ready()
  t.match(app.gatehouse.health(), [{ state: 'fresh', keys: [] }])
  t.same(logs.lines, [])
  t.same(issuer.requests, NOTHING)
})

t.test('before the first token configured keys are idle with lazy startup', async (t) => {
  const { app } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { pem } }) })
  t.match(app.gatehouse.health(), [{ state: 'idle', keys: [], age: undefined, nextRefresh: undefined, fetches: 0 }])
  await app.gatehouse.ready()
  t.match(app.gatehouse.health(), [{ state: 'fresh', age: 0 }])
})

t.test('app.gatehouse.jwks gives configured keys', async (t) => {
  const { app } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { pem } }) })
  const domain = issuer.issuer
  t.equal(await app.gatehouse.jwks.getPublicKey({ domain, alg: 'ES256', kid: 'any' }), pem)
  await t.rejects(app.gatehouse.jwks.getJwk({ domain, alg: 'RS256', kid: 'any' }), { code: 'JWK_NOT_FOUND' })
  t.same(issuer.requests, NOTHING)
})

t.test('a resolver may answer with providers of configured keys, of which each has its own', async (t) => {
  const other = await createKey('ES256')
  const [first, second] = [ec, other].map(({ publicKey }) => trusting(issuer, { keys: { pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() } }))
  let asked = first
  const { get } = await guardedApi(t, issuer, { provider: () => asked })
  t.same(await get(issuer.token()), ACCEPTED)
  asked = second
  t.same(await get(issuer.token()), INVALID_TOKEN)
  t.same(await get(issuer.token({}, {}, other)), ACCEPTED)
})
