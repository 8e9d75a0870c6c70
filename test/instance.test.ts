import t from 'tap'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'
import { until } from './support/until.js'

const [issuer, other] = await Promise.all([createIssuer(), createIssuer({ algorithms: ['ES256'] })])
t.teardown(() => Promise.all([issuer.close(), other.close()]))
t.beforeEach(() => {
  for (const each of [issuer, other]) { each.behave('answer'); each.reset() }
})

const both = [trusting(issuer, { name: 'first' }), trusting(other, { name: 'second' })]

t.test('app.gatehouse is frozen', async (t) => {
  const { app } = await guardedApi(t, issuer)
  t.ok(Object.isFrozen(app.gatehouse))
})

t.test('verify() gives the identity of a good token, which is the one requests get', async (t) => {
  const { app, get } = await guardedApi(t, issuer)
  const token = issuer.token({ scope: 'read:messages' })
  const identity = await app.gatehouse.verify(token)
  t.match(identity, { type: 'access_token', provider: 'oidc', issuer: issuer.issuer, subject: 'user-1', clientId: 'client-1', scopes: ['read:messages'] })
  t.strictSame(await app.gatehouse.verify(token), identity)
  t.same(await get(token), ACCEPTED)
  t.match(app.gatehouse.stats(), { accepted: 3, cached: 2, refused: {}, cacheSize: 1 })
})

t.test('verify() refuses what a request would be refused with, counts it and logs it once', async (t) => {
  const { app, refusals } = await guardedApi(t, issuer)
  const verify = (token: unknown) => app.gatehouse.verify(token as string)
  const rows: Array<[token: unknown, reason: string]> = [
    [issuer.token({ aud: 'https://other.example' }), 'audience_mismatch'],
    [issuer.token({}, {}, await createKey('RS256', { kid: issuer.keys[0]!.kid })), 'signature_invalid'],
    [issuer.token({ cnf: { jkt: 'thumbprint' } }), 'binding_unverifiable'],
    [issuer.token({ cnf: null }), 'binding_unverifiable'],
    [`Bearer ${issuer.token()}`, 'token_malformed'],
    ['', 'token_opaque'],
    [undefined, 'token_malformed'],
    [null, 'token_malformed'],
    [Buffer.from(issuer.token()), 'token_malformed'],
    [[issuer.token()], 'token_malformed']
  ]
  for (const [index, [token, reason]] of rows.entries()) {
    await t.rejects(verify(token), { code: 'GATEHOUSE_TOKEN_INVALID' })
    t.match(refusals().slice(index), [{ code: 'GATEHOUSE_TOKEN_INVALID', reason }])
    t.equal(refusals().length, index + 1)
  }
  t.same(app.gatehouse.stats().refused, { GATEHOUSE_TOKEN_INVALID: rows.length })
})

t.test('verify() rejects with UnavailableError while the provider is away', async (t) => {
  const { app, refusals } = await guardedApi(t, issuer)
  issuer.behave('status-500')
  await t.rejects(app.gatehouse.verify(issuer.token()), { code: 'GATEHOUSE_UNAVAILABLE' })
  t.match(refusals(), [{ code: 'GATEHOUSE_UNAVAILABLE', reason: 'keys_unavailable', provider: 'oidc' }])
  t.same(app.gatehouse.stats().refused, { GATEHOUSE_UNAVAILABLE: 1 })
})

t.test('what verify() is thrown that is no refusal, it passes on', async (t) => {
  const mistake = new RangeError('a mistake of ours')
  const { app, refusals } = await guardedApi(t, issuer)
  await app.gatehouse.ready()
  const token = issuer.token()
  t.intercept(Date, 'now', { value: () => { throw mistake } })
  await t.rejects(app.gatehouse.verify(token), mistake)
  t.same(refusals(), [])
  t.same(app.gatehouse.stats().refused, {})
})

t.test('ready() fetches what is missing, and resolves once every provider has keys', async (t) => {
  const { app } = await guardedApi(t, issuer, { provider: both })
  t.match(app.gatehouse.health(), [{ state: 'idle' }, { state: 'idle' }])
  await app.gatehouse.ready()
  t.match(app.gatehouse.health(), [{ provider: 'first', state: 'fresh' }, { provider: 'second', state: 'fresh' }])
  await app.gatehouse.ready()
  t.equal(issuer.requests.jwks, 1, 'and fetches nothing that is there')
})

