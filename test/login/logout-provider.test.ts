import t from 'tap'
import type { Test } from 'tap'
import { auth0, fusionauth } from '../../lib/index.js'
import { logoutAddress } from '../../lib/login/logout.js'
import { memoryStore } from '../../lib/store/memory.js'
import { holdDeadlines } from '../support/deadlines.js'
import { instantBrowser, isIn, loggedIn } from '../support/instant-login.js'
import { BASE, loginApp, NAVIGATION, visitor } from '../support/login-app.js'
import type { LoginAppOptions, Visitor } from '../support/login-app.js'
import { loginProvider } from '../support/login-provider.js'
import { loginServer } from '../support/login-server.js'
import type { LoginServer } from '../support/login-server.js'
import { captureLogs } from '../support/logs.js'
import { watched } from '../support/session-stage.js'
import { until } from '../support/until.js'

/** The session as another process gets it that has asked the provider nothing yet. */
async function elsewhere (t: Test, server: LoginServer, { jar }: Visitor, options: LoginAppOptions = {}): Promise<Visitor> {
  const person = visitor(await loginApp(t, server.issuer, { ...options, core: { startup: 'lazy', ...options.core } }))
  person.jar.take([`${jar.header().split('; ').find((pair) => pair.startsWith('gatehouse='))!}; Path=/`])
  return person
}

t.test('a provider that cannot end its session keeps nobody in here', async (t) => {
  const { server, ada } = await loggedIn(t)
  const { issuer } = server
  const mishaps: ReadonlyArray<[string, () => unknown]> = [
    ['it answers HTML', () => { issuer.behave('html') }],
    ['it fails', () => { issuer.behave('status-503') }],
    ['it hangs up', () => { issuer.behave('refuse') }],
    ['it has no end_session_endpoint', () => { issuer.behave('answer'); Reflect.deleteProperty(issuer.metadata, 'end_session_endpoint') }],
    ['its end_session_endpoint is no address to send anybody to', () => { issuer.metadata.end_session_endpoint = 'javascript:alert(1)' }],
    ['it is another now', () => { issuer.metadata.issuer = 'https://evil.example' }],
    ['it is away', () => issuer.shut()]
  ]
  for (const [name, mishap] of mishaps) {
    await mishap()
    const person = await elsewhere(t, server, ada)
    t.equal(await isIn(person), true, name)
    t.match(await person.get('/logout'), { status: 302, location: /^\/$/ }, name)
    t.equal(await isIn(person), false, name)
  }
})

t.test('a provider that hangs is waited for until the deadline, and the session is over before', async (t) => {
  const { server, ada } = await loggedIn(t)
  const store = watched(memoryStore({ singleProcess: true }))
  const deadlines = holdDeadlines(t)
  server.issuer.behave('hang')
  const person = await elsewhere(t, server, ada, { core: { store } })
  const answer = person.get('/logout')
  await until(() => deadlines.asked.length > 0)
  t.ok(store.calls.includes('set'), 'the logout is marked')
  t.ok(deadlines.asked.every((ms) => ms <= 5_000))
  deadlines.come()
  t.match(await answer, { status: 302, location: /^\/$/ })
})

t.test('the refresh token is revoked, nobody waits for it, and closing the app does', async (t) => {
  const { server, ada, app } = await loggedIn(t, {}, { tokens: { refresh_token: 'r-1', expires_in: 300 } })
  let answer = () => {}
  server.answers['/revoke'] = (response) => { answer = () => { response.end() } }
  t.match(await ada.get('/logout'), { status: 302, location: /\/logout\?/ })
  await until(() => server.requests.some(({ path }) => path === '/revoke'))
  t.match(server.requests.at(-1), { form: { token: 'r-1', token_type_hint: 'refresh_token' }, headers: { authorization: /^Basic / } })
  let isClosed = false
  const closing = app.close().then(() => { isClosed = true })
  await new Promise((resolve) => { setTimeout(resolve, 20) })
  t.equal(isClosed, false)
  answer()
  await closing
})

t.test('a provider that does not revoke changes nothing', async (t) => {
  const { server, ada, app } = await loggedIn(t, {}, { tokens: { refresh_token: 'r-1' } })
  server.answers['/revoke'] = (response) => { response.writeHead(503).end() }
  t.match(await ada.get('/logout'), { status: 302, location: /\/logout\?/ })
  await app.close()
})

t.test('a provider that took the name of another is told nothing of its sessions', async (t) => {
  const { ada } = await loggedIn(t, {}, { tokens: { refresh_token: 'r-1' } })
  const successor = await loginServer(t, ['ES256'])
  const person = visitor(await loginApp(t, successor.issuer, {}))
  person.jar.take([`${ada.jar.header()}; Path=/`])
  t.match(await person.get('/logout'), { status: 302, location: /^\/$/ })
  t.strictSame([person.jar.names(), successor.requests, successor.issuer.requests.other], [[], [], 0])
})

t.test('each vendor is asked in its own form', async (t) => {
  const client = { clientId: 'web', clientSecret: 'hunter2' }
  const ask = { idTokenHint: 'hint', postLogoutRedirectUri: `${BASE}/` }
  const metadata = (issuer: string, more: object = {}) => ({ issuer, authorization_endpoint: `${issuer}a`, token_endpoint: `${issuer}t`, require_pushed_authorization_requests: false, authorization_response_iss_parameter_supported: false, ...more })
  const { issuer, logout } = auth0({ domain: 'tenant.eu.auth0.com', ...client })
  const query = 'client_id=web&id_token_hint=hint&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A3000%2F'
  t.equal(logoutAddress(ask, 'web', metadata(issuer), logout), `${issuer}v2/logout?client_id=web&returnTo=http%3A%2F%2F127.0.0.1%3A3000%2F`)
  t.equal(logoutAddress(ask, 'web', metadata(issuer, { end_session_endpoint: `${issuer}oidc/logout` }), logout), `${issuer}oidc/logout?${query}`)

  // FusionAuth's logoutURL may point back at /logout, which must end there.
  const server = await loginServer(t, ['ES256'])
  const app = await loginApp(t, server.issuer, { core: { provider: fusionauth({ issuer: server.issuer.issuer, ...client }) } })
  const ada = visitor(app, instantBrowser(server))
  await ada.logIn()
  t.equal((await ada.get('/logout')).location, `${server.origin}/logout?client_id=web&post_logout_redirect_uri=${encodeURIComponent(`${BASE}/`)}`)
  for (const site of ['cross-site', 'same-site', 'none']) t.match(await ada.get('/logout', { ...NAVIGATION, 'sec-fetch-site': site }), { status: 302, location: /^\/$/ }, site)
})

t.test('the certified provider ends its own session and sends the browser back', async (t) => {
  const logs = captureLogs()
  const server = await loginProvider(t)
  const app = await loginApp(t, server, { login: { scope: 'openid offline_access' }, logger: { level: 'trace', stream: logs.stream } })
  const browser = server.browser()
  const ada = visitor(app, browser)
  await ada.logIn()
  const { location } = await ada.get('/logout')
  const page = await (await browser.open(location!)).text()
  const back = await browser.open(`${server.issuer}/session/end/confirm`, { xsrf: /name="xsrf" value="([^"]+)"/.exec(page)![1]!, logout: 'yes' })
  t.equal(back.headers.get('location'), `${BASE}/`)
  await until(() => server.paths.includes('/token/revocation'))
  await app.close()
  t.notMatch(logs.text(), /eyJ|id_token_hint/)
})
