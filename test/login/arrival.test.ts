import t from 'tap'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'

t.test('who was logged in just now and comes back without a session is not sent to log in for ever', async (t) => {
  const { visitor, refusals } = await loginStage(t)
  const ada = visitor()
  await ada.logIn()
  const arrived = ada.jar.header().split('; ').find((pair) => pair.startsWith('gatehouse-arrived='))!
  refusals()
  for (const header of [arrived, `${arrived}; gatehouse=of.somebody`, `${arrived}; ${ada.jar.header().replace(arrived, '')}; gatehouse=another`]) {
    t.match(await visitor().get('/me', { ...NAVIGATION, cookie: header }), { status: 401, location: undefined }, header.slice(0, 60))
  }
  t.equal((await visitor().get('/me', NAVIGATION)).status, 302, 'somebody else is')
  t.equal((await ada.get('/me', NAVIGATION)).status, 200)
})

t.test('who logs out may log in again at once', async (t) => {
  const { visitor } = await loginStage(t)
  const ada = visitor()
  await ada.logIn()
  await ada.post('/logout')
  t.strictSame(ada.jar.names(), [])
  t.equal((await ada.get('/me', NAVIGATION)).status, 302)
})

t.test('a session is for the client its login was with', async (t) => {
  const { server, visitor } = await loginStage(t)
  const ada = visitor()
  await ada.logIn()
  const console = await loginStage(t, { provider: { issuer: server.issuer.issuer, clientId: 'console' } })
  t.match(await console.visitor().get('/me', { cookie: ada.jar.header() }), { status: 401, body: /GATEHOUSE_CREDENTIAL_INVALID/ })
  t.match(console.refusals(), [{ reason: 'session_unknown' }])
  const mallory = console.visitor()
  mallory.jar.take([`${ada.jar.header().split('; ').find((pair) => pair.startsWith('gatehouse='))!}; Path=/`])
  t.match(await mallory.get('/logout'), { status: 302, location: /^\/$/ }, 'nor is its ID token shown in the name of another')
})

t.test('with SameSite=Strict a link of another site opens no page as the person, by way of login either', async (t) => {
  const { underWay } = await loginStage(t, { login: { session: { secret: 'Jx0cW6tq3zVYb8mRkT1uE5hNsA9gLdPi', cookie: { sameSite: 'Strict' } } } })
  for (const [site, target] of [['cross-site', 'url=/"'], ['same-origin', 'url=/note?x=1"'], ['none', 'url=/note?x=1"']] as const) {
    const { ada, callback } = await underWay('/login?returnTo=/note?x=1', { ...NAVIGATION, 'sec-fetch-site': site })
    const answer = await ada.get(callback)
    t.match([answer.status, answer.body.includes(target)], [200, true], site)
    t.ok((answer.headers['set-cookie'] as string[]).some((line) => line.startsWith('gatehouse.1=; Max-Age=0')), 'chunks of a session the visit did not carry are removed')
  }
})

t.test('a picture on a page of a sibling subdomain logs nobody out; a link may', async (t) => {
  const { visitor } = await loginStage(t)
  const ada = visitor()
  await ada.logIn()
  await ada.get('/logout', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' })
  t.equal((await ada.get('/me')).status, 200)
  await ada.get('/logout', { ...NAVIGATION, 'sec-fetch-site': 'same-site' })
  t.equal((await ada.get('/me')).status, 401)
})
