import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { oidc } from '../../lib/index.js'
import { memoryStore } from '../../lib/store/memory.js'
import { holdDeadlines } from '../support/deadlines.js'
import { instantBrowser, isIn, KEPT, loggedIn } from '../support/instant-login.js'
import { loginApp, visitor } from '../support/login-app.js'
import type { LoginAppOptions } from '../support/login-app.js'
import { loginServer } from '../support/login-server.js'
import { logoutToken } from '../support/logout-tokens.js'
import { captureLogs } from '../support/logs.js'
import { SECRET, watched } from '../support/session-stage.js'
import { until } from '../support/until.js'

const routes = { backchannelLogout: '/backchannel-logout' }
const FORM = 'application/x-www-form-urlencoded'
const DONE = { status: 200, body: '', cache: 'no-store' }
const REFUSED = { status: 400, body: '{"error":"invalid_request","error_description":"This is no logout token for this client"}', type: /^application\/json/, cache: 'no-store' }
const LATER = { status: 503, body: /"code":"GATEHOUSE_UNAVAILABLE"/, retryAfter: /^\d+$/, cache: 'no-store' }

/** One process, whose store says so. */
function alone (more: LoginAppOptions = {}): LoginAppOptions & { readonly core: object } {
  return { ...more, core: { store: memoryStore({ singleProcess: true }), ...more.core }, login: { routes, ...more.login } }
}

/** Posts as a provider does. */
async function post (app: FastifyInstance, payload: string | undefined, { type = FORM, url = routes.backchannelLogout, ...headers }: Record<string, string> = {}) {
  const { statusCode, body, headers: { 'content-type': answered, 'cache-control': cache, 'retry-after': retryAfter } } = await app.inject({
    method: 'POST', url, headers: { 'content-type': type, ...headers }, ...(payload === undefined ? {} : { payload })
  })
  return { status: statusCode, body, type: answered, cache, retryAfter }
}

const tell = (app: FastifyInstance, token: string, headers: Record<string, string> = {}) => post(app, `logout_token=${token}`, headers)

for (const kind of ['cookie', 'store'] as const) {
  t.test(`sessions in a ${kind}`, async (t) => {
    const store = watched(memoryStore({ singleProcess: true }))
    const { server, app } = await loggedIn(t, alone({ core: { store }, login: KEPT[kind] }))
    const { issuer } = server
    const person = async (sid: string, name = 'ada') => {
      const browser = visitor(app, instantBrowser(server, { claims: { sid } }))
      await browser.logIn(name)
      return browser
    }

    t.test('the one the provider names is over on the next request, and no other', async (t) => {
      const [here, there] = [await person('s1'), await person('s2')]
      t.match(await tell(app, logoutToken(issuer, { sid: 's1', sub: 'ada' })), DONE)
      t.strictSame([await isIn(here), await isIn(there)], [false, true])
    })

    t.test('without a sid all of the person are over, and of nobody else', async (t) => {
      const [here, there, other] = [await person('s3'), await person('s4'), await person('s5', 'eve')]
      t.match(await tell(app, logoutToken(issuer, { sid: undefined, sub: 'ada' })), DONE)
      t.strictSame([await isIn(here), await isIn(there), await isIn(other)], [false, false, true])
    })

    t.test('a logout of nobody is done', async (t) => {
      t.match(await tell(app, logoutToken(issuer, { sid: 'unknown' })), DONE)
    })

    t.test('a token that comes again is refused: who logged in since stays in', async (t) => {
      const token = logoutToken(issuer, { sid: 's6' })
      const before = await person('s6')
      t.match(await tell(app, token), DONE)
      const since = await person('s6')
      t.match(await tell(app, token), REFUSED)
      t.strictSame([await isIn(before), await isIn(since)], [false, true])
    })

    t.test('of one token sent twenty times at once, one is heard', async (t) => {
      const token = logoutToken(issuer, { sid: 's7' })
      const answers = await Promise.all(Array.from({ length: 20 }, async () => (await tell(app, token)).status))
      t.equal(answers.filter((status) => status === 200).length, 1)
      t.equal(answers.filter((status) => status === 400).length, 19)
    })

    t.test('a store that is away is told, and the next try with the same token is heard', async (t) => {
      const browser = await person('s8')
      const token = logoutToken(issuer, { sid: 's8' })
      for (const away of ['all', ['add'], [kind === 'cookie' ? 'set' : 'deleteByIndex']] as const) {
        store.away = away
        t.match(await tell(app, token), LATER)
      }
      store.away = 'none'
      t.match(await tell(app, token), DONE)
      t.equal(await isIn(browser), false)
    })

    t.test('it needs no cookie and no word of a page, and looks at neither', async (t) => {
      const browser = await person('s9')
      const headers = { cookie: browser.jar.header(), 'sec-fetch-site': 'cross-site', origin: 'null', authorization: 'Bearer none' }
      t.match(await tell(app, logoutToken(issuer, { sid: 'another' }), headers), { ...DONE, 'set-cookie': undefined })
      t.equal(await isIn(browser), true)
      t.match(await tell(app, logoutToken(issuer, { sid: 's9' }), headers), DONE)
      t.equal(await isIn(browser), false)
    })
  })
}

