import t from 'tap'
import type { LoginParameters } from '../../lib/login/index.js'
import { BASE, NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'

const COOKIE = /^gatehouse-login-[\w-]{16}=[\w.-]+; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/

t.test('GET /login sends the browser to the provider, with a cookie of this login alone', async (t) => {
  const { server, visitor, refusals } = await loginStage(t, { login: { prompt: 'login', maxAge: 60, acrValues: ['urn:a', 'urn:b'], authorizationParams: { organization: 'org_1', resource: ['r1', 'r2'] } } })
  const ada = visitor()
  const { status, headers, location, body } = await ada.get('/login', NAVIGATION)
  t.equal(status, 302)
  t.equal(body, '')
  t.equal(headers['cache-control'], 'no-store')
  const url = new URL(location!)
  t.equal(url.origin + url.pathname, server.issuer.metadata.authorization_endpoint)
  const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams)
  t.strictSame(rest, {
    client_id: 'web', response_type: 'code', scope: 'openid profile email', redirect_uri: `${BASE}/callback`, code_challenge_method: 'S256', prompt: 'login', max_age: '60', acr_values: 'urn:a urn:b', organization: 'org_1', resource: 'r2'
  })
  t.strictSame(url.searchParams.getAll('resource'), ['r1', 'r2'])
  for (const value of [state, nonce, challenge]) t.match(value, /^[\w-]{43}$/)
  const lines = headers['set-cookie'] as string[]
  t.equal(lines.length, 1)
  t.match(lines[0], COOKIE)
  t.notOk(lines[0]!.includes(state!), 'whoever sees the cookie learns no state')
  const again = new URL((await ada.get('/login', NAVIGATION)).location!).searchParams
  for (const name of ['state', 'nonce', 'code_challenge']) t.not(again.get(name), url.searchParams.get(name))
  t.equal(ada.jar.names().length, 2, 'two tabs, two logins')
  t.strictSame(refusals(), [])
})

t.test('returnTo is a page of this site, or the start page', async (t) => {
  const { underWay } = await loginStage(t, { login: { routes: { backchannelLogout: false } } })
  const landing = async (returnTo: string) => {
    const { ada, callback } = await underWay(`/login?returnTo=${encodeURIComponent(returnTo)}`)
    const { status, location } = await ada.get(callback, NAVIGATION)
    t.equal(status, 302)
    return location
  }
  for (const good of ['/orders/5?page=2&q=%2F%2Fa#top', '/a//b', '/?returnTo=https://evil.example', '/logins', '/login/x']) t.equal(await landing(good), good)
  for (const hostile of [
    '', 'evil.example', 'https://evil.example', 'HTTPS:evil.example', '//evil.example', '///evil.example', '////evil.example', '/\\evil.example', '\\\\evil.example', '\\/evil.example', '/\t/evil.example', '\t//evil.example', ' //evil.example', '/\n/evil.example', '/\r\nSet-Cookie: a=b',
    '/%2fevil.example', '/%5cevil.example', '/.//evil.example', '/..//evil.example', '/a/..//evil.example', '/./\\evil.example', 'javascript:alert(1)', 'data:text/html,x', 'blob:x', 'http:/evil.example', 'https:evil.example', '@evil.example', '.evil.example', ':80', '?x', '#x', '/\u0000', `${BASE}@evil.example/`, `${BASE}/page`, `/${'a'.repeat(2000)}`
  ]) t.equal(await landing(hostile), '/', JSON.stringify(hostile))
  for (const own of ['/login', '/login?returnTo=/x', '/logout', '/callback?code=c&state=s', '/logout#x', '/x/../logout']) t.equal(await landing(own), '/', own)
  const twice = await underWay('/login?returnTo=/a&returnTo=/b')
  t.equal((await twice.ada.get(twice.callback)).location, '/', 'of two, none')
  const bare = await underWay('/login')
  t.equal((await bare.ada.get(bare.callback)).location, '/')
})

t.test('what is no wish to log in begins none', async (t) => {
  const { visitor, app, server } = await loginStage(t)
  for (const headers of [{ 'sec-purpose': 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }, { 'x-moz': 'prefetch' }] as Record<string, string>[]) {
    const { status, headers: answered, location } = await visitor().get('/login', { ...NAVIGATION, ...headers })
    t.strictSame([status, answered['cache-control'], answered['set-cookie'], location], [503, 'no-store', undefined, undefined])
  }
  t.equal((await app.inject({ method: 'HEAD', url: '/login' })).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url: '/login' })).statusCode, 404)
  t.equal(server.issuer.requests.discovery, 0)
})

t.test('who is logged in can log in again, as somebody else', async (t) => {
  const { visitor } = await loginStage(t)
  const ada = visitor()
  await ada.logIn('ada')
  t.equal((await ada.logIn('grace', '/login?returnTo=/me')).location, '/me')
  t.match((await ada.get('/me')).json(), { subject: 'grace' })
})

t.test('a provider nobody can log in with is a 400', async (t) => {
  const { visitor, refusals } = await loginStage(t)
  for (const query of ['provider=other', 'provider=', 'provider=oidc&provider=oidc', 'provider=__proto__']) {
    const { status, headers, json } = await visitor().get(`/login?${query}`, NAVIGATION)
    t.match([status, headers['cache-control'], json()], [400, 'no-store', { code: 'GATEHOUSE_LOGIN_FAILED', message: 'The login could not be completed: start it again' }])
    t.match(refusals(), [{ level: 30, reason: 'provider_mismatch', expected: ['oidc'], provider: undefined }])
  }
  t.equal((await visitor().get('/login?provider=oidc', NAVIGATION)).status, 302)
})

