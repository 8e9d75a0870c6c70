import t from 'tap'
import { json } from '../support/login-server.js'
import { endedToken, sessionApp } from '../support/session-app.js'
import { until } from '../support/until.js'

for (const place of ['cookie', 'store'] as const) {
  t.test(`who logs out while the access token is refreshed leaves no refresh token at the provider: session in a ${place}`, async (t) => {
    const { app, server, seat, ask } = await sessionApp(t, {
      in: place,
      routes: (app) => { app.get('/token', async ({ auth }) => auth.session.accessToken()) },
      login: { session: { secret: 'Jx0cW6tq3zVYb8mRkT1uE5hNsA9gLdPi', in: place }, logout: { provider: false } }
    })
    server.answers['/revoke'] = {}
    let answer: (() => void) | undefined
    server.answers['/token'] = (response) => { answer = () => { json(200, server.tokens({ access_token: 'new', refresh_token: 'refresh 1', expires_in: 600 }))(response) } }
    const browser = await seat(endedToken())
    const slow = ask(browser, { url: '/token' })
    await until(() => answer !== undefined)
    await ask(browser, { url: '/logout', headers: { 'sec-fetch-site': 'same-origin' } })
    answer!()
    t.match((await slow).json(), { statusCode: 401, code: 'GATEHOUSE_LOGIN_REQUIRED' })
    await app.close()
    t.strictSame(server.requests.flatMap(({ path, form }) => path === '/revoke' ? form.token! : []).sort(), ['refresh 0', 'refresh 1'], 'closing waits for that')
  })
}
