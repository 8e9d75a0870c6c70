import t from 'tap'
import type { CompletedLogin } from '../../lib/login/index.js'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'
import type { LoginStage } from '../support/login-stage.js'
import { json } from '../support/login-server.js'
import { SECRET } from '../support/session-stage.js'
import { until } from '../support/until.js'

/** A stage whose `afterLogin` does what it is told, with a refresh token in every login. */
async function deciding (t: Parameters<typeof loginStage>[0], more: object = {}, claims: Record<string, unknown> = {}) {
  const told: { decide: (login: CompletedLogin, request: unknown) => unknown } = { decide: () => undefined }
  const stage = await loginStage(t, {
    login: { scope: 'openid offline_access', afterLogin: (login, request) => told.decide(login, request) as undefined, ...more },
    routes: (app) => { app.get('/session', async ({ auth }) => auth.session) }
  }, { claims, tokens: { refresh_token: 'refresh', scope: 'openid offline_access' } })
  stage.server.answers['/revoke'] = {}
  return { ...stage, told }
}

const revocations = ({ server }: Pick<LoginStage, 'server'>) => server.requests.filter(({ path }) => path === '/revoke').map(({ form }) => form.token)

t.test('afterLogin hears of every login once, and may say what the session says', async (t) => {
  const heard: unknown[] = []
  const { visitor, told, server } = await deciding(t, {}, { email: 'ada@example.com', acr: 'x', nested: { deep: [1] } })
  told.decide = (login, request) => { heard.push([login, typeof request]) }
  const ada = visitor()
  await ada.logIn()
  t.match(heard, [[{
    provider: 'oidc', issuer: server.issuer.issuer, subject: 'ada', user: { sub: 'ada', email: 'ada@example.com', nested: { deep: [1] } }, claims: { acr: 'x', nonce: String, sub: 'ada', aud: 'web' }, accessToken: 'access', scope: 'openid offline_access'
  }, 'object']])
  t.strictSame((await ada.get('/session')).json().user, { sub: 'ada', email: 'ada@example.com', nested: { deep: [1] } })
  await ada.get('/me')
  t.equal(heard.length, 1)
  told.decide = async () => ({ user: { name: 'Ada', tier: 1 }, data: { seen: ['once'] }, returnTo: '/welcome?x=1' })
  t.equal((await ada.logIn('ada', '/login?returnTo=/note')).location, '/welcome?x=1')
  t.match((await ada.get('/session')).json(), { user: { name: 'Ada', tier: 1 }, data: { seen: ['once'] } })
  told.decide = () => ({ returnTo: '//evil.example' })
  t.equal((await ada.logIn()).location, '/')
  told.decide = () => ({ user: undefined, data: undefined, returnTo: undefined })
  t.equal((await ada.logIn('ada', '/login?returnTo=/note')).location, '/note')
})

t.test('what afterLogin does to what it was given changes nothing', async (t) => {
  const { visitor, told } = await deciding(t, {}, { nested: { deep: [1] } })
  told.decide = ({ claims, user }) => {
    const given = claims as Record<string, unknown>
    given.sub = 'root'
    given.iss = 'https://evil.example'
    t.throws(() => { Object.assign(user, { sub: 'root' }) }, TypeError)
    t.throws(() => { Object.assign(user.nested!, { deep: 2 }) }, TypeError)
  }
  const ada = visitor()
  t.equal((await ada.logIn()).location, '/')
  t.match((await ada.get('/me')).json(), { subject: 'ada' })
})

