import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { RouteAuth } from '../../lib/index.js'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { forbidden, lacksScope, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

/** What an app without types, or with a cast, may hand us. */
function authorizes (ask: (request: FastifyRequest) => unknown): { auth: RouteAuth } {
  return { auth: { authorize: ask as NonNullable<RouteAuth['authorize']> } }
}

t.test('authorize lets a caller in by true alone, told at once or promised:', async (t) => {
  const answers: Array<[title: string, answer: unknown, isIn: boolean]> = [
    ['true', true, true],
    ['false', false, false],
    ['nothing', undefined, false],
    ['null', null, false],
    ['1', 1, false],
    ["'true'", 'true', false],
    ['an object', { allowed: true }, false],
    ['a Boolean object', Object(true), false]
  ]
  for (const enforce of ['preHandler', 'onRequest'] as const) {
    const app = await house(t, issuer, { enforce })
    for (const [index, [title, answer, isIn]] of answers.entries()) {
      app.get(`/now/${index}`, { config: authorizes(() => answer) }, async () => 'in')
      app.get(`/later/${index}`, { config: authorizes(async () => { await turn(); return answer }) }, async () => 'in')
      const expected = isIn ? ok('in') : forbidden
      t.test(`${title}, with enforce: '${enforce}'`, async (t) => {
        t.strictSame(await ask(app, { url: `/now/${index}`, token: issuer.token() }), expected, 'at once')
        t.strictSame(await ask(app, { url: `/later/${index}`, token: issuer.token() }), expected, 'promised')
      })
    }
  }
})

t.test('authorize is asked last, once, with the caller known,', async (t) => {
  for (const enforce of ['preHandler', 'onRequest'] as const) {
    t.test(`with enforce: '${enforce}'`, async (t) => {
      const app = await house(t, issuer, { enforce })
      const asked: string[] = []
      const authorize = ({ auth, params }: FastifyRequest) => {
        asked.push(auth.subject)
        return auth.subject === (params as { id: string }).id
      }
      app.get('/users/:id', { config: { auth: { authorize }, scopes: 'read' } }, async () => 'in')
      app.get('/gone/:id', { config: { auth: { authorize } } }, (_request, reply) => { reply.callNotFound() })
      const token = issuer.token({ scope: 'read' })

      t.strictSame(await ask(app, '/users/user-1'), nothingSent('read'))
      t.strictSame(await ask(app, { url: '/users/user-1', token: issuer.token() }), lacksScope('read'))
      t.strictSame(asked, [], 'not where an earlier demand fails')
      t.strictSame(await ask(app, { url: '/users/user-1', token }), ok('in'))
      t.strictSame(await ask(app, { url: '/users/user-2', token }), forbidden)
      t.strictSame(asked.splice(0), ['user-1', 'user-1'])
      t.match(await ask(app, { url: '/gone/user-1', token }), { status: 404, challenge: undefined })
      t.strictSame(asked, ['user-1'], 'not a second time for the not-found handler')
    })
  }
})

t.test('authorize of an optional route is asked about anonymous callers too', async (t) => {
  const app = await house(t, issuer)
  app.get('/', {
    config: { auth: { mode: 'optional', authorize: ({ auth, query }) => auth.isAuthenticated || 'preview' in (query as object) } }
  }, async () => 'in')
  t.strictSame(await ask(app, '/?preview'), ok('in'))
  t.strictSame(await ask(app, '/'), forbidden)
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok('in'))
})

t.test('authorize sees the parsed body in preHandler, and none in onRequest', async (t) => {
  for (const [enforce, body] of [['preHandler', { a: 1 }], ['onRequest', undefined]] as const) {
    const app = await house(t, issuer, { enforce })
    let seen: unknown = 'not asked'
    app.post('/', { config: { auth: { authorize: (request) => { seen = request.body; return true } } } }, async () => 'in')
    t.strictSame(await ask(app, { method: 'POST', url: '/', token: issuer.token(), payload: { a: 1 } }), ok('in'), enforce)
    t.strictSame(seen, body, enforce)
  }
})
