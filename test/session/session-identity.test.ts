import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { endedToken, rotate, sessionApp } from '../support/session-app.js'
import type { SessionAppOptions } from '../support/session-app.js'
import { createIssuer } from '../support/issuer.js'
import { json, loginServer } from '../support/login-server.js'
import { seconds } from '../support/session-stage.js'

const EVERYTHING = { scope: 'read', scp: ['read'], scopes: ['read'], permissions: ['write'], roles: ['admin'], groups: ['admin'] }
const NOTHING = { scopes: [], permissions: [], roles: [] }

function routes (app: FastifyInstance): void {
  app.get('/sets', async ({ auth: { scopes, permissions, roles } }) => ({ scopes, permissions, roles }))
  app.get('/scoped', { config: { scopes: 'read' } }, async ({ auth }) => auth.subject)
  app.get('/permitted', { config: { permissions: 'write' } }, async ({ auth }) => auth.subject)
  app.get('/ruled', { config: { roles: 'admin' } }, async ({ auth }) => auth.subject)
  app.get('/optional', { config: { auth: 'optional' } }, async ({ auth }) => ({ who: auth.isAuthenticated ? auth.subject : null }))
  app.get('/required', async ({ auth }) => { auth.require({ scopes: 'read' }); return auth.subject })
  app.get('/organization', async ({ auth }) => auth.organizationId())
  app.get('/hijacked', (_request, reply) => {
    const headers = reply.getHeaders()
    reply.hijack().raw.writeHead(200, headers as Record<string, string>).end(JSON.stringify(headers))
  })
  app.get('/token', async ({ auth }) => auth.session.accessToken())
}

const open = (t: Parameters<typeof sessionApp>[0], options: SessionAppOptions = {}) => sessionApp(t, { routes, audience: true, ...options })

t.test('what a session may do its access token says, if it is one for this API', async (t) => {
  const { app, server, seat, reason } = await open(t)
  await app.gatehouse.ready()
  const browser = await seat({ accessToken: server.issuer.token({ sub: 'ada', scope: 'read', permissions: ['write'], roles: ['admin'] }) })
  t.strictSame((await browser.get('/sets')).json(), { scopes: ['read'], permissions: ['write'], roles: ['admin'] })
  for (const url of ['/scoped', '/permitted', '/ruled', '/required']) t.equal((await browser.get(url)).body, 'ada')
  const another = await seat({ accessToken: server.issuer.token({ sub: 'ada', scope: 'other' }) })
  const answer = await another.get('/scoped')
  t.match([answer.json(), answer.headers['www-authenticate']], [{ statusCode: 403, code: 'GATEHOUSE_SCOPE_INSUFFICIENT' }, /scope="read"/])
  t.equal(reason(), 'scope_missing')
})

t.test('no other token, and nothing else a session holds, grants anything, and the log says why', async (t) => {
  const { app, server, seat, logs } = await open(t)
  await app.gatehouse.ready()
  const foreign = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => foreign.close())
  const { issuer } = server
  const all = { sub: 'ada', ...EVERYTHING }
  const tokens: Record<string, [accessToken: string | undefined, reason: string | undefined, hint?: string]> = {
    'for another API': [issuer.token({ ...all, aud: 'https://other.example' }), 'audience_mismatch'],
    "of somebody else's": [issuer.token({ ...all, sub: 'eve' }), undefined, "it is somebody else's"],
    'that expired when it came': [issuer.token({ ...all, exp: Math.floor(seconds()) - 60 }), 'token_expired'],
    'that begins tomorrow': [issuer.token({ ...all, nbf: Math.floor(seconds()) + 86_400 }), 'token_not_yet_valid'],
    'that is opaque': ['2YotnFZFEjr1zCsicMWpAA', 'token_opaque'],
    'that is no token68 value': ['"a b"', 'token_opaque'],
    'of another issuer': [foreign.token(all), 'issuer_mismatch'],
    'that is an ID token': [server.idToken({ ...all, aud: issuer.audience, nonce: 'n' }), 'id_token'],
    'with a broken signature': [issuer.token(all).slice(0, -8) + 'AAAAAAAA', 'signature_invalid'],
    'that is not there': [undefined, undefined, 'there is none']
  }
  for (const [what, [accessToken, reason, hint = reason]] of Object.entries(tokens)) {
    logs.lines.length = 0
    const browser = await seat({ accessToken, accessTokenExpiresAt: undefined, scope: 'read', idToken: server.idToken(all), user: EVERYTHING, data: EVERYTHING })
    t.strictSame((await browser.get('/sets')).json(), NOTHING, `a token ${what}`)
    t.strictSame(logs.lines.flatMap(({ level, gatehouse }) => level === 20 && gatehouse !== undefined ? (gatehouse as { reason: unknown }).reason : []), reason === undefined ? [] : [reason], 'the operator can know why')
    for (const url of ['/scoped', '/permitted', '/ruled', '/required']) {
      t.equal((await browser.get(url)).status, 403, `${url}: a token ${what}`)
      const { hint: found } = logs.lines.findLast(({ msg }) => String(msg).startsWith('refused'))!.gatehouse as { hint: string }
      t.equal(found.startsWith(`the session's access token is not for this API: ${hint}`), true, found)
    }
    t.notMatch(JSON.stringify(logs.lines), /eyJ/)
  }
})