t.test('with the provider away /login is a 503 that may be tried again, and sets no cookie', async (t) => {
  const { server, visitor, refusals } = await loginStage(t)
  server.issuer.behave('html', 'discovery')
  const { status, headers, json } = await visitor().get('/login', NAVIGATION)
  t.match([status, json()], [503, { code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', message: 'The identity provider cannot be reached right now' }])
  t.match(headers, { 'cache-control': 'no-store', 'retry-after': /^\d+$/, 'set-cookie': undefined })
  t.match(refusals(), [{ level: 50, reason: 'provider_unavailable', provider: 'oidc', hint: /HTML/ }])
  server.issuer.behave('answer', 'discovery')
})

t.test('routes can be elsewhere, or left out', async (t) => {
  const { visitor, app } = await loginStage(t, { login: { routes: { login: '/auth/in', callback: '/auth/back', logout: false } } })
  const { location } = await visitor().get('/auth/in', NAVIGATION)
  t.equal(new URL(location!).searchParams.get('redirect_uri'), `${BASE}/auth/back`)
  for (const url of ['/login', '/callback', '/logout']) t.equal((await visitor().get(url)).status, 404)
  t.strictSame(app.gatehouse.routes().filter(({ url }) => url.startsWith('/auth')).map(({ method, url, auth }) => `${method} ${url} ${auth}`), ['GET /auth/in public', 'GET /auth/back public', 'POST /auth/back public'])
})

t.test('without a login route pages still send to the provider, and errors offer none', async (t) => {
  const { visitor, underWay } = await loginStage(t, { login: { routes: { login: false } }, before: (app) => { app.setErrorHandler((error: Error & { loginUrl?: string }, _request, reply) => reply.code(400).send({ name: error.name, loginUrl: error.loginUrl ?? null })) } })
  t.equal((await visitor().get('/login', NAVIGATION)).status, 404)
  const { ada, callback } = await underWay('/me')
  t.equal((await ada.get(callback)).location, '/me')
  t.strictSame((await visitor().get('/callback')).json(), { name: 'LoginError', loginUrl: null })
})

t.test('reply.login() asks what a route needs', async (t) => {
  let parameters: unknown
  const { visitor, underWay, app } = await loginStage(t, {
    login: { prompt: 'consent', maxAge: 600, authorizationParams: { organization: 'org_1', theme: 'dark' } },
    routes (app) {
      app.route({ method: ['GET', 'POST'], url: '/step-up', config: { auth: false }, handler: (_request, reply) => reply.login(parameters as LoginParameters) })
    }
  })
  parameters = { prompt: 'login', maxAge: 0, acrValues: 'urn:mfa', loginHint: 'ada@example.com', authorizationParams: { organization: 'org_2' }, returnTo: '/paid?x=1' }
  const { ada, asked, callback } = await underWay('/step-up')
  t.match(asked, { prompt: 'login', max_age: '0', acr_values: 'urn:mfa', login_hint: 'ada@example.com', organization: 'org_2', theme: 'dark' })
  t.equal((await ada.get(callback)).status, 400, 'the ID token says neither when nor how')
  parameters = undefined
  t.match((await underWay('/step-up?x=2')).asked, { prompt: 'consent', max_age: '600', organization: 'org_1' })
  for (const [wrong, message] of [
    [{ provider: 'other' }, 'reply.login(): provider: expected one of oidc, got "other"'], [{ returnto: '/' }, 'reply.login(): unknown key "returnto"; did you mean "returnTo"?'], [{ isSilent: true }, 'reply.login(): unknown key "isSilent"'], ['/x', 'reply.login(): expected an object'],
    [null, 'reply.login(): expected an object'], [{ authorizationParams: { redirect_uri: 'https://evil.example' } }, 'reply.login(): authorizationParams.redirect_uri: cannot be set here'], [{ authorizationParams: 'x' }, "reply.login(): authorizationParams: expected an object, got 'x'"],
    [{ maxAge: -1 }, 'reply.login(): maxAge: expected seconds'], [{ prompt: '' }, 'reply.login(): prompt: expected'], [{ loginHint: '' }, 'reply.login(): loginHint: expected'], [{ acrValues: null }, 'reply.login(): acrValues: expected a text that is not empty, or a list of such, got null'],
    [{ acrValues: [5] }, 'reply.login(): acrValues: expected a text that is not empty, or a list of such, got [ 5 ]'], [{ acrValues: [] }, 'reply.login(): acrValues: expected a text that is not empty, or a list of such, got []']
  ] as const) {
    parameters = wrong
    const { status, json, headers } = await visitor().get('/step-up', NAVIGATION)
    t.match([status, json().message, headers['set-cookie']], [500, new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`), undefined])
  }
  parameters = {}
  const posted = await visitor().post('/step-up')
  t.equal(posted.status, 303, 'after a POST the browser GETs')
  const query = new URL(posted.location!).searchParams
  t.ok(query.get('state'))
  t.equal((await app.inject({ url: '/step-up', headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' } })).headers.location?.includes('evil'), false)
})

t.test('an error handler sends who has to log in again there, and the answer is no 401 any more', async (t) => {
  const { visitor } = await loginStage(t, {
    before: (app) => { app.setErrorHandler((error: Error & { code?: string }, _request, reply) => error.code === 'GATEHOUSE_LOGIN_REQUIRED' ? reply.login() : reply.send(error)) },
    routes: (app) => { app.get('/token', async ({ auth }) => auth.session.accessToken()) }
  }, { tokens: { expires_in: 0 } })
  const ada = visitor()
  await ada.logIn()
  t.match(await ada.get('/token', NAVIGATION), { status: 302, location: String, headers: { 'www-authenticate': undefined } })
})
