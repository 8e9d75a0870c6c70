import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContext, Cookie, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { fusionauth, oidc } from 'fastify-gatehouse'
import type { Provider } from 'fastify-gatehouse'
import type { LoginOptions } from 'fastify-gatehouse/login'
import { buildApp as authgearExample } from '../../examples/authgear-login.js'
import { buildApp as fusionauthExample } from '../../examples/fusionauth-login.js'
import { answerConsent, fillLogin, freeOrigin, reasonToSkip, shows, startBrowser } from '../support/browser.js'
import { authgearProvider, fusionauthProvider } from '../support/vendor-login.js'
import type { VendorProvider } from '../support/vendor-login.js'
import { selfSigned } from './certificate.js'

const secret = randomBytes(48).toString('base64')

t.test('people and the apps of the login guides', { skip: reasonToSkip() ?? false }, async (t) => {
  const browser = await startBrowser(t)

  t.test('the app of the Authgear guide', async (t) => {
    const baseUrl = await freeOrigin()
    const authgear = await authgearProvider(t, { baseUrl, accessTokenLifetime: 2 })
    const provider = oidc({ issuer: authgear.issuer, clientId: authgear.clientId, clientSecret: authgear.clientSecret })
    await serve(t, baseUrl, provider, authgearExample, { scope: 'openid profile email offline_access' })
    const { context, tab, complaints } = await browser.person(t)
    const page = await tab()

    await page.goto(baseUrl)
    await shows(t, page, 'Welcome Guest')
    await page.click('text=Login')
    await fillLogin(page, 'ada')
    await answerConsent(page, 'Continue')
    await shows(t, page, 'Welcome ada!')
    t.equal(page.url(), `${baseUrl}/`, 'neither code nor state stays in the address')
    t.match(authgear.callbacks, [{ state: String, code: String, iss: undefined }])
    t.match(authgear.exchanges, [{ form: { grant_type: 'authorization_code' }, answer: { access_token: /^[\w-]{43}$/ } }], 'its access token is opaque')

    await page.reload()
    await shows(t, page, 'Welcome ada!', 'a reload is no login')
    await showsNoSecret(t, page, authgear)
    t.match(await ourCookies(context), [{ name: 'gatehouse', httpOnly: true, sameSite: 'Lax' }])

    // Real seconds: browser and provider have clocks of their own. A token of one could be over as it comes: its end is a
    // whole second.
    await sleep(2100)
    await page.goto(`${baseUrl}/access-token`)
    await sleep(2100)
    await page.reload()
    const [, first, second] = authgear.exchanges
    const refreshToken = authgear.exchanges[0]!.answer.refresh_token as string
    t.match(first, { form: { grant_type: 'refresh_token', refresh_token: refreshToken }, answer: { refresh_token: undefined } })
    t.match(second, { form: { grant_type: 'refresh_token', refresh_token: refreshToken } }, 'what is not sent again stays as it is')
    t.equal(await page.textContent('body'), second!.answer.access_token, 'a page has a usable access token')

    await page.goto(baseUrl)
    await page.click('text=Logout')
    await shows(t, page, 'Welcome Guest')
    t.match(authgear.logouts, [{ id_token_hint: /^eyJ/, post_logout_redirect_uri: `${baseUrl}/` }])
    t.equal(authgear.logouts.length, 1)
    t.equal(authgear.requests.filter((request) => request === 'POST /oauth2/revoke').length, 1, 'the refresh token is revoked')
    await page.click('text=Login')
    await page.waitForSelector('input[name=password]')
    t.pass('the provider asks for the password again')
    t.strictSame(complaints(baseUrl), [])
  })

  t.test('the app of the Authgear guide on https, where the answer comes in a form and the session is in a store', async (t) => {
    const baseUrl = (await freeOrigin()).replace('http:', 'https:')
    const authgear = await authgearProvider(t, { baseUrl })
    const provider = oidc({ issuer: authgear.issuer, clientId: authgear.clientId, clientSecret: authgear.clientSecret })
    await serve(t, baseUrl, provider, authgearExample, { responseMode: 'form_post', session: { secret, in: 'store' } }, { https: selfSigned() })
    const { context, tab, complaints } = await browser.person(t, { ignoreHTTPSErrors: true })
    const page = await tab()

    await page.goto(baseUrl)
    await page.click('text=Login')
    await page.waitForSelector('input[name=password]')
    t.match(await ourCookies(context), [{ name: /^__Host-gatehouse-login/, secure: true, httpOnly: true, sameSite: 'None' }])
    await fillLogin(page, 'ada')
    const callback = page.waitForRequest(`${baseUrl}/callback`)
    await answerConsent(page, 'Continue')
    t.equal((await callback).method(), 'POST')
    await shows(t, page, 'Welcome ada!')
    t.match(await ourCookies(context), [{ name: '__Host-gatehouse', secure: true, httpOnly: true, sameSite: 'Lax' }])
    await page.reload()
    await shows(t, page, 'Welcome ada!')
    await page.click('text=Logout')
    await shows(t, page, 'Welcome Guest')
    t.strictSame(await ourCookies(context), [])
    t.strictSame(complaints(baseUrl), [])
  })

  t.test('the app of the FusionAuth guide', async (t) => {
    const baseUrl = await freeOrigin()
    // More of them than a cookie holds.
    const roles = Array.from({ length: 300 }, (_, index) => `role-${index}`)
    const server = await fusionauthProvider(t, { baseUrl, roles })
    const provider = fusionauth({ issuer: server.issuer, audience: server.clientId, clientId: server.clientId, clientSecret: server.clientSecret })
    await serve(t, baseUrl, provider, fusionauthExample)
    const { context, tab, complaints } = await browser.person(t)
    const page = await tab()

    await page.goto(baseUrl)
    await shows(t, page, 'Hello Guest')
    await page.click('text=Login')
    await fillLogin(page, 'ada')
    await answerConsent(page, 'Cancel')
    await shows(t, page, 'You are not logged in')
    t.match(await page.textContent('p'), 'The login was refused')
    t.match(complaints(baseUrl), [/403/], 'nothing but the status')
    t.strictSame(await ourCookies(context), [], 'a login that is over leaves nothing behind')
    await page.click('text=Try again')
    await answerConsent(page, 'Continue')
    await shows(t, page, 'Welcome ada@example.com!')
    t.equal(page.url(), `${baseUrl}/`)
    t.match(server.callbacks[1], { userState: 'Authenticated', locale: 'en', iss: server.issuer })
    t.match(server.exchanges, [{ answer: { access_token: /^eyJ.{4000}/, userId: 'ada', refresh_token: undefined } }])
    t.match((await ourCookies(context)).map(({ name, httpOnly }) => [name, httpOnly]), [['gatehouse.0', true], ['gatehouse.1', true]])
    await showsNoSecret(t, page, server)
    await page.goto(`${baseUrl}/access-token`)
    t.equal(await page.textContent('body'), server.exchanges[0]!.answer.access_token, 'the session is whole')
    t.match((await page.goto(`${baseUrl}/reading`))?.status(), 200, 'roles are those of the access token')
    t.match((await page.goto(`${baseUrl}/writing`))?.status(), 403)
    t.match(complaints(baseUrl), [/^\/writing: .* 403/])
    await page.goto(baseUrl)

    await page.click('text=Logout')
    await shows(t, page, 'Hello Guest')
    t.equal(page.url(), `${baseUrl}/`)
    t.strictSame(await ourCookies(context), [])
    t.match(server.logouts, [{ client_id: server.clientId, id_token_hint: undefined }])
    await page.click('text=Login')
    await page.waitForSelector('input[name=password]')
    t.pass('the provider asks for the password again')
    t.strictSame(complaints(baseUrl), [])
  })

  for (const [host, title, heading, cookies] of [
    ['127.0.0.1', 'who follows a link to the logout of a FusionAuth on the same site comes by its logoutURL, and is logged out here', 'Hello Guest', 0],
    ['localhost', 'who follows a link to the logout of a FusionAuth on another site comes by its logoutURL, and stays logged in here', 'Welcome ada@example.com!', 1]
  ] as const) {
    t.test(title, async (t) => {
      const baseUrl = await freeOrigin()
      const { issuer, clientId, clientSecret } = await fusionauthProvider(t, { baseUrl, host })
      await serve(t, baseUrl, fusionauth({ issuer, audience: clientId, clientId, clientSecret }), fusionauthExample)
      const { context, tab, complaints } = await browser.person(t)
      const page = await tab()
      const visited: string[] = []
      page.on('request', (request) => { visited.push(request.url()) })
      await page.goto(`${baseUrl}/login`)
      await fillLogin(page, 'ada')
      await answerConsent(page, 'Continue')
      await shows(t, page, 'Welcome ada@example.com!')

      await page.goto(`${issuer}/.well-known/openid-configuration`)
      await page.evaluate(`document.body.innerHTML = '<a href="${issuer}/oauth2/logout?client_id=${clientId}">Leave</a>'`)
      await page.click('text=Leave')
      await page.waitForURL(`${baseUrl}/`)
      await shows(t, page, heading)
      t.ok(visited.includes(`${baseUrl}/logout`), 'by the logoutURL')
      t.equal((await ourCookies(context)).length, cookies)
      await page.goto(`${baseUrl}/login`)
      await page.waitForSelector('input[name=password]')
      t.pass('at FusionAuth the session is over')
      t.strictSame(complaints(baseUrl), [])
    })
  }
})

