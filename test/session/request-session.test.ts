import { inspect } from 'node:util'
import t from 'tap'
import { NoSessionError } from '../../lib/index.js'
import type { RequestAuth, WebSession } from '../../lib/index.js'
import { memoryStore } from '../../lib/store/memory.js'
import { fakeClock } from '../support/clock.js'
import { linesOf, sessionApp } from '../support/session-app.js'
import { watched } from '../support/session-stage.js'

for (const place of ['cookie', 'store'] as const) {
  t.test(`request.auth with a session in a ${place}`, async (t) => {
    let thrown: unknown
    const { app, server, seat, ask, logs, reason } = await sessionApp(t, {
      in: place,
      audience: true,
      routes (app) {
        app.get('/auth', async (request) => oneOf(request.auth, request.auth.session))
        const oneOf = (auth: RequestAuth, session: WebSession) => ({
          isAuthenticated: auth.isAuthenticated,
          credentialsType: auth.credentialsType,
          provider: auth.provider,
          subject: auth.subject,
          organizationId: auth.organizationId(),
          scopes: auth.scopes,
          user: auth.session.user,
          isFrozen: Object.isFrozen(auth.session.user),
          idToken: auth.session.idToken,
          lasts: Math.round(auth.session.expiresAt - Date.now() / 1_000),
          isSame: auth.session === session
        })
        app.get('/claims', async ({ auth }) => auth.accessTokenClaims())
        app.get('/credentials', async ({ auth }) => auth.credentials())
        app.get('/printed', async (request) => {
          const { auth } = request
          request.log.info({ auth, session: auth.session }, 'printed')
          return { auth, session: auth.session, spread: { ...auth.session }, inspected: inspect([auth, auth.session, request.auth.session.data]) }
        })
        app.get('/session', async ({ auth }) => {
          try {
            return auth.session.user
          } catch (error) {
            thrown = error
            throw error
          }
        })
        app.get('/of-session', { config: { auth: { credentials: ['session'] } } }, async ({ auth }) => auth.credentialsType)
        app.get('/of-token', { config: { auth: { credentials: ['access_token'] } } }, async ({ auth }) => auth.credentialsType)
        app.get('/of-other', { config: { auth: { providers: ['oidc'], claims: { name: 'Ada' } } } }, async ({ auth }) => auth.subject)
        app.get('/optional', { config: { auth: 'optional' } }, async ({ auth }) => ({ who: auth.isAuthenticated ? auth.subject : null }))
        app.get('/optional-token', { config: { auth: { mode: 'optional', credentials: ['access_token'] } } }, async ({ auth }) => ({ who: auth.isAuthenticated ? auth.subject : null }))
      }
    })
    const accessToken = server.issuer.token({ sub: 'ada', scope: 'read write' })
    const browser = await seat({ accessToken, refreshToken: 'the refresh token', user: { name: 'Ada', org_id: 'org-1', deep: { list: [1] } } })
    const bearer = { authorization: `Bearer ${server.issuer.token({ sub: 'grace' })}` }

    t.test('says who the caller is', async (t) => {
      const answer = await browser.get('/auth')
      t.strictSame(answer.json(), {
        isAuthenticated: true, credentialsType: 'session', provider: 'oidc', subject: 'ada', organizationId: 'org-1', scopes: ['read', 'write'], user: { name: 'Ada', org_id: 'org-1', deep: { list: [1] } }, isFrozen: true, idToken: answer.json().idToken, lasts: answer.json().lasts, isSame: true
      })
      const { lasts } = answer.json() as { lasts: number }
      t.ok(lasts > 3_500 && lasts <= 3_600)
      t.match(answer.headers, { 'cache-control': 'private', 'set-cookie': undefined })
    })

    t.test('has neither claims of an access token nor credentials to pass on', async (t) => {
      for (const url of ['/claims', '/credentials']) {
        t.match((await browser.get(url)).json(), { statusCode: 403, code: 'GATEHOUSE_NOT_AN_ACCESS_TOKEN' })
        t.equal(reason(), 'accessor_refused')
      }
    })

    t.test('shows no token, whoever prints it', async (t) => {
      logs.lines.length = 0
      const { body, json } = await browser.get('/printed')
      t.strictSame(json().session, { user: { name: 'Ada', org_id: 'org-1', deep: { list: [1] } }, expiresAt: (json().session as { expiresAt: number }).expiresAt, data: {} })
      for (const text of [body, JSON.stringify(logs.lines)]) t.notMatch(text, /eyJ|refresh token|gatehouse=/)
      t.match(body, /Ada/)
    })

    t.test('an Authorization header wins over the cookie, also where it is wrong', async (t) => {
      t.match((await browser.get('/me', bearer)).json(), { subject: 'grace', type: 'access_token' })
      t.match((await browser.get('/me', { authorization: 'Bearer nonsense' })).json(), { statusCode: 401 })
      t.match((await browser.get('/optional', { authorization: 'Bearer nonsense' })).json(), { statusCode: 401 })
      t.match((await browser.get('/me', { authorization: 'Bearer' })).json(), { statusCode: 400 })
      t.match((await browser.get('/me', { authorization: 'Basic YTpi' })).json(), { type: 'session' }, 'another scheme is none of ours')
    })

    t.test('session throws NoSessionError where the caller came with a token', async (t) => {
      t.match((await browser.get('/session', bearer)).json(), { statusCode: 403, code: 'GATEHOUSE_NO_SESSION' })
      t.ok(thrown instanceof NoSessionError)
      t.equal(reason(), 'accessor_refused')
      t.match((await browser.get('/session')).json(), { name: 'Ada' })
    })

    t.test('routes that take one kind refuse the other', async (t) => {
      t.equal((await browser.get('/of-session')).body, 'session')
      t.match((await browser.get('/of-session', bearer)).json(), { statusCode: 401, code: 'GATEHOUSE_TOKEN_INVALID' })
      t.equal((await browser.get('/of-token', bearer)).body, 'access_token')
      const answer = await browser.get('/of-token')
      t.match(answer.json(), { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_INVALID' })
      t.equal(reason(), 'credentials_refused')
      t.equal(answer.headers['www-authenticate'], 'Bearer realm="api"')
      t.strictSame((await browser.get('/optional-token')).json(), { who: null })
      t.equal((await browser.get('/of-other')).body, 'ada')
      t.equal((await browser.get('/of-session')).status, 200, 'the session lives on')
    })

    t.test('stats().accepted counts a request with a session once', async (t) => {
      const opaque = await seat({ accessToken: 'opaque' })
      const none = await seat({ accessToken: undefined, accessTokenExpiresAt: undefined })
      const foreign = await seat({ accessToken: server.issuer.token({ sub: 'somebody else' }) })
      for (const person of [browser, opaque, none, foreign]) {
        const before = app.gatehouse.stats().accepted
        for (let times = 0; times < 3; times++) t.equal((await person.get('/me')).status, 200)
        t.equal(app.gatehouse.stats().accepted, before + 3)
      }
    })

    t.test('a copy of the cookie is dead after logout', async (t) => {
      const person = await seat({ sid: 'sid 1' })
      const copy = { jar: person.jar.header() }
      t.equal((await person.post('/logout')).status, 303)
      t.strictSame(person.jar.names(), [])
      const answer = await app.inject({ url: '/me', headers: { cookie: copy.jar } })
      t.match([answer.statusCode, reason()], [401, 'session_unknown'])
      t.match(answer.headers, { 'set-cookie': ['gatehouse=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'], 'cache-control': 'no-store' })
      t.equal((await ask(browser, { url: '/me' })).statusCode, 200, 'others are not concerned')
    })

    t.test('deleteBySubject ends every session of a person, at once', async (t) => {
      const [one, two, other] = [await seat({ sid: '1' }), await seat({ sid: '2' }), await seat({ subject: 'eve' })]
      await app.gatehouse.sessions.deleteBySubject({ issuer: server.issuer.issuer, subject: 'ada' })
      t.strictSame(await Promise.all([one, two, other].map(async (person) => (await person.get('/me')).status)), [401, 401, 200])
      const again = await seat({ sid: '1' })
      t.equal((await again.get('/me')).status, 200, 'who logs in afterwards is not concerned')
      for (const person of [undefined, {}, { issuer: 'x' }, { issuer: 1, subject: 'ada' }]) {
        await t.rejects(app.gatehouse.sessions.deleteBySubject(person as never), { name: 'TypeError', message: /deleteBySubject\(\)/ })
      }
    })
  })

  t.test(`that a session in a ${place} was used is written down once a minute`, async (t) => {
    const clock = fakeClock(t)
    const store = watched(memoryStore({ singleProcess: true }))
    const { seat, ask, record } = await sessionApp(t, { in: place, store, lifetime: { idle: 1_200, absolute: 86_400 } })
    const browser = await seat()
    const writes = async (path: string, note?: string) => {
      const [former, lines] = [store.calls.filter((call) => call === 'set').length, linesOf(note === undefined ? await browser.get(path) : await browser.post(path, note)).length]
      return place === 'cookie' ? lines : store.calls.filter((call) => call === 'set').length - former
    }
    t.equal(await writes('/me'), 0)
    clock.advance(59_000)
    t.equal(await writes('/me'), 0)
    clock.advance(2_000)
    t.equal(await writes('/me'), 1)
    t.equal(await writes('/me'), 0)
    clock.advance(61_000)
    t.equal(await writes('/note', 'changed'), 1, 'a change says it as well')
    t.equal(await writes('/me'), 0)
    for (let step = 0; step < 3; step++) {
      clock.advance(1_000_000)
      t.equal((await browser.get('/me')).status, 200, 'it lasts as long as it is used')
    }
    clock.advance(61_000)
    if (place === 'cookie') {
      const copy = { ...browser, jar: { ...browser.jar, header: ((header) => () => header)(browser.jar.header()) } }
      const changed = await browser.post('/note', 'changed again')
      t.equal(linesOf(changed).length, 1)
      t.strictSame(linesOf(await ask(copy, { url: '/me' })), [], 'a request that only read takes back nothing another one changed at the same time')
      clock.advance(11_000)
      t.equal(linesOf(await ask(copy, { url: '/me' })).length, 1, 'unless that answer was lost')
    }
    store.away = ['set', 'add']
    clock.advance(61_000)
    t.equal((await browser.get('/me')).status, 200, 'the store being away is no reason to refuse')
    store.away = 'none'
    clock.advance(1_300_000)
    t.equal((await browser.get('/me')).status, 401)
    t.equal(await record(browser), undefined)
  })
}
