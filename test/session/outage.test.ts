import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { memoryStore } from '../../lib/store/memory.js'
import { unavailable } from '../../lib/store/refused.js'
import { StoreUnavailableError } from '../../lib/store/unavailable.js'
import { UnavailableError } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { endedToken, linesOf, rotate, sessionApp } from '../support/session-app.js'
import { watched } from '../support/session-stage.js'

function routes (app: FastifyInstance): void {
  app.get('/optional', { config: { auth: 'optional' } }, async ({ auth }) => ({ who: auth.isAuthenticated ? auth.subject : null }))
  app.get('/write', async ({ auth: { session } }) => { session.data.by = 'write'; return 'done' })
  app.get('/save', async ({ auth: { session } }) => { session.data.by = 'save'; await session.save(); return 'done' })
  app.get('/token', async ({ auth }) => auth.session.accessToken())
  app.get('/public', { config: { auth: false } }, async () => 'public')
  app.get('/leave', async (_request, reply) => reply.logout())
}

const AWAY = { statusCode: 503, code: 'GATEHOUSE_UNAVAILABLE' }

for (const place of ['cookie', 'store'] as const) {
  t.test(`the store away, sessions in a ${place}: a 503 that says when to come back, never a 401, and nobody is logged out`, async (t) => {
    const { app, server, seat, ask, store, reason, record, logs } = await sessionApp(t, {
      in: place,
      // One that forgets the headers of errors.
      before: (app) => { app.setErrorHandler(async (error: { statusCode?: number, code?: string }, _request, reply) => reply.code(error.statusCode ?? 500).send({ statusCode: error.statusCode, code: error.code })) },
      routes
    })
    const browser = await seat()
    const before = browser.jar.header()
    store.away = 'all'
    for (const url of ['/me', '/optional', '/write', '/token', '/note']) {
      const answer = await browser.get(url)
      t.match([answer.json(), answer.headers['retry-after'], answer.headers['www-authenticate'], linesOf(answer)], [AWAY, '1', undefined, []], url)
      t.equal(reason(), 'store_unavailable')
    }
    t.equal((await browser.get('/public')).body, 'public')
    t.strictSame((await app.inject({ url: '/optional' })).json(), { who: null }, 'who has no session does not notice')
    t.equal(browser.jar.header(), before)
    store.away = 'none'
    t.equal((await browser.get('/me')).status, 200)

    // Whoever is known already, and cannot be written down.
    store.away = place === 'cookie' ? 'none' : ['set', 'add']
    if (place === 'store') {
      for (const url of ['/write', '/save']) {
        const answer = await browser.get(url)
        t.match([answer.json(), answer.headers['retry-after']], [AWAY, '1'], url)
        t.equal(reason(), 'store_unavailable')
      }
      store.away = 'none'
      t.strictSame((await record(browser))!.data, {})
    }
    t.equal((await browser.get('/write')).body, 'done')
    t.strictSame((await record(browser))!.data, { by: 'write' })

    // A token that ended: the provider is not asked where the answer could not be kept.
    const { shown } = rotate(server)
    const late = await seat(endedToken())
    store.away = ['set', 'add', 'delete', 'extend', 'release']
    t.match((await late.get('/token')).json(), AWAY)
    t.match([reason(), shown], ['store_unavailable', []])
    t.equal((await ask(late, { url: '/me' })).statusCode, 200)
    store.away = 'none'
    t.equal((await late.get('/token')).body, 'access 1')

    // Logout: nobody knows whether it is over, but this browser's cookie goes.
    store.away = 'all'
    const cookie = { cookie: browser.jar.header(), host: '127.0.0.1:3000' }
    t.match((await browser.post('/logout')).json(), AWAY)
    store.away = 'none'
    t.strictSame(browser.jar.names(), [])
    store.away = ['set', 'delete']
    t.match((await app.inject({ url: '/leave', headers: cookie })).json(), AWAY)
    store.away = 'none'
    t.equal((await app.inject({ url: '/leave', headers: cookie })).statusCode, 302)
    t.equal((await app.inject({ url: '/me', headers: cookie })).statusCode, 401)
    t.notMatch(JSON.stringify(logs.lines), /eyJ|access 1/)
    t.match(app.gatehouse.stats().refused, { GATEHOUSE_UNAVAILABLE: Number })
  })
}

t.test('that a session was used cannot be written down: a warning, and the answer', async (t) => {
  const clock = fakeClock(t)
  const { seat, store, logs } = await sessionApp(t, { in: 'store', routes, store: watched(memoryStore({ singleProcess: true })) })
  const browser = await seat()
  clock.advance(61_000)
  logs.lines.length = 0
  store.away = ['set']
  t.equal((await browser.get('/me')).status, 200)
  t.match(logs.lines.filter(({ level }) => level === 40), [{ gatehouse: { reason: 'store_unavailable' }, msg: 'that a session was used could not be written down' }])
  store.away = 'none'
  t.equal((await browser.get('/me')).status, 200)
  t.strictSame(store.calls.filter((call) => call === 'set').length, 2)
})

t.test('sessions in cookies beside a store of one process ask it nothing', async (t) => {
  const { seat, store } = await sessionApp(t, { routes, store: watched(memoryStore()) })
  const browser = await seat()
  store.away = 'all'
  t.strictSame(await Promise.all(['/me', '/write', '/optional', '/note'].map(async (url) => (await browser.get(url)).status)), [200, 200, 200, 200])
  t.strictSame(linesOf(await browser.post('/logout')).map((line) => line.slice(0, 22)), ['gatehouse=; Max-Age=0;'])
  t.strictSame(store.calls, [])
})

t.test('an error of a store is a 503, one that is an answer stays as it is, and every other is thrown', async (t) => {
  const away = new StoreUnavailableError('it is away', 'failed')
  const answer = unavailable(away)
  t.ok(answer instanceof UnavailableError)
  t.match([answer.statusCode, answer.headers, answer.refusal], [503, { 'retry-after': '1' }, { reason: 'store_unavailable', found: 'failed', hint: 'it is away' }])
  t.equal(unavailable(answer), answer)
  const mistake = new TypeError('ours')
  t.throws(() => unavailable(mistake), mistake)
})
