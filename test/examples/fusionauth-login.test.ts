import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import { fusionauth } from 'fastify-gatehouse'
import { Browser, unescaped } from '../../examples/demo/browser.js'
import type { Page } from '../../examples/demo/browser.js'
import { freePort } from '../../examples/demo/free-port.js'
import { buildApp } from '../../examples/fusionauth-login.js'
import { fusionauthProvider } from '../support/vendor-login.js'
import { runExample } from './run-example.js'

t.test('a guest is greeted and shown where to log in', async (t) => {
  const { home } = await startApp(t)
  const page = await new Browser().open(home)
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, text: '<h1>Hello Guest</h1>' })
  t.match(page.text, '<a href="/login">Login</a>')
})

t.test('a person is greeted by e-mail address, sees the session without its tokens, and logs out here and at FusionAuth', async (t) => {
  const { home, server } = await startApp(t)
  const browser = new Browser()
  const page = await logIn(browser, home)
  t.equal(page.url, `${home}/`)
  t.match(page.text, '<h1>Welcome ada@example.com!</h1>')
  t.match(sessionOn(page), { provider: 'fusionauth', subject: 'ada', user: { name: 'ada', email: 'ada@example.com' }, data: {}, expiresAt: /^\d{4}-/ })
  const { access_token: accessToken, id_token: idToken } = server.exchanges[0]!.answer as Record<string, string>
  for (const token of [accessToken!, idToken!]) t.notMatch(page.text, token)

  t.match(await browser.open(`${home}/logout`), { status: 200, url: `${home}/`, text: 'Hello Guest' })
  t.match(server.logouts, [{ client_id: server.clientId, post_logout_redirect_uri: `${home}/` }])
  t.match((await browser.open(`${home}/login`)).text, 'name="password"', 'who comes back is asked again')
})

t.test('FusionAuth sends people to /logout, who are sent on to the start page', async (t) => {
  const { home, server } = await startApp(t)
  t.match(await new Browser().open(`${home}/logout`), { status: 200, url: `${home}/`, text: 'Hello Guest' })
  t.strictSame(server.logouts, [], 'and not back to FusionAuth')
})

t.test('without an e-mail address the greeting says the name, and without that the subject', async (t) => {
  for (const scope of ['openid profile', 'openid']) {
    const { home } = await startApp(t, scope)
    const page = await logIn(new Browser(), home)
    t.match(page.text, '<h1>Welcome ada!</h1>')
    t.equal('name' in (sessionOn(page) as { user: object }).user, scope === 'openid profile')
  }
})

t.test('a login that comes to nothing says so, to people on a page and to scripts in JSON', async (t) => {
  const { home } = await startApp(t)
  const page = await new Browser().open(`${home}/callback?error=access_denied&state=made-up`)
  t.match(page, { status: 400, headers: { 'content-type': 'text/html; charset=utf-8' }, text: '<h1>You are not logged in</h1>' })
  t.match(page.text, /<a href="\/login[^"]*">Try again<\/a>/)
  t.match(await new Browser().fetch(`${home}/callback?error=access_denied&state=made-up`), { status: 400, text: '"code":"GATEHOUSE_LOGIN_FAILED"' })
})

t.test('who cancels at FusionAuth is told that there is no login, and may try again', async (t) => {
  const { home } = await startApp(t)
  const browser = new Browser()
  const form = await browser.open(`${home}/login`)
  t.match(await browser.open(`${form.url}/abort`), { status: 403, text: '<h1>You are not logged in</h1>' })
  t.match(await logIn(browser, home), { status: 200, text: 'Welcome ada@example.com!' })
})

t.test('run directly, it reads the environment of the guide', async (t) => {
  const port = await freePort()
  const home = `http://127.0.0.1:${port}`
  const { issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = await fusionauthProvider(t, { baseUrl: home })
  const environment = { ISSUER, CLIENT_ID, CLIENT_SECRET, APP_SECRET_KEY: randomBytes(32).toString('base64'), PORT: String(port) }
  const { log, listening } = runExample(t, 'fusionauth-login.ts', environment)
  await listening()
  t.match(await logIn(new Browser(), home), { status: 200, url: `${home}/`, text: '<h1>Welcome ada@example.com!</h1>' })
  for (const secret of [CLIENT_SECRET, environment.APP_SECRET_KEY, 'eyJ']) t.notMatch(log.text, secret)

  const { child, log: complaint } = runExample(t, 'fusionauth-login.ts', { ...environment, APP_SECRET_KEY: 'short' })
  t.strictSame(await once(child, 'close'), [1, null])
  t.match(complaint.text, 'login.session.secret')
})

/** The example at the address FusionAuth knows. */
async function startApp (t: Test, scope?: string) {
  const port = await freePort()
  const home = `http://127.0.0.1:${port}`
  const server = await fusionauthProvider(t, { baseUrl: home })
  const app = await buildApp({
    gatehouse: { provider: fusionauth({ issuer: server.issuer, clientId: server.clientId, clientSecret: server.clientSecret }), baseUrl: home },
    login: { session: { secret: randomBytes(32).toString('base64') }, scope }
  })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port })
  return { home, server }
}

function logIn (browser: Browser, home: string): Promise<Page> {
  return browser.signIn(`${home}/login`, { login: 'ada', password: 'any' })
}

function sessionOn ({ text }: Page): unknown {
  const [, session] = /<pre>(.*)<\/pre>/s.exec(text)!
  return JSON.parse(unescaped(session!))
}