t.test('a provider without an audience grants nothing by its access tokens', async (t) => {
  const { server, seat, logs } = await open(t, { audience: false })
  const browser = await seat({ accessToken: server.issuer.token({ sub: 'ada', ...EVERYTHING }), user: EVERYTHING })
  t.strictSame((await browser.get('/sets')).json(), NOTHING)
  t.equal((await browser.get('/scoped')).status, 403)
  t.match(logs.text(), /is not for this API: the provider has no audience/)
  t.strictSame(server.requests, [])
})

t.test('whose token it is, is for the issuer to say, whatever claim the app calls callers by', async (t) => {
  const { app, server, seat } = await open(t, { provider: { claims: { subject: 'oid' } } })
  await app.gatehouse.ready()
  const browser = await seat({ accessToken: server.issuer.token({ sub: 'ada', oid: 'directory id', scope: 'read' }) })
  t.equal((await browser.get('/scoped')).body, 'ada')
  const trap = await seat({ accessToken: server.issuer.token({ sub: 'eve', oid: 'ada', scope: 'read' }) })
  t.strictSame((await trap.get('/sets')).json(), NOTHING)
})

t.test("the organization is what the provider's mapping finds in the claims of login", async (t) => {
  for (const [organization, found] of [['tenant', 'acme'], [() => { throw new Error('made for access tokens') }, { statusCode: 403, code: 'GATEHOUSE_NO_ORGANIZATION' }]] as const) {
    const { seat } = await open(t, { provider: { claims: { organization } } })
    const { body } = await (await seat({ user: { tenant: 'acme' }, data: { tenant: 'eve inc' } })).get('/organization')
    t.match(typeof found === 'string' ? body : JSON.parse(body), found)
  }
})

t.test('with the keys away a session has no scopes, and a route that demands some is a 503', async (t) => {
  const { server, seat, reason } = await open(t, { core: { startup: 'lazy' } })
  server.issuer.behave('status-500')
  const browser = await seat({ accessToken: server.issuer.token({ sub: 'ada', scope: 'read' }) })
  t.strictSame((await browser.get('/sets')).json(), NOTHING)
  t.equal((await browser.get('/me')).status, 200)
  const answer = await browser.get('/scoped')
  t.match([answer.json(), answer.headers['retry-after'], reason()], [{ statusCode: 503, code: 'GATEHOUSE_UNAVAILABLE' }, /^\d+$/, 'keys_unavailable'])
})

t.test('an opaque access token is introspected, if the provider is asked about such', async (t) => {
  const server = await loginServer(t, ['ES256'])
  server.issuer.metadata.introspection_endpoint = `${server.origin}/introspect`
  const { seat } = await open(t, { server, provider: { introspection: { clientId: 'api', clientSecret: 'hunter2' } } })
  const about = (sub: string) => ({ active: true, token_type: 'Bearer', iss: server.issuer.issuer, aud: server.issuer.audience, sub, scope: 'read', exp: Math.floor(seconds()) + 600 })
  server.answers['/introspect'] = (response, { form }) => { form.token === 'away' ? json(500, {})(response) : json(200, about(form.token!))(response) }
  t.equal((await (await seat({ accessToken: 'ada' })).get('/scoped')).body, 'ada')
  t.strictSame((await (await seat({ accessToken: 'eve' })).get('/sets')).json(), NOTHING)
  const away = await seat({ accessToken: 'away' })
  t.strictSame((await away.get('/sets')).json(), NOTHING)
  t.equal((await away.get('/scoped')).status, 503)
})

