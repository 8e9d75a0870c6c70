import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { json, loginServer } from '../support/login-server.js'
import { loginApp, NAVIGATION, visitor } from '../support/login-app.js'
import type { Visitor } from '../support/login-app.js'
import { loginProvider } from '../support/login-provider.js'
import type { LoginBrowser } from '../support/login-provider.js'
import { loginStage } from '../support/login-stage.js'
import { sessionApp } from '../support/session-app.js'

const MESSAGE = 'This needs a stronger or more recent authentication'
const INSUFFICIENT = { statusCode: 401, code: 'GATEHOUSE_AUTHENTICATION_INSUFFICIENT', error: 'Unauthorized', message: MESSAGE }
const challenge = (attributes: string) => `Bearer realm="api", error="insufficient_user_authentication", error_description="${MESSAGE}", ${attributes}`

function routes (app: FastifyInstance): void {
  app.get('/mfa', { config: { auth: { acr: ['mfa', 'hwk'] } } }, async () => 'in')
  app.get('/recent', { config: { auth: { maxAge: 60 } } }, async () => 'in')
  app.get('/both', { config: { auth: { acr: 'mfa', maxAge: 60 } } }, async () => 'in')
  app.post('/mfa', { config: { auth: { acr: 'mfa' } } }, async () => 'in')
  app.get('/handler', async ({ auth }) => { auth.require({ acr: 'mfa' }); return 'in' })
}

/** What a redirect to the provider asks of it. */
function asked (location: string | undefined): Record<string, string> {
  return Object.fromEntries(new URL(location!).searchParams)
}

/** Follows a redirect to the provider and back, and returns the callback's answer. */
async function follow (ada: Visitor, browser: LoginBrowser, location: string | undefined) {
  const { parameters } = await browser.visit(location!)
  return ada.get(`/callback?${new URLSearchParams(parameters).toString()}`, NAVIGATION)
}

for (const enforce of ['preHandler', 'onRequest'] as const) {
  t.test(`who opens a page their login does not do for is sent to another one and comes back, decided in ${enforce}`, async (t) => {
    const claims: Record<string, unknown> = { auth_time: Math.floor(Date.now() / 1000) - 3600 }
    const { app, browser, visitor, refusals } = await loginStage(t, { routes, core: { enforce } }, { claims })
    const ada = visitor()
    await ada.logIn()
    refusals()
    for (const [path, wishes, gives] of [
      ['/mfa?x=1', ['mfa hwk', undefined], { acr: 'hwk' }],
      ['/recent', [undefined, '60'], { auth_time: Math.floor(Date.now() / 1000) }],
      ['/both', ['mfa', '60'], { acr: 'mfa' }]
    ] as const) {
      const { status, location, headers } = await ada.get(path, NAVIGATION)
      t.match([status, headers['www-authenticate'], headers['cache-control']], [302, undefined, 'no-store'], path)
      const { acr_values: acrValues, max_age: maxAge } = asked(location)
      t.strictSame([acrValues, maxAge], wishes)
      Object.assign(claims, gives)
      t.equal((await follow(ada, browser, location)).location, path)
      t.match(await ada.get(path, NAVIGATION), { status: 200, body: 'in' })
    }
    t.strictSame(refusals(), [], 'nobody was refused')
    t.equal(app.gatehouse.stats().refused.GATEHOUSE_AUTHENTICATION_INSUFFICIENT, undefined)
  })
}

t.test('everything but a navigation gets the 401', async (t) => {
  const { visitor, refusals } = await loginStage(t, { routes })
  const ada = visitor()
  await ada.logIn()
  refusals()
  for (const headers of [{}, { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }, { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }]) {
    const answer = await ada.get('/mfa', headers)
    t.strictSame([answer.status, answer.json(), answer.headers['www-authenticate'], answer.location], [401, INSUFFICIENT, challenge('acr_values="mfa hwk"'), undefined])
  }
  const posted = await ada.post('/mfa', undefined, { ...NAVIGATION, 'sec-fetch-site': 'same-origin' })
  t.strictSame([posted.status, posted.json(), posted.headers['www-authenticate']], [401, INSUFFICIENT, challenge('acr_values="mfa"')])
  const inHandler = await ada.get('/handler', NAVIGATION)
  t.strictSame([inHandler.status, inHandler.json(), inHandler.headers['www-authenticate']], [401, INSUFFICIENT, challenge('acr_values="mfa"')])
  t.match(refusals().map(({ reason, found, hint }) => [reason, found, hint]), Array(5).fill(['acr_insufficient', 'no acr', 'have the provider put acr into ID tokens']))
})

t.test('with redirect: false it is the 401 for all', async (t) => {
  const { visitor } = await loginStage(t, { routes, login: { redirect: false } })
  const ada = visitor()
  await ada.logIn()
  const answer = await ada.get('/mfa', NAVIGATION)
  t.strictSame([answer.status, answer.json(), answer.headers['www-authenticate']], [401, INSUFFICIENT, challenge('acr_values="mfa hwk"')])
})