t.test('neither afterLogin nor userinfo can make who acts for somebody look like nobody', async (t) => {
  const claims: Record<string, unknown> = { act: { sub: 'support' } }
  const stage = await loginStage(t, {
    login: { userinfo: true, afterLogin: () => ({ user: { name: 'Ada', ...(claims.sole === true ? {} : { act: { sub: 'nobody special' } }) } }) },
    routes: (app) => {
      app.get('/who', async ({ auth }) => ({ actor: auth.actor?.subject ?? null, user: auth.session.user }))
      app.get('/alone', { config: { auth: { authorize: ({ auth }) => auth.actor === undefined } } }, async () => 'in')
    }
  }, { claims })
  Object.assign(stage.server.issuer.metadata, { userinfo_endpoint: `${stage.server.origin}/userinfo` })
  stage.server.answers['/userinfo'] = { sub: 'ada', act: { sub: 'userinfo' } }
  for (const [sole, act] of [[true, 'support'], [false, 'support']] as const) {
    claims.sole = sole
    const ada = stage.visitor()
    await ada.logIn()
    t.strictSame((await ada.get('/who')).json(), { actor: act, user: { name: 'Ada', act: { sub: act } } })
    const { status, headers, json } = await ada.get('/alone')
    t.strictSame([status, headers['www-authenticate'], json()], [403, undefined, { statusCode: 403, code: 'GATEHOUSE_FORBIDDEN', error: 'Forbidden', message: 'The caller may not do this' }])
  }
  claims.act = null
  const ada = stage.visitor()
  await ada.logIn()
  t.match(await ada.get('/who'), { status: 403, headers: { 'www-authenticate': undefined } }, 'one that cannot be read does not look like none either')
  delete claims.act
  claims.sole = true
  await ada.logIn()
  t.strictSame((await ada.get('/who')).json(), { actor: null, user: { name: 'Ada' } })
})

t.test('false refuses: 403, no session, and the refresh token is revoked', async (t) => {
  const stage = await deciding(t)
  stage.told.decide = async () => false
  const ada = stage.visitor()
  const { status, json, headers } = await ada.logIn()
  t.strictSame([status, json()], [403, { statusCode: 403, code: 'GATEHOUSE_LOGIN_REFUSED', error: 'Forbidden', message: 'The login was refused' }])
  t.equal(headers['cache-control'], 'no-store')
  t.strictSame(ada.jar.names(), [])
  t.match(stage.refusals(), [{ level: 30, reason: 'after_login_refused', provider: 'oidc' }])
  await until(() => revocations(stage).length > 0)
  t.strictSame(revocations(stage), ['refresh'])
})

t.test('what it throws goes to the error handler as it is, and there is no session either', async (t) => {
  const stage = await deciding(t)
  for (const [thrown, status, message] of [
    [Object.assign(new Error('not on the list'), { statusCode: 451 }), 451, 'not on the list'],
    [undefined, 500, /something that is no Error/], [null, 500, /something that is no Error/], ['hunter2', 500, /something that is no Error/]
  ] as const) {
    for (const decide of [() => { throw thrown }, () => Promise.reject(thrown)]) {
      stage.told.decide = decide
      const ada = stage.visitor()
      const answer = await ada.logIn()
      t.match([answer.status, answer.json().message], [status, message])
      t.strictSame(ada.jar.names(), [])
    }
  }
  await until(() => revocations(stage).length === 8)
  t.ok(true, 'each refresh token is revoked')
})

t.test('an answer nobody can read is a mistake of the app: 500, and no session', async (t) => {
  const { told, visitor, log } = await deciding(t)
  for (const [answer, message] of [
    [null, 'expected an object, got null'], [true, 'expected an object, got true'], ['/home', 'expected an object'], [[], 'expected an object'], [{ users: {} }, 'unknown key "users"; did you mean "user"?'],
    [{ user: null }, 'user: expected an object'], [{ user: 'hunter2' }, 'user: expected an object'], [{ data: new Map() }, 'data: expected an object'], [{ user: { at: new Date() } }, 'user.at: expected JSON'], [{ data: { n: NaN } }, 'data.n: expected JSON'],
    [{ returnTo: null }, 'returnTo: expected a path of this site'], [{ returnTo: new URL('https://evil.example') }, 'returnTo: expected a path of this site']
  ] as const) {
    told.decide = () => answer
    const ada = visitor()
    const { status, json } = await ada.logIn()
    t.equal(status, 500)
    t.match(json().message, `the answer of afterLogin: ${message}`)
    t.strictSame(ada.jar.names(), [])
  }
  t.notMatch(log(), 'hunter2')
})

