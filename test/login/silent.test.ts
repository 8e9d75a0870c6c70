import t from 'tap'
import { memoryStore } from '../../lib/store/memory.js'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'
import { SECRET, watched } from '../support/session-stage.js'

const silent = { login: { silent: true } } as const
const MARK = 'gatehouse-silent'

t.test('a page where login is optional asks the provider once, without showing anything', async (t) => {
  const { underWay, visitor } = await loginStage(t, silent)
  const { ada, asked, callback } = await underWay('/?tab=2')
  t.equal(asked.prompt, 'none')
  t.ok(ada.jar.names().includes(MARK))
  t.equal((await ada.get('/', NAVIGATION)).status, 200, 'and not again while that is under way')
  t.equal((await ada.get(callback)).location, '/?tab=2')
  t.match((await ada.get('/', NAVIGATION)).json(), { user: { sub: 'ada' } })
  const { headers } = await visitor().get('/', NAVIGATION)
  t.match((headers['set-cookie'] as string[]).filter((line) => line.startsWith(MARK)), ['gatehouse-silent=1; Path=/; HttpOnly; SameSite=Lax'], 'as long as the browser runs')
  t.equal(headers['cache-control'], 'no-store')
  for (const other of [{}, { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }, { ...NAVIGATION, 'sec-purpose': 'prefetch' }]) t.equal((await visitor().get('/', other)).status, 200)
  t.not((await underWay('/me')).asked.prompt, 'none', 'where somebody is required, a person sees it')
})

t.test('without silent nobody is asked', async (t) => {
  const { visitor } = await loginStage(t)
  t.equal((await visitor().get('/', NAVIGATION)).status, 200)
})

t.test('who is not logged in at the provider sees the page without a session, and no error', async (t) => {
  const { underWay, refusals } = await loginStage(t, silent)
  for (const error of ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']) {
    const { ada, parameters } = await underWay('/?tab=2')
    refusals()
    const { status, location, headers } = await ada.get(`/callback?error=${error}&state=${parameters.state}`, NAVIGATION)
    t.match([status, location, headers['cache-control']], [302, '/?tab=2', 'no-store'])
    t.strictSame(ada.jar.names(), [MARK])
    t.strictSame((await ada.get('/?tab=2', NAVIGATION)).json(), { user: null })
    t.strictSame(refusals(), [])
  }
})

t.test('whatever else fails shows the page as well, and is told to the operator', async (t) => {
  let decide: () => undefined | false = () => undefined
  const store = watched(memoryStore({ singleProcess: true }))
  const { underWay, refusals, server } = await loginStage(t, { core: { store }, login: { silent: true, afterLogin: () => decide(), session: { secret: SECRET, in: 'store' } } })
  const right = server.answers['/token']!
  for (const [query, reason, breakIt] of [
    ['error=access_denied', 'authorization_refused', () => {}],
    ['error=temporarily_unavailable', 'provider_unavailable', () => {}],
    ['error=invalid_request', 'authorization_refused', () => {}],
    ['code=c', 'provider_unavailable', () => { delete server.answers['/token'] }],
    [undefined, 'after_login_refused', () => { decide = () => false }],
    [undefined, 'store_unavailable', () => { store.away = 'all' }]
  ] as const) {
    const { ada, parameters, callback } = await underWay('/')
    refusals()
    breakIt()
    const { status, location, headers } = await ada.get(query === undefined ? callback : `/callback?${query}&state=${parameters.state}`, NAVIGATION)
    t.match([status, location, headers['retry-after']], [302, '/', undefined], reason)
    t.match(refusals(), [{ reason }])
    t.strictSame(ada.jar.names(), [MARK])
    Object.assign(server.answers, { '/token': right })
    decide = () => undefined
    store.away = 'none'
  }
  decide = () => { throw new Error('a defect of the app') }
  const { ada, callback } = await underWay('/')
  t.equal((await ada.get(callback)).status, 500)
})

t.test('with the provider away the page is shown at once, and the next ones do not wait for it', async (t) => {
  const { server, visitor, refusals } = await loginStage(t, silent)
  server.issuer.behave('status-500', 'discovery')
  const ada = visitor()
  const { status, headers, json } = await ada.get('/', NAVIGATION)
  t.match([status, json()], [200, { user: null }])
  t.match(headers, { 'cache-control': 'no-store', 'retry-after': undefined })
  t.match(refusals(), [{ level: 50, reason: 'provider_unavailable' }])
  t.strictSame(ada.jar.names(), [MARK])
  t.equal((await ada.get('/', NAVIGATION)).status, 200)
  t.strictSame(refusals(), [])
  server.issuer.behave('answer', 'discovery')
})

t.test('a defect is no refusal', async (t) => {
  const { visitor } = await loginStage(t, { login: { silent: true }, before: (app) => { app.addHook('onRequest', async (_request, reply) => { reply.redirect = () => { throw new RangeError('a defect') } }) } })
  const { status, json } = await visitor().get('/', NAVIGATION)
  t.match([status, json()], [500, { message: 'a defect' }])
})

t.test('a login that was asked for is not followed by one that was not: who logs out stays logged out', async (t) => {
  const { visitor } = await loginStage(t, { login: { silent: true, logout: { provider: false } } })
  const ada = visitor()
  await ada.logIn()
  t.strictSame(ada.jar.names(), ['gatehouse-arrived', 'gatehouse', MARK])
  t.equal((await ada.post('/logout')).location, '/')
  t.strictSame((await ada.get('/', NAVIGATION)).json(), { user: null })
})

t.test('GET /login?prompt=none asks without showing anything', async (t) => {
  const { underWay } = await loginStage(t)
  const { ada, asked, parameters } = await underWay('/login?prompt=none&returnTo=/note')
  t.equal(asked.prompt, 'none')
  t.equal((await ada.get(`/callback?error=login_required&state=${parameters.state}`)).location, '/note')
  t.not((await underWay('/login?prompt=login')).asked.prompt, 'login', 'other prompts are not the caller\'s to choose')
})

t.test("reply.login({ prompt: 'none' }) is the same: who is not logged in comes back without an error", async (t) => {
  const { underWay, refusals } = await loginStage(t, {
    routes: (app) => { app.get('/ask', { config: { auth: 'optional' } }, async (_request, reply) => reply.login({ prompt: 'none', returnTo: '/note' })) }
  })
  const { ada, asked, parameters } = await underWay('/ask')
  t.equal(asked.prompt, 'none')
  t.ok(ada.jar.names().includes(MARK))
  t.match(await ada.get(`/callback?error=login_required&state=${parameters.state}`), { status: 302, location: /^\/note$/ })
  t.strictSame(refusals(), [])
  const grace = await underWay('/ask')
  t.equal((await grace.ada.get(grace.callback)).location, '/note')
  t.equal((await grace.ada.get('/me')).status, 200)
})
