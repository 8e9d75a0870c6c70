import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { endedToken, linesOf, rotate, sessionApp } from '../support/session-app.js'
import { json } from '../support/login-server.js'
import { seconds } from '../support/session-stage.js'

function routes (app: FastifyInstance): void {
  app.get('/token', async ({ auth }) => auth.session.accessToken())
  app.get('/sub', async ({ auth }) => ({ subject: auth.subject, scopes: auth.scopes }))
  app.get('/cached', async ({ auth }, reply) => { reply.header('cache-control', 'public, max-age=600'); return auth.session.accessToken() })
  app.get('/caught', async ({ auth }) => auth.session.accessToken().catch((error: { code: string }) => error.code))
  app.get('/forgotten', async ({ auth }) => {
    auth.session.accessToken().catch(() => {})
    auth.session.data.by = 'a handler that does not wait'
    return 'done'
  })
}

for (const place of ['cookie', 'store'] as const) {
  t.test(`session.accessToken() with a session in a ${place}`, async (t) => {
    const stage = await sessionApp(t, { in: place, routes })
    const { server, seat, ask, record, reason, keeper, store } = stage

    t.test('gives a token that lasts as it is, and asks nobody', async (t) => {
      const browser = await seat()
      const answer = await browser.get('/token')
      t.equal(answer.body, 'access 0')
      t.strictSame([server.requests, linesOf(answer)], [[], []])
      const endless = await seat({ accessToken: 'endless', accessTokenSince: undefined, accessTokenExpiresAt: undefined })
      t.equal((await endless.get('/token')).body, 'endless')
      t.notOk(store.calls.includes('set'))
    })

    t.test('200 requests on a token that ended are one refresh, and each gets the new token', async (t) => {
      const { shown } = rotate(server)
      const browser = await seat(endedToken())
      const answers = await Promise.all(Array.from({ length: 200 }, () => ask(browser, { url: '/token' })))
      t.ok(answers.every(({ body }) => body === 'access 1'))
      t.strictSame(shown, ['refresh 0'])
      browser.jar.take(linesOf(answers[137]!))
      t.match(await record(browser), { accessToken: 'access 1', refreshToken: 'refresh 0+' })
      t.equal((await browser.get('/token')).body, 'access 1')
      t.equal(shown.length, 1)
    })

    t.test('200 requests of 20 sessions never get the tokens of another', async (t) => {
      const { shown } = rotate(server, (_count, refreshToken) => `for ${refreshToken}`)
      const people = await Promise.all(Array.from({ length: 20 }, (_, index) => seat({ ...endedToken(`of ${index}`), subject: index % 2 === 0 ? 'ada' : `person ${index}` })))
      const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => (await ask(people[index % 20]!, { url: '/token' })).body))
      t.strictSame(answers, Array.from({ length: 200 }, (_, index) => `for of ${index % 20}`))
      t.equal(shown.length, 20)
    })

    t.test('a token about to end is refreshed a minute before, and data and token are kept both', async (t) => {
      rotate(server)
      const browser = await seat({ ...endedToken('refresh a'), accessTokenExpiresAt: seconds() + 50 })
      t.equal((await browser.get('/forgotten')).body, 'done')
      t.match(await record(browser), { accessToken: 'access 1', data: { by: 'a handler that does not wait' } })
    })

    t.test('an answer that brings new tokens is stored nowhere, whatever its route says', async (t) => {
      rotate(server)
      const browser = await seat(endedToken('refresh b'))
      t.equal((await browser.get('/cached')).headers['cache-control'], place === 'cookie' ? 'no-store' : 'public, max-age=600')
      t.equal((await browser.get('/cached')).headers['cache-control'], 'public, max-age=600')
    })

    t.test('without a refresh token, or with one that is refused, the person has to log in again', async (t) => {
      server.answers['/token'] = json(400, { error: 'invalid_grant' })
      for (const refreshToken of [undefined, 'revoked']) {
        const browser = await seat({ ...endedToken(), refreshToken })
        const answer = await browser.get('/token')
        t.match(answer.json(), { statusCode: 401, code: 'GATEHOUSE_LOGIN_REQUIRED', message: 'Logging in again is required' })
        t.equal(answer.headers['www-authenticate'], 'Bearer realm="api"')
        t.equal(reason(), 'access_token_ended')
        t.equal((await browser.get('/me')).status, 200, 'the session itself goes on')
        t.equal((await browser.get('/caught')).body, 'GATEHOUSE_LOGIN_REQUIRED')
      }
    })

    if (place === 'store') {
      t.test('who is logged out meanwhile gets none', async (t) => {
        const browser = await seat(endedToken('refresh e'))
        const session = (await keeper.load(browser.jar.header())).session!
        server.answers['/token'] = (response) => {
          keeper.end(session, { header: undefined }).then(() => { json(200, server.tokens({ refresh_token: 'next', expires_in: 600 }))(response) })
        }
        const answer = await browser.get('/token')
        t.match(answer.json(), { statusCode: 401, code: 'GATEHOUSE_LOGIN_REQUIRED' })
        t.equal(reason(), 'session_unknown')
        t.strictSame(browser.jar.names(), [])
      })
    }

    t.test('with the provider away it is a 503, and the next request after a pause has it', async (t) => {
      const clock = fakeClock(t)
      server.answers['/token'] = json(503, {}, { 'retry-after': '2' })
      const browser = await seat(endedToken('refresh c'))
      const answer = await browser.get('/token')
      t.match([answer.json(), answer.headers['retry-after']], [{ statusCode: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE' }, /^\d+$/])
      t.equal(reason(), 'provider_unavailable')
      const usable = await seat({ ...endedToken('refresh d'), accessTokenExpiresAt: seconds() + 30 })
      t.equal((await usable.get('/token')).body, 'access 0', 'one that lasts for a moment is used')
      t.equal((await browser.get('/me')).status, 200)
      rotate(server)
      clock.advance(6_000)
      await new Promise((resolve) => { setTimeout(resolve, 2) })
      t.equal((await browser.get('/token')).body, 'access 1')
    })
  })

  t.test(`a site that is an API as well, session in a ${place}: 200 requests on an expired token are one refresh`, async (t) => {
    const { app, server, seat, ask, store } = await sessionApp(t, { in: place, routes, audience: true })
    await app.gatehouse.ready()
    const { shown } = rotate(server, (_count, refreshToken) => server.issuer.token({ sub: refreshToken, scope: `of-${refreshToken}` }))
    const people = await Promise.all(['ada', 'eve'].map((subject) => seat({ ...endedToken(subject), subject })))
    const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => (await ask(people[index % 2]!, { url: '/sub' })).json()))
    for (const [index, answer] of answers.entries()) {
      const subject = index % 2 === 0 ? 'ada' : 'eve'
      if (answer.subject !== subject || answer.scopes[0] !== `of-${subject}`) t.fail(`${subject} was taken for ${JSON.stringify(answer)}`)
    }
    t.strictSame([...shown].sort(), ['ada', 'eve'])
    t.ok(store.calls.length < 3_000)
    t.ok(linesOf(await ask(people[0]!, { url: '/sub' })).length <= 1)
  })
}