t.test('who is not logged in at all is asked at once for what the page demands', async (t) => {
  const { browser, visitor } = await loginStage(t, { routes, login: { maxAge: 30, acrValues: 'any' } }, { claims: { acr: 'mfa', auth_time: Math.floor(Date.now() / 1000) } })
  t.match(asked((await visitor().get('/me', NAVIGATION)).location), { max_age: '30', acr_values: 'any' })
  const ada = visitor()
  const { location } = await ada.get('/both', NAVIGATION)
  t.match(asked(location), { max_age: '30', acr_values: 'mfa' }, 'the lesser age, and the classes of the route')
  await follow(ada, browser, location)
  t.equal((await ada.get('/both', NAVIGATION)).status, 200)
})

t.test('who comes back from such a login and still does not do gets the 401, not another login', async (t) => {
  // In milliseconds: the login itself is not refused for it.
  const claims: Record<string, unknown> = { auth_time: Date.now(), acr: 'mfa' }
  const { browser, visitor, refusals } = await loginStage(t, { routes }, { claims })
  const ada = visitor()
  t.equal((await follow(ada, browser, (await ada.get('/recent', NAVIGATION)).location)).location, '/recent')
  refusals()
  const again = await ada.get('/recent', NAVIGATION)
  t.strictSame([again.status, again.json(), again.headers['www-authenticate'], again.location], [401, INSUFFICIENT, challenge('max_age="60"'), undefined])
  t.match(refusals(), [{ reason: 'authentication_too_old', found: /^auth_time is \d+ s ahead$/, hint: 'auth_time is in milliseconds, or a clock is wrong' }])
  t.match(asked((await ada.get('/both', NAVIGATION)).location), { max_age: '60', acr_values: 'mfa' }, 'a page that demands something else asks for that')
  await ada.logIn()
  const first = await ada.get('/recent', NAVIGATION)
  t.equal(first.status, 302, 'who comes from another login was not asked for it')
  await follow(ada, browser, first.location)
  t.equal((await ada.get('/recent', NAVIGATION)).status, 401)
  Object.assign(claims, { auth_time: Math.floor(Date.now() / 1000) })
  await follow(ada, browser, (await ada.get('/both', NAVIGATION)).location)
  t.equal((await ada.get('/recent', NAVIGATION)).status, 200)
})

t.test('a provider that does not give what was asked for ends at the callback', async (t) => {
  const { browser, visitor, refusals } = await loginStage(t, { routes }, { claims: { acr: 'pwd' } })
  const ada = visitor()
  await ada.logIn()
  refusals()
  const { location } = await ada.get('/mfa', NAVIGATION)
  t.match(await follow(ada, browser, location), { status: 400, location: undefined, body: /GATEHOUSE_LOGIN_FAILED/ })
  t.match(refusals(), [{ reason: 'acr_mismatch' }])
  t.equal((await ada.get('/me')).status, 200, 'the session lives on')
})

t.test('a provider that is away is a 503, said once', async (t) => {
  const server = await loginServer(t, ['ES256'])
  Object.assign(server.issuer.metadata, { pushed_authorization_request_endpoint: `${server.origin}/par` })
  server.answers['/par'] = json(503, {})
  const { app, seat, reason } = await sessionApp(t, { routes, server, login: { redirect: true, pushedAuthorizationRequests: 'always' } })
  const { status, headers, body } = await (await seat()).get('/mfa', NAVIGATION)
  t.match([status, headers['retry-after'], headers['www-authenticate'], body], [503, /^\d+$/, undefined, /GATEHOUSE_PROVIDER_UNAVAILABLE/])
  t.equal(reason(), 'provider_unavailable')
  t.strictSame(app.gatehouse.stats().refused, { GATEHOUSE_PROVIDER_UNAVAILABLE: 1 })
})

t.test('what the app says of the person, or of the session, is no proof of a login', async (t) => {
  const { seat, server } = await sessionApp(t, { routes })
  const now = Math.floor(Date.now() / 1000)
  const forged = await seat({ user: { acr: 'mfa', auth_time: now }, data: { acr: 'mfa', auth_time: now } })
  const answer = await forged.get('/both')
  t.strictSame([answer.status, answer.json(), answer.headers['www-authenticate']], [401, INSUFFICIENT, challenge('acr_values="mfa", max_age="60"')])
  const genuine = await seat({ idToken: server.idToken({ sub: 'ada', acr: 'mfa', auth_time: now }) })
  t.equal((await genuine.get('/both')).status, 200)
})

t.test('at a real provider a login grows old, and is renewed', async (t) => {
  const clock = fakeClock(t)
  const provider = await loginProvider(t)
  const app = await loginApp(t, provider, { routes, provider: { clientSecret: provider.secret } })
  const browser = provider.browser()
  const ada = visitor(app, browser)
  await ada.logIn()
  const first = await ada.get('/recent', NAVIGATION)
  t.equal(asked(first.location).max_age, '60', 'the first ID token did not say when')
  t.equal((await follow(ada, browser, first.location)).location, '/recent')
  t.equal((await ada.get('/recent', NAVIGATION)).status, 200)
  clock.advance(90_000)
  // Its ten seconds are over.
  ada.jar.take(['gatehouse-arrived=; Max-Age=0'])
  t.equal((await ada.get('/recent')).status, 401)
  const second = await ada.get('/recent', NAVIGATION)
  t.equal(second.status, 302)
  t.equal((await follow(ada, browser, second.location)).location, '/recent')
  t.match(await ada.get('/recent'), { status: 200, body: 'in' })
})
