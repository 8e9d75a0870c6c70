import t from 'tap'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'
import { OTHER_SECRET, SECRET } from '../support/session-stage.js'

const SHOP = 'https://shop.example.com'
const BLOG = 'https://blog.example.com:8443'
const at = (host: string) => ({ ...NAVIGATION, host })
const redirectUri = (location: string | undefined) => new URL(location!).searchParams.get('redirect_uri')

t.test('where people reach the server is configured: no header changes it', async (t) => {
  const { visitor, underWay } = await loginStage(t, { core: { baseUrl: 'https://app.example.com' } })
  for (const headers of [
    { host: 'evil.example' }, { host: 'app.example.com:1' }, { host: '' }, { 'x-forwarded-host': 'evil.example' }, { 'x-forwarded-proto': 'http' }, { 'x-forwarded-prefix': '/evil' }, { forwarded: 'host=evil.example' }, { 'x-original-url': '//evil.example' }, { 'x-rewrite-url': '//evil.example' }
  ] as Array<Record<string, string>>) {
    const { location, headers: answered } = await visitor().get('/me?x=1', { ...NAVIGATION, ...headers })
    t.equal(redirectUri(location), 'https://app.example.com/callback')
    t.notMatch(JSON.stringify(answered), /evil/)
  }
  const { ada, callback } = await underWay('/me', { ...NAVIGATION, host: 'evil.example' })
  const { location, headers } = await ada.get(callback, { host: 'evil.example', 'x-forwarded-host': 'evil.example' })
  t.equal(location, '/me')
  t.match(headers['set-cookie'], [/^__Host-gatehouse-login-[\w-]{16}=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Lax$/, /^__Host-gatehouse-arrived=1; /, /^__Host-gatehouse=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/])
})

t.test('of several the Host header selects, and one that is none of them is refused', async (t) => {
  const { visitor, underWay, refusals, app } = await loginStage(t, { core: { baseUrl: [SHOP, BLOG] } })
  const redirected = async (host: string) => redirectUri((await visitor().get('/login', at(host))).location)
  for (const host of ['shop.example.com', 'SHOP.example.com', 'shop.example.com:443']) t.equal(await redirected(host), `${SHOP}/callback`)
  t.equal(await redirected('blog.example.com:8443'), `${BLOG}/callback`)
  for (const host of ['evil.example', 'shop.example.com:8443', 'blog.example.com', 'shop.example.com.evil.example', 'xshop.example.com', 'shop.example.com@evil.example', '']) {
    for (const url of ['/login', '/callback', '/callback?code=c&state=s']) {
      refusals()
      const { status, json, headers } = await visitor().get(url, { ...at(host), 'x-forwarded-host': 'shop.example.com' })
      t.match([status, json(), headers['set-cookie'], headers['cache-control']], [400, { code: 'GATEHOUSE_LOGIN_FAILED' }, undefined, 'no-store'], `${host} ${url}`)
      t.match(refusals(), [{ level: 30, reason: 'host_unknown', found: 'a host that is none of baseUrl' }])
    }
    t.equal((await visitor().get('/me', at(host))).status, 401)
    t.equal((await visitor().get('/', at(host))).status, 200)
  }
  const { ada, callback } = await underWay('/me', at('shop.example.com'))
  t.equal((await ada.get(callback, at('blog.example.com:8443'))).status, 400, "one site's login is none of another's")
  const again = await underWay('/me', at('shop.example.com'))
  t.equal((await again.ada.get(again.callback, at('shop.example.com'))).location, '/me')
  t.equal((await again.ada.get('/me', at('shop.example.com'))).status, 200)
  t.equal((await again.ada.get('/me', { host: 'blog.example.com:8443' })).status, 401, 'nor is its session')
  t.equal((await app.inject({ url: '/me', headers: { host: 'evil.example', cookie: again.ada.jar.header() } })).statusCode, 401)
})

t.test('behind a gateway that takes a prefix away, browsers are told the path they know', async (t) => {
  const { underWay, visitor, app } = await loginStage(t, {
    core: { baseUrl: 'https://example.com/app' },
    before: (app) => { app.setErrorHandler((error: Error & { loginUrl?: string }, _request, reply) => reply.code(400).send({ loginUrl: error.loginUrl })) }
  })
  const { ada, parameters } = await underWay('/me?x=1')
  const back = `/callback?${new URLSearchParams(parameters).toString()}`
  t.equal(redirectUri((await visitor().get('/login', NAVIGATION)).location), 'https://example.com/app/callback')
  const { location, headers } = await ada.get(back)
  t.equal(location, '/app/me?x=1')
  t.match(headers['set-cookie'], [/Path=\/;/, /Path=\/;/, /^__Host-gatehouse=/], 'the cookie is of the whole host')
  t.equal((await ada.get(back)).location, '/app/', 'the start page')
  t.strictSame((await visitor().get(back)).json(), { loginUrl: '/app/login' })
  for (const [query, target] of [['', '/app/'], ['?returnTo=/app/note', '/app/note'], ['?returnTo=/other', '/other'], ['?returnTo=//evil.example', '/app/'], ['?returnTo=/app/login', '/app/'], ['?returnTo=/app/logout', '/app/'], ['?returnTo=/app', '/app/']] as const) {
    const { ada, parameters } = await underWay(`/login${query}`)
    t.equal((await ada.get(`/callback?${new URLSearchParams(parameters).toString()}`)).location, target, query)
  }
  t.ok(app)
})

t.test('another spelling of our own paths is no page to return to: login would follow login', async (t) => {
  const { underWay } = await loginStage(t)
  for (const page of ['/%256cogin', '/LOGIN', '/login/', '/Log%256fut', '/callback/']) {
    const { ada, callback } = await underWay(`/login?returnTo=${page}`)
    t.equal((await ada.get(callback)).location, '/', page)
  }
})

t.test('a cookie for a domain, or a path, is no longer of this host alone', async (t) => {
  const { underWay, log } = await loginStage(t, { core: { baseUrl: 'https://app.example.com' }, login: { session: { secret: SECRET, cookie: { domain: 'example.com', name: 'sid' } } } })
  const { ada, callback } = await underWay()
  t.match((await ada.get(callback)).headers['set-cookie'], [/^__Host-sid-login-[\w-]{16}=; Max-Age=0/, /^__Host-sid-arrived=1; /, /^__Secure-sid=[\w.-]+; Max-Age=86400; Domain=example.com; Path=\/; HttpOnly; Secure; SameSite=Lax$/])
  t.match(log(), 'the session cookie goes to every subdomain')
})

t.test('apps that share a host, under session cookies of two names, leave each other alone', async (t) => {
  const named = (name: string, secret: string) => loginStage(t, { login: { silent: true, session: { secret, cookie: { name } } } })
  const one = await named('one', SECRET)
  const two = await named('two', OTHER_SECRET)
  const { ada, callback } = await one.underWay('/login?returnTo=/me')
  const neighbour = two.visitor()
  const share = async (url: string) => {
    const { headers } = await neighbour.get(url, { ...NAVIGATION, cookie: ada.jar.header() })
    ada.jar.take([headers['set-cookie'] ?? []].flat() as string[])
  }
  for (const url of ['/login', '/me', '/', '/callback?state=x&code=c']) await share(url)
  t.match(ada.jar.names().sort(), [/^one-login-/, /^two-login-/, /^two-login-/, /^two-login-/, /^two-silent$/], 'asked silently by one, not by the other')
  t.equal((await ada.get(callback)).location, '/me')
  t.equal((await ada.get('/me')).status, 200)
})