t.test('what is no logout token in a form is refused, whatever else the app reads', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const logs = captureLogs()
  const app = await loginApp(t, server.issuer, alone({
    logger: { stream: logs.stream },
    before (app) {
      app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, _body, done) => { done(null, { logout_token: 'of the app' }) })
      app.addContentTypeParser('application/jose', { parseAs: 'string' }, (_request, body, done) => { done(null, { logout_token: body }) })
      app.setErrorHandler((_error, _request, reply) => reply.code(418).send('the app has its own'))
    },
    routes: (app) => app.post('/form', { config: { auth: false } }, async ({ body }) => body)
  }))
  const right = logoutToken(server.issuer)
  for (const [name, payload, type] of [
    ['nothing', undefined, FORM],
    ['an empty form', '', FORM],
    ['another form', 'token=x', FORM],
    ['no token', 'logout_token=hunter2', FORM],
    ['two', `logout_token=${right}&logout_token=${right}`, FORM],
    ['one for another client', `logout_token=${logoutToken(server.issuer, { aud: 'another' })}`, FORM],
    ['one of another issuer', `logout_token=${logoutToken(server.issuer, { iss: 'https://evil.example' })}`, FORM],
    ['an ID token', `logout_token=${server.idToken({ nonce: 'n', sid: 's' })}`, FORM],
    ['JSON', JSON.stringify({ logout_token: right }), 'application/json'],
    ['JSON that inherits', `{"x":{"logout_token":"${right}"}}`, 'application/json'],
    ['null', 'null', 'application/json'],
    ['no JSON', '{', 'application/json'],
    ['XML', '<x/>', 'application/xml'],
    ['text', `logout_token=${right}`, 'text/plain'],
    ['a type of the app', right, 'application/jose']
  ] as ReadonlyArray<[string, string | undefined, string]>) {
    t.match(await post(app, payload, { type }), REFUSED, name)
  }
  t.match(await tell(app, right), DONE, 'none of these used it up')
  t.match(await tell(app, logoutToken(server.issuer), { type: `${FORM}; charset=UTF-8` }), DONE)
  for (const type of [FORM, 'application/json']) {
    t.match(await post(app, `logout_token=${'x'.repeat(70_000)}`, { type }), { status: 418, cache: 'no-store' }, 'a body too large')
  }
  t.equal((await app.inject(routes.backchannelLogout)).statusCode, 404)
  t.strictSame((await app.inject({ method: 'POST', url: '/form', headers: { 'content-type': FORM }, payload: 'a=b' })).json(), { logout_token: 'of the app' }, 'the app keeps its parser')
  const refusals = logs.lines.filter(({ msg }) => /^refused/.test(String(msg)))
  t.match(refusals.map(({ level }) => level), Array.from({ length: 15 }, () => 30))
  t.match(refusals[0], { gatehouse: { code: 'GATEHOUSE_LOGIN_FAILED', reason: 'logout_token_refused' } })
  t.notMatch(logs.text(), /eyJ|hunter2/)
})

