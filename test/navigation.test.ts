import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { isNavigation, isPrefetch } from '../lib/navigation.js'
import { OTHER_SECRET, SECRET } from './support/session-stage.js'
import { NAVIGATION } from './support/login-app.js'
import { loginStage } from './support/login-stage.js'

const OLD = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** What is no opening of a page, though much of it looks like one. */
const OTHERS: ReadonlyArray<readonly [string, string, IncomingHttpHeaders]> = [
  ['a form', 'POST', NAVIGATION],
  ['HEAD', 'HEAD', NAVIGATION],
  ['a frame', 'GET', { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }],
  ['an object', 'GET', { ...NAVIGATION, 'sec-fetch-dest': 'object' }],
  ['a navigation to nowhere', 'GET', { 'sec-fetch-mode': 'navigate', accept: 'text/html' }],
  ['fetch()', 'GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: 'text/html' }],
  ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: 'text/html' }],
  ['a WebSocket', 'GET', { 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'empty' }],
  ['an upgrade', 'GET', { ...OLD, upgrade: 'websocket' }],
  ['a prefetch', 'GET', { ...NAVIGATION, 'sec-purpose': 'prefetch' }],
  ['a prerender', 'GET', { ...NAVIGATION, 'sec-purpose': 'prefetch;prerender' }],
  ["an old browser's prefetch", 'GET', { ...OLD, purpose: 'prefetch' }],
  ["an old browser's prefetch, again", 'GET', { ...OLD, 'x-moz': 'prefetch' }],
  ["an old browser's script", 'GET', { ...OLD, 'x-requested-with': 'XMLHttpRequest' }],
  ['curl', 'GET', { accept: '*/*' }],
  ['a script that takes anything', 'GET', { accept: 'application/json, text/plain, text/html, */*' }],
  ['another type', 'GET', { accept: 'text/htmlx' }],
  ['nothing', 'GET', {}]
]

