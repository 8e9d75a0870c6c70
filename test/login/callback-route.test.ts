import t from 'tap'
import { LoginError } from '../../lib/index.js'
import { memoryStore } from '../../lib/store/memory.js'
import { holdDeadlines } from '../support/deadlines.js'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'
import type { LoginStage } from '../support/login-stage.js'
import { json } from '../support/login-server.js'
import type { EndpointAnswer } from '../support/login-server.js'
import { SECRET, watched } from '../support/session-stage.js'
import { until } from '../support/until.js'

const FAILED = { statusCode: 400, code: 'GATEHOUSE_LOGIN_FAILED', error: 'Bad Request', message: 'The login could not be completed: start it again' }
const REFUSED = { statusCode: 403, code: 'GATEHOUSE_LOGIN_REFUSED', error: 'Forbidden', message: 'The login was refused' }
const AWAY = { statusCode: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', error: 'Service Unavailable', message: 'The identity provider cannot be reached right now' }
/** Of every callback's answer. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
const ENDED = /^gatehouse-login-[\w-]{16}=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/

const isIn = async (ada: { get (url: string): Promise<{ status: number }> }) => (await ada.get('/me')).status === 200
const tokenCalls = ({ server }: LoginStage) => server.requests.filter(({ path }) => path === '/token').length

t.test('a login that is done gives a session and goes to where it was wanted', async (t) => {
  const stage = await loginStage(t)
  const { ada, callback } = await stage.underWay('/login?returnTo=/note?x=1')
  const { status, location, headers, body } = await ada.get(`${callback}&locale=de&userState=Authenticated&session_state=x&code_challenge=x`, NAVIGATION)
  t.strictSame([status, location, body], [302, '/note?x=1', ''])
  t.match(headers, HEADERS)
  const lines = headers['set-cookie'] as string[]
  t.equal(lines.length, 3)
  t.match(lines[0], ENDED)
  t.equal(lines[1], 'gatehouse-arrived=1; Max-Age=10; Path=/; HttpOnly; SameSite=Lax')
  t.match(lines[2], /^gatehouse=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/)
  t.strictSame(ada.jar.names(), ['gatehouse-arrived', 'gatehouse'])
  t.strictSame((await ada.get('/me')).json(), { subject: 'ada', type: 'session' })
  t.strictSame((await ada.get('/')).json(), { user: { sub: 'ada' } }, 'what claims say of tokens is not of the person')
  const { form, headers: asked } = stage.server.requests.find(({ path }) => path === '/token')!
  t.match(form, { grant_type: 'authorization_code', redirect_uri: 'http://127.0.0.1:3000/callback', code_verifier: /^[\w-]{43}$/ })
  t.match(asked.authorization, /^Basic /)
  t.strictSame(stage.refusals(), [])
})

t.test('a callback without its login goes home if there is a session, else it offers a login, and never asks the provider', async (t) => {
  const stage = await loginStage(t, { before: (app) => { app.setErrorHandler((error, _request, reply) => error instanceof LoginError ? reply.code(error.statusCode).send({ loginUrl: error.loginUrl, code: error.code }) : reply.send(error)) } })
  const { ada, callback } = await stage.underWay('/login?returnTo=/me')
  await ada.get(callback)
  stage.refusals()
  const calls = tokenCalls(stage)
  const eve = stage.visitor()
  for (const url of [callback, '/callback', '/callback?code=c&state=s', '/callback?error=access_denied&state=s', '/callback?state=a&state=b', `/callback?${'x=1&'.repeat(80)}`]) {
    const home = await ada.get(url, NAVIGATION)
    t.match([home.status, home.location, home.headers], [302, '/', HEADERS], 'the back button')
    t.strictSame(stage.refusals(), [])
    const lost = await eve.get(url, NAVIGATION)
    t.match([lost.status, lost.json(), lost.headers], [400, { loginUrl: '/login', code: FAILED.code }, { ...HEADERS, location: undefined }], 'another browser')
    t.match(stage.refusals(), [{ level: 30, code: FAILED.code, reason: 'transaction_missing', provider: 'oidc', hint: /no cookie of a login under way/ }])
  }
  t.equal(await isIn(ada), true)
  t.equal(tokenCalls(stage), calls)
  t.equal((await stage.app.inject({ method: 'HEAD', url: callback })).statusCode, 404)
})

t.test('where the provider refuses, the error knows the way to another try, which ends where this one would have', async (t) => {
  const stage = await loginStage(t, { before: (app) => { app.setErrorHandler((error, _request, reply) => reply.code(403).send({ loginUrl: (error as LoginError).loginUrl })) } })
  for (const [returnTo, loginUrl] of [['/me?x=1&y=//', '/login?returnTo=%2Fme%3Fx%3D1%26y%3D%2F%2F'], ['/', '/login'], ['//evil.example', '/login']] as const) {
    const { ada, asked } = await stage.underWay(`/login?${new URLSearchParams({ returnTo })}`)
    t.strictSame((await ada.get(`/callback?error=access_denied&state=${asked.state}`)).json(), { loginUrl })
  }
})

t.test("the callback of one browser's login is worth nothing in another, which may have one of its own under way", async (t) => {
  const stage = await loginStage(t)
  const mallory = await stage.underWay()
  const { ada, callback } = await stage.underWay()
  t.match((await ada.get(mallory.callback, NAVIGATION)).json(), FAILED)
  t.match(stage.refusals(), [{ reason: 'transaction_missing' }])
  t.equal(await isIn(ada), false)
  t.equal((await ada.get(callback)).status, 302, 'its own goes on')
  const mixed = await stage.underWay()
  const { code } = mallory.parameters
  stage.refusals()
  const { status, json } = await mixed.ada.get(`/callback?${new URLSearchParams({ ...mixed.parameters, code: code! }).toString()}`)
  t.match([status, json()], [400, FAILED], "a code of another's login: its nonce is another")
  t.match(stage.refusals(), [{ reason: 'answer_refused' }])
})

t.test('two tabs log in beside each other', async (t) => {
  const { underWay, browser } = await loginStage(t)
  const { ada, callback } = await underWay('/login?returnTo=/me')
  const second = await browser.visit((await ada.get('/login?returnTo=/note', NAVIGATION)).location!)
  t.equal((await ada.get(`/callback?${new URLSearchParams(second.parameters).toString()}`)).location, '/note')
  t.equal((await ada.get(callback)).location, '/me')
  t.strictSame(ada.jar.names(), ['gatehouse-arrived', 'gatehouse'])
})

t.test('what the provider, or what came, refuses ends the login; it cannot be tried again', async (t) => {
  const stage = await loginStage(t)
  for (const [change, body, refusal] of [
    [{ code: undefined, error: 'access_denied', error_description: 'hunter2' }, REFUSED, { reason: 'authorization_refused', found: 'access_denied' }],
    [{ error: '<script>' }, REFUSED, { found: 'unknown_error' }],
    [{ code: undefined }, FAILED, { reason: 'callback_malformed', hint: 'there is no code' }],
    [{ iss: 'https://evil.example' }, FAILED, { reason: 'issuer_mismatch', found: 'https://evil.example' }]
  ] as const) {
    const { ada, parameters } = await stage.underWay()
    stage.refusals()
    const { status, json, headers } = await ada.get(`/callback?${new URLSearchParams(JSON.parse(JSON.stringify({ ...parameters, ...change }))).toString()}`, NAVIGATION)
    t.strictSame([status, json()], [body.statusCode, body])
    t.match(headers, HEADERS)
    t.match(headers['set-cookie'], [ENDED])
    t.match(stage.refusals(), [{ level: 30, ...refusal }])
    t.strictSame(ada.jar.names(), [])
  }
  t.notMatch(stage.log(), /hunter2|script/)
  t.equal(tokenCalls(stage), 0)
})

t.test('of two callbacks with one code one gives a session, and the other a refusal', async (t) => {
  const stage = await loginStage(t)
  const right = stage.server.answers['/token'] as (...args: unknown[]) => void
  const used = new Set<string>()
  stage.server.answers['/token'] = (response, asked) => {
    const isFirst = !used.has(asked.form.code!)
    used.add(asked.form.code!)
    if (isFirst) right(response, asked)
    else json(400, { error: 'invalid_grant' })(response)
  }
  const { ada, callback } = await stage.underWay()
  const cookie = ada.jar.header()
  const answers = await Promise.all([1, 2].map(() => stage.app.inject({ url: callback, headers: { cookie } })))
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [302, 400])
  t.match(stage.refusals(), [{ reason: 'transaction_missing' }])
  t.equal(used.size, 1, 'the provider is not shown a code again, which would end what it gave for it')
})

t.test('with the provider away the callback is a 503, and works when it is loaded again', async (t) => {
  const stage = await loginStage(t)
  const right = stage.server.answers['/token']!
  const html: EndpointAnswer = (response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hunter2</h1>') }
  for (const [answer, refusal] of [
    [html, { reason: 'provider_unavailable', hint: /answers HTML/ }], [json(502, { error: 'hunter2' }), { reason: 'provider_unavailable' }],
    [json(401, { error: 'invalid_client' }), { reason: 'client_refused' }]
  ] as const) {
    const { ada, callback } = await stage.underWay('/login?returnTo=/me')
    stage.refusals()
    stage.server.answers['/token'] = answer
    const { status, json, headers } = await ada.get(callback, NAVIGATION)
    t.strictSame([status, json()], [503, AWAY])
    t.match(headers, { ...HEADERS, 'set-cookie': undefined, 'retry-after': '1' })
    t.match(stage.refusals(), [{ level: 50, ...refusal }])
    stage.server.answers['/token'] = right
    t.equal((await ada.get(callback, NAVIGATION)).location, '/me')
  }
  const { ada, callback, parameters } = await stage.underWay()
  t.equal((await ada.get(`/callback?error=temporarily_unavailable&state=${parameters.state}`)).status, 503)
  t.equal((await ada.get(callback)).location, '/')
  t.notMatch(stage.log(), /hunter2/)
})

t.test('a provider that does not answer is given up after 5 s', async (t) => {
  const deadlines = holdDeadlines(t)
  const stage = await loginStage(t)
  const { ada, callback } = await stage.underWay()
  stage.server.answers['/token'] = () => {}
  const answer = ada.get(callback)
  await until(() => tokenCalls(stage) === 1)
  deadlines.come()
  t.equal((await answer).status, 503)
})

t.test('an ID token no session can be of is a 400, and not a 500', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const deep = JSON.parse('['.repeat(40) + ']'.repeat(40))
  let claims: Record<string, unknown> = {}
  const stage = await loginStage(t)
  const { server } = stage
  server.answers['/token'] = (response, { form }) => {
    const { nonce } = JSON.parse(Buffer.from(form.code!, 'base64url').toString())
    json(200, server.tokens({ id_token: server.idToken({ nonce, ...claims }) }))(response)
  }
  for (const [wrong, reason] of [
    [{ sid: 5 }, 'claim_malformed'], [{ sid: '' }, 'claim_malformed'], [{ sub: '' }, 'subject_missing'], [{ deep }, 'claim_malformed'],
    [{ session_expiry: now - 60 }, 'token_expired'], [{ session_expiry: 0 }, 'token_expired'], [{ session_expiry: 1e12 }, 'time_malformed'], [{ session_expiry: 'soon' }, 'time_malformed'], [{ session_expiry: null }, 'time_malformed']
  ] as const) {
    claims = wrong
    const { ada, callback } = await stage.underWay()
    stage.refusals()
    t.match((await ada.get(callback)).json(), FAILED)
    t.match(stage.refusals(), [{ level: 30, reason, provider: 'oidc' }])
    t.strictSame(ada.jar.names(), [])
  }
  claims = { session_expiry: now + 600, sid: 'at the provider' }
  const { ada, callback } = await stage.underWay()
  const lines = (await ada.get(callback)).headers['set-cookie'] as string[]
  t.match(lines.at(-1), /; Max-Age=(599|600);/, 'the session ends with that of the provider')
})

for (const kept of ['cookie', 'store'] as const) {
  t.test(`a login begins a new session, and ends the one the browser had: kept in the ${kept}`, async (t) => {
    const store = watched(memoryStore({ singleProcess: true }))
    const stage = await loginStage(t, { core: { store }, login: { session: { secret: SECRET, in: kept } } })
    const ada = stage.visitor()
    await ada.logIn('mallory')
    const planted = ada.jar.header()
    await ada.logIn('ada')
    t.not(ada.jar.header(), planted)
    t.match((await ada.get('/me')).json(), { subject: 'ada' })
    const copy = stage.visitor()
    copy.jar.take([`${planted}; Path=/`])
    t.equal((await copy.get('/me')).status, 401)
    const { ada: late, callback } = await stage.underWay()
    stage.refusals()
    store.away = 'all'
    const { status, json, headers } = await late.get(callback)
    t.match([status, json(), headers], [503, { code: 'GATEHOUSE_UNAVAILABLE' }, { ...HEADERS, 'retry-after': '1' }])
    t.match(stage.refusals(), [{ level: 50, reason: 'store_unavailable' }])
  })
}

t.test('no code, state, token or cookie is logged, at whatever level', async (t) => {
  const stage = await loginStage(t, {}, { tokens: { refresh_token: 'hunter2-refresh', access_token: 'hunter2-access' } })
  const { ada, callback, parameters, asked } = await stage.underWay('/me')
  await ada.get(callback)
  await ada.get(callback)
  await stage.visitor().get(callback)
  await stage.app.inject({ method: 'POST', url: callback, payload: new URLSearchParams(parameters).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  const log = stage.log()
  for (const secret of [parameters.code!, parameters.state!, asked.nonce!, asked.code_challenge!, 'hunter2', 'eyJ', ada.jar.header().slice(10, 40), SECRET]) t.notOk(log.includes(secret), secret)
  t.match(log, '"url":"/callback"')
})