type Example = typeof authgearExample

/** Starts an example at its address, with a page that says the access token and two that demand a role. */
async function serve (t: Test, baseUrl: string, provider: Provider, example: Example, login: Partial<LoginOptions> = {}, server: object = {}): Promise<void> {
  const app = await example({ gatehouse: { provider, baseUrl }, login: { session: { secret }, ...login } }, server)
  t.teardown(() => app.close())
  app.get('/access-token', ({ auth }) => auth.session.accessToken())
  app.get('/reading', { config: { roles: 'role-7' } }, async () => 'You may read')
  app.get('/writing', { config: { roles: 'writer' } }, async () => 'You may write')
  await app.listen({ host: '127.0.0.1', port: Number(new URL(baseUrl).port) })
}

/** The provider is on the same host, and ports share cookies. */
/** But for the one of ten seconds that says that a login was just completed. */
async function ourCookies (context: BrowserContext): Promise<Cookie[]> {
  return (await context.cookies()).filter(({ name }) => name.includes('gatehouse') && !name.endsWith('-arrived'))
}

async function showsNoSecret (t: Test, page: Page, { exchanges }: VendorProvider): Promise<void> {
  const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken = 'none' } = exchanges[0]!.answer as Record<string, string>
  const content = await page.content()
  for (const token of [accessToken!, idToken!, refreshToken]) t.notOk(content.includes(token), 'no token is on the page')
  t.equal(await page.evaluate('document.cookie'), '', 'scripts see no cookie')
  t.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0, 'nor anything kept for them')
}
