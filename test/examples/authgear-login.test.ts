import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { oidc } from 'fastify-gatehouse'
import { buildApp } from '../../examples/authgear-login.js'
import { Browser, unescaped } from '../../examples/demo/browser.js'
import type { Page } from '../../examples/demo/browser.js'
import { freePort } from '../../examples/demo/free-port.js'
import { authgearProvider } from '../support/vendor-login.js'
import type { VendorProvider } from '../support/vendor-login.js'
import { runExample } from './run-example.js'

t.test('a guest is greeted and shown where to log in', async (t) => {
  const { home } = await startApp(t)
  const page = await new Browser().open(home)
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, text: '<h1>Welcome Guest</h1>' })
  t.match(page.text, '<a href="/login">Login</a>')
})

t.test('a person is greeted by name, sees the session without its tokens, and logs out here and at Authgear', async (t) => {
  const { home, authgear } = await startApp(t)
  const browser = new Browser()
  const page = await logIn(browser, home, 'ada')
  t.equal(page.url, `${home}/`)
  t.match(page.text, '<h1>Welcome ada!</h1>')
  t.match(sessionOn(page), { provider: 'oidc', subject: 'ada', user: { name: 'ada', email: 'ada@example.com' }, data: {}, expiresAt: /^\d{4}-/ })
  for (const token of tokensOf(authgear)) t.notMatch(page.text, token)

  t.match(await browser.open(`${home}/logout`), { status: 200, url: `${home}/`, text: 'Welcome Guest' })
  t.match(authgear.logouts, [{ id_token_hint: /^eyJ/, post_logout_redirect_uri: `${home}/` }])
  t.match((await browser.open(`${home}/login`)).text, 'name="password"', 'who comes back is asked again')
})

t.test('without a name the greeting says the e-mail address, and without that the subject', async (t) => {
  for (const [scope, greeting] of [['openid email', 'ada@example.com'], ['openid', 'ada']] as const) {
    const { home } = await startApp(t, { scope })
    t.match((await logIn(new Browser(), home, 'ada')).text, `<h1>Welcome ${greeting}!</h1>`)
  }
})

t.test('markup in a name is text', async (t) => {
  const { home } = await startApp(t)
  const page = await logIn(new Browser(), home, '<script>alert("Ada")</script>')
  t.match(page.text, '<h1>Welcome &lt;script&gt;alert(&quot;Ada&quot;)&lt;/script&gt;!</h1>')
  t.notMatch(page.text, '<script')
  t.match(sessionOn(page), { user: { name: '<script>alert("Ada")</script>' } })
})

t.test('an access token that ended is refreshed', async (t) => {
  const { home, app, authgear } = await startApp(t, { accessTokenLifetime: 2 })
  app.get('/access-token', ({ auth }) => auth.session.accessToken())
  await app.listen({ host: '127.0.0.1', port: Number(new URL(home).port) })
  const browser = new Browser()
  await logIn(browser, home, 'ada')
  // Real seconds: the app reads the system's clock. A token of one could be over as it comes: its end is a whole second.
  await sleep(2100)
  const { text } = await browser.fetch(`${home}/access-token`)
  const [login, refresh] = authgear.exchanges
  t.match(refresh, { form: { grant_type: 'refresh_token', refresh_token: login!.answer.refresh_token }, answer: { access_token: text } })
})

t.test('a login that comes to nothing says so, to people on a page and to scripts in JSON', async (t) => {
  const { home } = await startApp(t)
  const page = await new Browser().open(`${home}/callback?code=made&state=up`)
  t.match(page, { status: 400, headers: { 'content-type': 'text/html; charset=utf-8' }, text: '<h1>You are not logged in</h1>' })
  t.match(page.text, /<a href="\/login[^"]*">Try again<\/a>/)
  t.match(await new Browser().fetch(`${home}/callback?code=made&state=up`), { status: 400, text: '"code":"GATEHOUSE_LOGIN_FAILED"' })
  t.match(await new Browser().fetch(`${home}/nothing`), { status: 404, headers: { 'content-type': /json/ } })
})

t.test('run directly, it reads the environment of the guide', async (t) => {
  const port = await freePort()
  const environment = { AUTHGEAR_CLIENT_ID: 'web', AUTHGEAR_CLIENT_SECRET: 'hunter2', APP_SECRET_KEY: randomBytes(32).toString('base64'), PORT: String(port) }
  // Nobody answers there, and for the start page nobody has to
  const { log, listening } = runExample(t, 'authgear-login.ts', { ...environment, AUTHGEAR_DOMAIN: '127.0.0.1:1' })
  await listening()
  t.match(await new Browser().open(`http://localhost:${port}`), { status: 200, text: '<h1>Welcome Guest</h1>' })
  t.match(await new Browser().open(`http://localhost:${port}/login`), { status: 503 })
  t.notMatch(log.text, 'hunter2')
  t.notMatch(log.text, environment.APP_SECRET_KEY)

  const { child, log: complaint } = runExample(t, 'authgear-login.ts', environment)
  t.strictSame(await once(child, 'close'), [1, null])
  t.match(complaint.text, 'is AUTHGEAR_DOMAIN set?')
})

/** The example at the address Authgear knows. It listens unless routes are to be added. */
async function startApp (t: Test, { scope = 'openid profile email offline_access', accessTokenLifetime }: { scope?: string, accessTokenLifetime?: number } = {}) {
  const port = await freePort()
  const home = `http://127.0.0.1:${port}`
  const authgear = await authgearProvider(t, { baseUrl: home, ...(accessTokenLifetime === undefined ? {} : { accessTokenLifetime }) })
  const app = await buildApp({
    // Authgear itself is on https
    gatehouse: { provider: oidc({ issuer: authgear.issuer, clientId: authgear.clientId, clientSecret: authgear.clientSecret }), baseUrl: home },
    login: { session: { secret: randomBytes(32).toString('base64') }, scope }
  })
  t.teardown(() => app.close())
  if (accessTokenLifetime === undefined) await app.listen({ host: '127.0.0.1', port })
  return { app, home, authgear }
}

function logIn (browser: Browser, home: string, login: string): Promise<Page> {
  return browser.signIn(`${home}/login`, { login, password: 'any' })
}

function sessionOn ({ text }: Page): unknown {
  const [, session] = /<pre>(.*)<\/pre>/s.exec(text)!
  return JSON.parse(unescaped(session!))
}

function tokensOf ({ exchanges }: VendorProvider): string[] {
  const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken } = exchanges[0]!.answer
  return [accessToken, idToken, refreshToken] as string[]
}
