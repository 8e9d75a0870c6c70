import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'

for (const [title, login] of [
  ['without a refresh token', { tokens: { expires_in: 30 } }],
  ['with one the provider refuses', { tokens: { expires_in: 30, refresh_token: 'r' } }]
] as const) {
  t.test(`who opens a page whose access token ended for good, ${title}, is sent to log in, but not from one login to the next`, async (t) => {
    const clock = fakeClock(t)
    const { server, browser, visitor, refusals } = await loginStage(t, {
      provider: { audience: 'https://api.example' },
      routes: (app) => { app.get('/page', { config: { scopes: 'read' } }, async () => 'page') }
    }, login)
    const ada = visitor()
    await ada.logIn()
    clock.advance(31_000)
    refusals()
    for (const headers of [{}, NAVIGATION]) {
      t.match(await ada.get('/page', headers), { status: 401, headers: { 'www-authenticate': 'Bearer realm="api"' }, body: /GATEHOUSE_LOGIN_REQUIRED/ }, 'logged in just now')
      t.match(refusals(), [{ reason: 'access_token_ended' }])
    }
    clock.advance(30_000)
    t.equal((await ada.get('/page')).status, 401, 'a program is told')
    refusals()
    const { status, location, headers } = await ada.get('/page', NAVIGATION)
    t.match([status, new URL(location!).origin, headers['www-authenticate']], [302, server.issuer.issuer, undefined])
    t.strictSame(refusals(), [], 'nobody was refused')
    const { parameters } = await browser.visit(location!)
    t.equal((await ada.get(`/callback?${new URLSearchParams(parameters).toString()}`)).location, '/page')
    t.equal((await ada.get('/page', NAVIGATION)).status, 403, 'its new access token has no such scope')
  })
}

t.test('with redirect: false it is a 401', async (t) => {
  const clock = fakeClock(t)
  const { visitor } = await loginStage(t, {
    provider: { audience: 'https://api.example' },
    login: { redirect: false },
    routes: (app) => { app.get('/page', { config: { scopes: 'read' } }, async () => 'page') }
  }, { tokens: { expires_in: 30 } })
  const ada = visitor()
  await ada.logIn()
  clock.advance(90_000)
  t.equal((await ada.get('/page', NAVIGATION)).status, 401)
})