t.test('the form is read although the app reads none, and nobody else gets the parser', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const app = await loginApp(t, server.issuer, alone({ routes: (app) => app.post('/form', { config: { auth: false } }, async () => 'read') }))
  t.match(await post(app, '', { url: `${routes.backchannelLogout}?logout_token=${logoutToken(server.issuer)}` }), REFUSED, 'a query is no form')
  t.match(await tell(app, logoutToken(server.issuer)), DONE)
  t.equal((await post(app, 'a=b', { url: '/form' })).status, 415)
})

t.test('while the keys of the provider cannot be had it is a 503, and the next try is heard', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const app = await loginApp(t, server.issuer, alone({ core: { startup: 'lazy' } }))
  const token = logoutToken(server.issuer)
  server.issuer.behave('refuse')
  t.match(await tell(app, token), LATER)
  const again = await loginApp(t, server.issuer, alone({ core: { startup: 'lazy' } }))
  const deadlines = holdDeadlines(t)
  server.issuer.behave('hang')
  const hanging = tell(again, token)
  await until(() => deadlines.asked.length > 0)
  deadlines.come()
  t.match(await hanging, LATER)
  server.issuer.behave('answer')
  t.match(await tell(await loginApp(t, server.issuer, alone({ core: { startup: 'lazy' } })), token), DONE)
})

t.test('an error that is none of ours stays what it is', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const store = { ...watched(memoryStore({ singleProcess: true })), isShared: true, get: () => Promise.reject(new Error('a bug')) }
  const app = await loginApp(t, server.issuer, alone({ core: { store } }))
  t.match(await tell(app, logoutToken(server.issuer)), { status: 500, body: /a bug/, cache: 'no-store' })
})

t.test('each of several providers is heard for its own sessions, at whatever path', async (t) => {
  const [one, two] = await Promise.all([loginServer(t, ['ES256']), loginServer(t, ['ES256'])])
  const provider = [one, two].map(({ issuer }, index) => oidc({ name: `p${index}`, issuer: issuer.issuer, clientId: 'web', clientSecret: 'hunter2' }))
  const app = await loginApp(t, one.issuer, alone({ core: { provider }, login: { routes: { backchannelLogout: '/hooks/logout' }, session: { secret: SECRET, in: 'store' } } }))
  const at = async (server: typeof one, name: string) => {
    const browser = visitor(app)
    const { location } = await browser.get(`/login?provider=${name}`)
    const { parameters } = await instantBrowser(server, { claims: { sid: 'the same' } }).visit(location!)
    t.equal((await browser.get(`/callback/${name}?${new URLSearchParams(parameters).toString()}`)).status, 302)
    return browser
  }
  const [first, second] = [await at(one, 'p0'), await at(two, 'p1')]
  const url = '/hooks/logout'
  t.match(await tell(app, logoutToken(two.issuer, { sid: 'the same' }), { url }), DONE)
  t.strictSame([await isIn(first), await isIn(second)], [true, false])
  t.match(await tell(app, logoutToken(two.issuer, { iss: one.issuer.issuer, sid: 'the same' }), { url }), { status: 400 }, 'the keys of another are not its own')
  t.equal(await isIn(first), true)
})

t.test('it is mounted where it is asked for, and every process hears of it', async (t) => {
  const { issuer } = await loginServer(t, ['ES256'])
  for (const store of [undefined, memoryStore(), memoryStore({ singleProcess: false })]) {
    for (const session of [{ secret: SECRET }, { secret: SECRET, in: 'store' }] as const) {
      await t.rejects(loginApp(t, issuer, { core: { store }, login: { routes, session } }), { name: 'TypeError', message: /^login\.routes\.backchannelLogout: .*redisStore\(client\).*memoryStore\(\{ singleProcess: true \}\)$/ })
    }
  }
  const without = await loginApp(t, issuer)
  t.equal((await tell(without, logoutToken(issuer))).status, 404)
})
