import t from 'tap'
import { catchTimers } from './support/caught-timers.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting, unavailable } from './support/guarded-api.js'
import { createIssuer } from './support/issuer.js'

const [a, b] = await Promise.all([createIssuer(), createIssuer()])
t.teardown(() => Promise.all([a.close(), b.close()]))
t.beforeEach(() => {
  for (const issuer of [a, b]) { issuer.behave('answer'); issuer.reset() }
})

const provider = [
  trusting(a, { name: 'a', audience: 'https://a.example' }),
  trusting(b, { name: 'b', audience: ['https://b.example', 'https://b2.example'] })
]

t.test('each of several providers vouches with its own keys for its own audience', async (t) => {
  const { get, refusals } = await guardedApi(t, a, {
    provider,
    routes: (app) => { app.get('/who', async ({ auth }) => ({ provider: auth.provider, issuer: auth.accessTokenClaims().iss })) }
  })
  const answer = (body: object) => ({ ...ACCEPTED, body })
  t.same(await get(a.token({ aud: 'https://a.example' }), '/who'), answer({ provider: 'a', issuer: a.issuer }))
  t.same(await get(b.token({ aud: 'https://b.example' }), '/who'), answer({ provider: 'b', issuer: b.issuer }))
  t.same(await get(b.token({ aud: 'https://b2.example' }), '/who'), answer({ provider: 'b', issuer: b.issuer }))
  t.same(await get(a.token({ aud: 'https://b.example' }), '/who'), INVALID_TOKEN)
  t.same(await get(b.token({ aud: 'https://a.example' }), '/who'), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'audience_mismatch', provider: 'a' }, { reason: 'audience_mismatch', provider: 'b' }])
})

t.test("a token of one provider signed with another one's key is refused, whatever its key id", async (t) => {
  const { get, refusals } = await guardedApi(t, a, { provider })
  const [keyA, keyB] = [a.keys[0]!, b.keys[0]!]
  t.same(await get(a.token({ aud: 'https://a.example' })), ACCEPTED)
  t.same(await get(b.token({ aud: 'https://b.example' })), ACCEPTED)
  t.same(await get(a.token({ aud: 'https://a.example' }, {}, keyB)), INVALID_TOKEN)
  t.same(await get(a.token({ aud: 'https://a.example' }, { kid: keyA.kid }, keyB)), INVALID_TOKEN)
  t.same(await get(a.token({ aud: 'https://a.example' }, { kid: undefined }, keyB)), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'kid_unknown', provider: 'a', kid: keyB.kid }, { reason: 'signature_invalid', provider: 'a' }, { reason: 'signature_invalid', provider: 'a' }])
})

t.test('an issuer that is none of them is refused, and all of them are named in the log', async (t) => {
  const { get, refusals } = await guardedApi(t, a, { provider })
  t.same(await get(a.token({ iss: 'https://evil.example' })), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'issuer_mismatch', expected: [a.issuer, b.issuer], found: 'https://evil.example' }])
  t.notOk('provider' in refusals()[0]!)
})

t.test('a provider that is away takes nothing from the others', async (t) => {
  const { app, get } = await guardedApi(t, a, { provider })
  b.behave('refuse')
  t.same(await get(b.token({ aud: 'https://b.example' })), unavailable())
  t.same(await get(a.token({ aud: 'https://a.example' })), ACCEPTED)
  t.match(app.gatehouse.health(), [{ provider: 'a', state: 'fresh' }, { provider: 'b', state: 'away' }])
})

t.test('a route that names its providers refuses the others before any fetch of their keys', async (t) => {
  const timers = catchTimers(t)
  const { get, refusals } = await guardedApi(t, a, {
    provider,
    routes: (app) => { app.get('/a', { config: { auth: { providers: ['a'] } } }, async () => ({ subject: 'user-1' })) }
  })
  const token = b.token({ aud: 'https://b.example' })
  t.same(await get(token, '/a'), INVALID_TOKEN)
  t.same(b.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.same(timers(570_000), [])
  t.same(refusals(), [{ code: 'GATEHOUSE_TOKEN_INVALID', reason: 'provider_refused', expected: ['a'], found: 'b', provider: 'b' }])
  t.same(await get(a.token({ aud: 'https://a.example' }), '/a'), ACCEPTED)
  t.same(await get(token), ACCEPTED, 'elsewhere it is accepted')
  t.same(await get(token), ACCEPTED)
  t.same(await get(token, '/a'), INVALID_TOKEN, 'and having been seen there does not help here')
})

t.test('a header seen before is judged anew for each provider', async (t) => {
  const narrow = trusting(b, { name: 'narrow', algorithms: ['ES256'] })
  const { get, refusals } = await guardedApi(t, a, { provider: [trusting(a, { name: 'wide' }), narrow] })
  const header = { kid: a.keys[0]?.kid }
  t.same(await get(a.token()), ACCEPTED)
  t.same(await get(a.token({ jti: 'again' })), ACCEPTED)
  t.same(await get(b.token({}, header)), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'alg_refused', provider: 'narrow', expected: ['ES256'], found: 'RS256' }])
  t.same(b.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
})

t.test('keys may be fetched from a private address while tokens carry the public name of the issuer', async (t) => {
  const issuer = 'https://id.example/'
  for (const keys of [{ jwksUri: `${a.issuer}/jwks` }, { discovery: `${a.issuer}/.well-known/openid-configuration` }]) {
    const { get } = await guardedApi(t, a, { provider: trusting(a, { issuer, keys }) })
    a.metadata.issuer = issuer
    t.same(await get(a.token({ iss: issuer })), ACCEPTED)
    t.same(await get(a.token()), INVALID_TOKEN, 'the private name is nobody')
    a.metadata.issuer = a.issuer
  }
  t.match(a.requests, { discovery: 1, jwks: 2 })
})

t.test('a discovery document that names another issuer leaves the provider without keys', async (t) => {
  const discovery = `${a.issuer}/.well-known/openid-configuration`
  const { get, refusals } = await guardedApi(t, a, { provider: trusting(a, { issuer: 'https://id.example', keys: { discovery } }) })
  t.same(await get(a.token({ iss: 'https://id.example' })), unavailable())
  t.match(refusals(), [{ reason: 'keys_unavailable', hint: `${discovery}: its issuer differs from https://id.example` }])
  t.equal(a.requests.jwks, 0)
})