t.test('ready() rejects while one provider is away, asks it again only after the back-off, and resolves once it is back', async (t) => {
  const clock = fakeClock(t)
  const { app } = await guardedApi(t, issuer, { provider: both })
  other.behave('refuse')
  const error: unknown = await app.gatehouse.ready().catch((error: unknown) => error)
  t.match(error, { code: 'GATEHOUSE_UNAVAILABLE', refusal: { reason: 'keys_unavailable', provider: 'second', hint: /UND_ERR_SOCKET/ } })
  other.behave('answer')
  await t.rejects(app.gatehouse.ready(), { code: 'GATEHOUSE_UNAVAILABLE' })
  t.equal(app.gatehouse.health()[1]?.fetches, 1)
  clock.advance(1_000)
  await app.gatehouse.ready()
})

t.test('ready() resolves while keys are old but serve', async (t) => {
  const clock = fakeClock(t)
  const { app } = await guardedApi(t, issuer)
  await app.gatehouse.ready()
  issuer.behave('status-500')
  clock.advance(700_000)
  await app.gatehouse.ready()
  await until(() => app.gatehouse.health()[0]?.failures === 1)
  await app.gatehouse.ready()
})

t.test('with a resolver ready() waits for nobody, and health() lists providers whose tokens came', async (t) => {
  const { app, get } = await guardedApi(t, issuer, { provider: () => trusting(issuer) })
  await app.gatehouse.ready()
  t.same(app.gatehouse.health(), [])
  t.same(await get(issuer.token()), ACCEPTED)
  t.match(app.gatehouse.health(), [{ provider: 'oidc', issuer: issuer.issuer, state: 'fresh' }])
})

t.test('health() says of each provider how old its keys are and what the last fetch failed of', async (t) => {
  const clock = fakeClock(t)
  const { app, get } = await guardedApi(t, issuer, { provider: both })
  const idle = { state: 'idle', keys: [], age: undefined, nextRefresh: undefined, lastError: undefined, fetches: 0, failures: 0 }
  t.same(app.gatehouse.health(), [{ provider: 'first', issuer: issuer.issuer, ...idle }, { provider: 'second', issuer: other.issuer, ...idle }])

  other.behave('status-429')
  await app.gatehouse.ready().catch(() => {})
  await until(() => app.gatehouse.health()[0]?.state === 'fresh')
  clock.advance(100_400)
  const kid = issuer.keys[0]?.kid
  const [first, second] = app.gatehouse.health()
  t.same(first, { provider: 'first', issuer: issuer.issuer, state: 'fresh', keys: [kid], age: 100, nextRefresh: 470, lastError: undefined, fetches: 1, failures: 0 })
  const lastError = `${other.issuer}/.well-known/openid-configuration: status 429`
  t.same(second, { provider: 'second', issuer: other.issuer, state: 'away', keys: [], age: undefined, nextRefresh: 0, lastError, fetches: 1, failures: 1 })

  issuer.behave('html')
  clock.advance(500_000)
  t.same(await get(issuer.token()), ACCEPTED)
  await until(() => app.gatehouse.health()[0]?.failures === 1)
  t.match(app.gatehouse.health()[0], { state: 'stale', keys: [kid], age: 600, lastError: /answers HTML/, fetches: 2 })
})

t.test('stats() counts what was accepted, recalled and refused', async (t) => {
  const { app, get } = await guardedApi(t, issuer)
  const { gatehouse } = app
  t.same(gatehouse.stats(), { accepted: 0, cached: 0, refused: {}, cacheSize: 0 })
  const token = issuer.token()
  for (const each of [token, token, issuer.token({ jti: '2' })]) t.same(await get(each), ACCEPTED)
  for (const each of [undefined, 'opaque', 'opaque']) t.match(await get(each), { status: 401 })
  const before = gatehouse.stats()
  t.same(before, { accepted: 3, cached: 1, refused: { GATEHOUSE_CREDENTIAL_MISSING: 1, GATEHOUSE_TOKEN_INVALID: 2 }, cacheSize: 2 })
  t.same(await get('opaque'), INVALID_TOKEN)
  t.same(before.refused, { GATEHOUSE_CREDENTIAL_MISSING: 1, GATEHOUSE_TOKEN_INVALID: 2 }, 'at that time')
})

t.test('routes() gives rows that are the caller\'s own', async (t) => {
  const { app } = await guardedApi(t, issuer, {
    routes: (app) => {
      app.gatehouse.group(app, { scopes: 'read' })
      app.get('/grouped', async () => ({}))
    }
  })
  const rows = app.gatehouse.routes()
  t.match(rows.find(({ method, url }) => method === 'GET' && url === '/grouped'), { auth: 'required', demands: 'scopes: read' })
  for (const row of rows) Object.assign(row, { auth: 'public' })
  t.ok(app.gatehouse.routes().every(({ auth }) => auth === 'required'))
})
