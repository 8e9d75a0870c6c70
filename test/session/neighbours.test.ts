import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { endedToken, linesOf, rotate, sessionApp } from '../support/session-app.js'
import type { SessionAppOptions } from '../support/session-app.js'

/** Changes the session, and sets a cookie of the app's own. */
function routes (app: FastifyInstance): void {
  app.get('/both', async ({ auth: { session } }, reply) => {
    const token = await session.accessToken()
    session.data.by = 'both'
    reply.setCookie('theirs', 'a value', { path: '/', httpOnly: true })
    return { token, name: session.user.name }
  })
  app.get('/parsed', async ({ cookies, auth }) => ({ theirs: cookies?.theirs ?? null, subject: auth.subject }))
}

const PLACES: Record<string, SessionAppOptions> = {
  'before the gatehouse': { before: (app) => app.register(fastifyCookie), routes },
  'before the gatehouse, without parsing': { before: (app) => app.register(fastifyCookie, { hook: false }), routes },
  'before the gatehouse, parsing late': { before: (app) => app.register(fastifyCookie, { hook: 'preHandler' }), routes },
  'after login': { async routes (app) { await app.register(fastifyCookie); routes(app) } },
  'in a scope inside': { async routes (app) { await app.register(async (scope) => { await scope.register(fastifyCookie); routes(scope) }) } }
}

for (const [where, options] of Object.entries(PLACES)) {
  for (const place of ['cookie', 'store'] as const) {
    t.test(`@fastify/cookie registered ${where}: its cookies and ours leave together, session in a ${place}`, async (t) => {
      const { server, seat, record } = await sessionApp(t, { ...options, in: place })
      rotate(server, (count) => 'x'.repeat(count === 1 ? 3_500 : 10))
      const browser = await seat(endedToken())
      const answer = await browser.get('/both')
      t.match(answer.json(), { token: /^x{3500}$/, name: 'Ada' })
      t.strictSame(linesOf(answer).map((line) => line.slice(0, line.indexOf('='))).sort(), place === 'cookie' ? ['gatehouse', 'gatehouse.0', 'gatehouse.1', 'theirs'] : ['theirs'])
      t.match(await record(browser), { accessToken: /^x{3500}$/, data: { by: 'both' } })
      t.match((await browser.get('/parsed')).json(), { theirs: where.endsWith('without parsing') ? null : 'a value', subject: 'ada' })
    })
  }
}

t.test('plugins that write the header themselves, before us and after us, are left alone', async (t) => {
  const { seat, record } = await sessionApp(t, {
    before (app) {
      app.addHook('onRequest', async (_request, reply) => { reply.header('set-cookie', 'early=1') })
      app.addHook('onSend', async (_request, reply) => { reply.header('set-cookie', ['a=1', 'b=2']) })
    },
    routes (app) {
      app.addHook('onSend', async (_request, reply, payload) => {
        reply.header('set-cookie', 'late=1')
        return payload
      })
      app.get('/change', async ({ auth: { session } }, reply) => {
        reply.header('set-cookie', 'own=1')
        session.data.by = 'change'
        return 'done'
      })
    }
  })
  const browser = await seat()
  const answer = await browser.get('/change')
  t.strictSame(linesOf(answer).map((line) => line.slice(0, line.indexOf('='))), ['early', 'own', 'a', 'b', 'gatehouse', 'late'])
  t.match(await record(browser), { data: { by: 'change' } })
  t.strictSame(linesOf(await browser.get('/note')), ['early=1', 'a=1', 'b=2', 'late=1'])
})

t.test('what an onSend hook before ours changes is kept', async (t) => {
  const { seat, record } = await sessionApp(t, {
    before: (app) => { app.addHook('onSend', async (request) => { if (request.url === '/note') request.auth.session.data.seen = true }) }
  })
  const browser = await seat()
  await browser.get('/note')
  t.match(await record(browser), { data: { seen: true } })
})

t.test('a cookie whose name ends like ours is not ours', async (t) => {
  const { app, seat } = await sessionApp(t)
  const value = (await seat()).jar.header().slice('gatehouse='.length)
  const answer = await app.inject({ url: '/me', headers: { cookie: `other-gatehouse=${value}` } })
  t.equal(answer.statusCode, 401)
  t.strictSame(linesOf(answer), [])
})