t.test('it may take its time: other logins do not wait for it', async (t) => {
  const { told, visitor } = await deciding(t)
  let go = () => {}
  const asked = new Promise<void>((resolve) => {
    told.decide = ({ subject }) => {
      if (subject !== 'slow') return undefined
      resolve()
      return new Promise((resolve) => { go = () => { resolve(undefined) } })
    }
  })
  const slow = visitor()
  const answer = slow.logIn('slow')
  await asked
  t.equal((await visitor().logIn('ada')).status, 302)
  go()
  t.equal((await answer).status, 302)
  t.match((await slow.get('/me')).json(), { subject: 'slow' })
})

t.test('userinfo adds to what the session says, and is checked', async (t) => {
  const stage = await deciding(t, { userinfo: true }, { email: 'old@example.com' })
  const { server, visitor } = stage
  server.answers['/userinfo'] = { sub: 'ada', email: 'new@example.com', phone: '1', exp: 5 }
  const ada = visitor()
  await ada.logIn()
  t.strictSame((await ada.get('/session')).json().user, { sub: 'ada', email: 'new@example.com', phone: '1' })
  for (const [answer, status, reason] of [
    [{ sub: 'grace' }, 400, 'subject_mismatch'], [json(401, {}), 400, 'access_token_refused'], [json(500, {}), 503, 'provider_unavailable'],
    [{ sub: 'ada', deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) }, 400, 'claim_malformed']
  ] as const) {
    server.answers['/userinfo'] = answer
    const { ada: late, callback } = await stage.underWay()
    stage.refusals()
    t.equal((await late.get(callback, NAVIGATION)).status, status, reason)
    t.match(stage.refusals(), [{ reason }])
    t.strictSame(late.jar.names(), [], 'the code is used: nothing can be tried again')
  }
  await until(() => revocations(stage).length === 4)
})

t.test('what fits into no cookie is a 500 that names the remedy, and no session', async (t) => {
  const stage = await deciding(t)
  stage.told.decide = () => ({ data: { large: 'x'.repeat(12_000) } })
  const ada = stage.visitor()
  t.match((await ada.logIn()).json(), { statusCode: 500, code: 'GATEHOUSE_COOKIE_TOO_LARGE', message: /in: 'store'/ })
  t.match(stage.refusals(), [{ level: 50, reason: 'cookie_too_large' }])
  t.strictSame(ada.jar.names(), [])
  await until(() => revocations(stage).length === 1)
})

t.test('with SameSite=Strict a page of this site opens the next one: redirected from the provider, no browser would send the session', async (t) => {
  const { underWay, refusals } = await loginStage(t, { login: { session: { secret: SECRET, cookie: { sameSite: 'Strict' } } } })
  const { ada, callback } = await underWay(`/login?returnTo=${encodeURIComponent('/a?b=1&c="<script>\'')}`)
  const { status, headers, body, location } = await ada.get(callback, NAVIGATION)
  t.strictSame([status, location], [200, undefined])
  t.match(headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  t.match((headers['set-cookie'] as string[]).at(-1), /SameSite=Strict$/)
  t.equal(body, '<!doctype html><html lang="en"><meta http-equiv="refresh" content="0; url=/a?b=1&#38;c=%22%3Cscript%3E%27"><title>Logged in</title><p><a href="/a?b=1&#38;c=%22%3Cscript%3E%27">Continue</a></p></html>\n')
  t.match((await ada.get(callback)).body, 'url=/"', 'the back button')
  t.strictSame(refusals(), [])
})