t.test('only a browser that opens a page navigates', async (t) => {
  t.ok(isNavigation('GET', NAVIGATION))
  t.ok(isNavigation('GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }))
  t.ok(isNavigation('GET', OLD))
  t.ok(isNavigation('GET', { accept: ' Text/HTML ; q=0.9' }))
  for (const [name, method, headers] of OTHERS) t.notOk(isNavigation(method, headers), name)
  t.notOk(isPrefetch(NAVIGATION))
  t.notOk(isPrefetch({ purpose: 'preview' }))
})

t.test('who opens a protected page without a session is sent to log in, and comes back to it', async (t) => {
  const { underWay, visitor, refusals } = await loginStage(t, { routes: (app) => { app.get('/orders/:id', async ({ auth, url }) => `${auth.subject} ${url}`) } })
  for (const headers of [NAVIGATION, OLD]) {
    const { ada, callback } = await underWay('/orders/5?page=2&q=%2F%2Fevil.example', headers)
    const { location } = await ada.get(callback)
    t.equal(location, '/orders/5?page=2&q=%2F%2Fevil.example')
    t.equal((await ada.get(location!)).body, `ada ${location}`)
  }
  const { status, headers, body } = await visitor().get('/me', NAVIGATION)
  t.match([status, headers['cache-control'], headers['www-authenticate'], body], [302, 'no-store', undefined, ''])
  t.strictSame(refusals(), [], 'nobody was refused')
})

t.test('everything else gets 401 as JSON, and no cookie', async (t) => {
  const { app, server } = await loginStage(t, { routes: (app) => { app.post('/me', async () => 'x') } })
  for (const [name, method, headers] of OTHERS.filter(([, , { upgrade }]) => upgrade === undefined)) {
    const response = await app.inject({ method: method as 'GET', url: '/me', headers: headers as Record<string, string> })
    t.equal(response.statusCode, 401, name)
    t.match(response.headers, { 'content-type': /^application\/json/, 'www-authenticate': 'Bearer realm="api"', 'set-cookie': undefined, location: undefined })
    if (method !== 'HEAD') t.match(response.json(), { code: 'GATEHOUSE_CREDENTIAL_MISSING' })
  }
  t.equal(server.issuer.requests.discovery, 0)
})

t.test('a page that is no matter of sessions sends nobody away', async (t) => {
  const { visitor } = await loginStage(t, {
    routes (app) {
      app.get('/api', { config: { auth: { credentials: ['access_token'] } } }, async () => 'x')
      app.get('/either', { config: { auth: { credentials: ['access_token', 'session'] } } }, async () => 'x')
      app.get('/page', { config: { auth: { credentials: ['session'] } } }, async () => 'x')
      app.get('/public', { config: { auth: false } }, async () => 'x')
    }
  })
  const statusOf = async (url: string, headers = {}) => (await visitor().get(url, { ...NAVIGATION, ...headers })).status
  for (const [url, status] of [['/api', 401], ['/either', 302], ['/page', 302], ['/public', 200], ['/', 200], ['/nowhere', 404]] as const) t.equal(await statusOf(url), status, url)
  t.equal(await statusOf('/me', { authorization: 'Bearer eyJ' }), 401, 'who brings a bad token is told so')
  t.equal(await statusOf('/me', { authorization: 'Bearer' }), 400)
})

t.test('redirect: false answers 401 to all', async (t) => {
  const { visitor } = await loginStage(t, { login: { redirect: false } })
  t.equal((await visitor().get('/me', NAVIGATION)).status, 401)
  t.equal((await visitor().get('/login', NAVIGATION)).status, 302)
})

/** What the browser has of a session. */
const sessionIn = (header: string) => header.split('; ').find((pair) => pair.startsWith('gatehouse='))!

t.test('a session that is over is taken away, and the browser sent to log in', async (t) => {
  const { visitor, refusals } = await loginStage(t, { login: { session: { secret: OTHER_SECRET } } })
  const ada = visitor()
  await ada.logIn()
  const other = await loginStage(t, { login: { session: { secret: SECRET } } })
  const eve = other.visitor()
  eve.jar.take([`${sessionIn(ada.jar.header())}; Path=/`])
  const { status, headers } = await eve.get('/me', NAVIGATION)
  t.equal(status, 302)
  const lines = headers['set-cookie'] as string[]
  t.match(lines.filter((line) => line.startsWith('gatehouse=')), [/^gatehouse=; Max-Age=0/])
  t.match(eve.jar.names(), [/^gatehouse-login-/])
  eve.jar.take([`${sessionIn(ada.jar.header())}; Path=/`])
  t.equal((await eve.get('/me')).status, 401)
  t.match(other.refusals(), [{ reason: 'session_unknown' }])
  t.strictSame(refusals(), [])
})

t.test('a page the session does not reach is a 401: login would follow login', async (t) => {
  const cookie = { path: '/app' }
  const { visitor } = await loginStage(t, {
    login: { session: { secret: SECRET, cookie }, routes: { callback: '/app/callback', logout: '/app/logout' } },
    routes (app) {
      for (const url of ['/app', '/app/x', '/apple']) app.get(url, async () => 'x')
    }
  })
  for (const [url, status] of [['/app', 302], ['/app?x=/', 302], ['/app/x', 302], ['/apple', 401], ['/me', 401]] as const) t.equal((await visitor().get(url, NAVIGATION)).status, status, url)
})

t.test('with the provider away a page is a 503, not a 401', async (t) => {
  const { server, visitor, refusals } = await loginStage(t)
  server.issuer.behave('status-500', 'discovery')
  const { status, headers, json } = await visitor().get('/me', NAVIGATION)
  t.match([status, json(), headers], [503, { code: 'GATEHOUSE_PROVIDER_UNAVAILABLE' }, { 'retry-after': '1', 'set-cookie': undefined }])
  t.match(refusals(), [{ level: 50, reason: 'provider_unavailable' }])
  t.equal((await visitor().get('/me')).status, 401, 'programs are told what they would be told anyway')
  server.issuer.behave('answer', 'discovery')
  t.equal((await visitor().get('/me', NAVIGATION)).status, 302)
})

t.test('with enforce: onRequest it is the same', async (t) => {
  const { underWay, visitor } = await loginStage(t, { core: { enforce: 'onRequest' } })
  const { ada, callback } = await underWay('/me')
  t.equal((await ada.get(callback)).location, '/me')
  t.equal((await ada.get('/me')).status, 200)
  t.equal((await visitor().get('/me')).status, 401)
})