for (const place of ['cookie', 'store'] as const) {
  t.test(`an access token that ended is refreshed before anything is decided: session in a ${place}`, async (t) => {
    const { app, server, seat, record, reason } = await open(t, { in: place })
    await app.gatehouse.ready()
    const { shown } = rotate(server, () => server.issuer.token({ sub: 'ada', scope: 'read' }))
    const browser = await seat(endedToken())
    t.equal((await browser.get('/scoped')).body, 'ada')
    t.match(await record(browser), { refreshToken: 'refresh 0+' })
    t.equal((await browser.get('/scoped')).body, 'ada')
    t.strictSame(shown, ['refresh 0'])

    const hijacked = await seat(endedToken('refresh h'))
    t.match((await hijacked.get('/hijacked')).json(), place === 'cookie' ? { 'cache-control': 'no-store', 'set-cookie': [String] } : { 'cache-control': 'private', 'set-cookie': undefined })
    t.match((await hijacked.get('/hijacked')).json(), { 'cache-control': 'private' })

    server.answers['/token'] = json(503, {})
    const late = await seat(endedToken('refresh 1'))
    t.strictSame((await late.get('/sets')).json(), NOTHING, 'where nobody can be asked it grants nothing')
    const answer = await late.get('/scoped')
    t.match([answer.json(), answer.headers['retry-after'], reason()], [{ statusCode: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE' }, /\d/, 'provider_unavailable'])
    const usable = await seat({ ...endedToken('refresh 2'), accessToken: server.issuer.token({ sub: 'ada', scope: 'read' }), accessTokenExpiresAt: seconds() + 30 })
    t.equal((await usable.get('/scoped')).body, 'ada', 'while it lasts it is as good as before')

    server.answers['/token'] = json(400, { error: 'invalid_grant' })
    const refused = await (await seat(endedToken('refresh 3'))).get('/scoped')
    t.match([refused.json(), refused.headers['www-authenticate'], reason()], [{ statusCode: 401, code: 'GATEHOUSE_LOGIN_REQUIRED' }, 'Bearer realm="api"', 'access_token_ended'], 'who logs in again may')
  })
}

t.test('who is logged out while the access token is refreshed is nobody', async (t) => {
  const { app, server, seat, keeper, reason } = await open(t, { in: 'store' })
  await app.gatehouse.ready()
  const tokens = server.tokens({ access_token: server.issuer.token({ sub: 'ada' }), refresh_token: 'next', expires_in: 600 })
  for (const [url, body, refreshToken] of [['/sets', { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_INVALID' }, 'one'], ['/optional', { who: null }, 'two']] as const) {
    const browser = await seat(endedToken(refreshToken))
    server.answers['/token'] = (response) => {
      keeper.deleteBySubject({ issuer: server.issuer.issuer, subject: 'ada' }).then(() => { json(200, tokens)(response) })
    }
    t.match((await browser.get(url)).json(), body)
    t.equal(reason(), url === '/sets' ? 'session_unknown' : undefined)
    t.strictSame(browser.jar.names(), [])
  }
})

t.test('refreshed tokens that fit into no cookie are a 500 with the remedy, and the session stays as it was', async (t) => {
  const { app, server, seat, record, reason } = await open(t)
  await app.gatehouse.ready()
  rotate(server, () => server.issuer.token({ sub: 'ada', much: 'x'.repeat(11_000) }))
  const browser = await seat(endedToken())
  const before = browser.jar.header()
  for (const url of ['/me', '/token']) {
    const answer = await browser.get(url)
    t.match(answer.json(), { statusCode: 500, code: 'GATEHOUSE_COOKIE_TOO_LARGE', message: /session: \{ in: 'store' \}/ })
    t.equal(reason(), 'cookie_too_large')
  }
  t.equal(browser.jar.header(), before)
  t.match(await record(browser), { accessToken: 'access 0' })
})
