import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { RouteAuth } from '../../lib/index.js'
import { answerOf, ask, GARBAGE, house, issuerFor, ok } from '../support/house.js'
import { captureLogs } from '../support/logs.js'
import { badToken, failure, forbidden, lacksScope, nothingSent } from '../support/refusals.js'
import { upload } from '../support/wire.js'
import type { UploadResult } from '../support/wire.js'

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

const SIZE = 5_000_000
/** What may be in flight when the refusal is written: a few chunks of 16 KB. */
const FEW = 250_000
const held = issuer.token()

async function listening (t: Parameters<typeof house>[0], enforce: 'preHandler' | 'onRequest') {
  const app = await house(t, issuer, { enforce }, { bodyLimit: SIZE })
  let entered = 0
  const handler = async () => { entered++; return 'read' }
  app.post('/plain', handler)
  app.post('/scoped', { config: { scopes: 'write' } }, handler)
  app.post('/asked', { config: { auth: { authorize: () => false } } }, handler)
  await app.listen({ port: 0, host: '127.0.0.1' })
  // So that what is counted was read before the decision, not before the keys came.
  await app.gatehouse.ready()
  return {
    entered: () => entered,
    post: (path: string, token?: string): Promise<UploadResult> => upload(
      app, { path, headers: token === undefined ? [] : [['authorization', `Bearer ${token}`]] }, { size: SIZE }
    )
  }
}

t.test('a body of 5 MB is not read before a 401:', async (t) => {
  const { post, entered } = await listening(t, 'preHandler')

  const without = await post('/plain')
  t.strictSame(answerOf(without), nothingSent(), 'without a token')
  t.ok(without.read < FEW, `${without.read} bytes were read`)

  const bad = await post('/plain', GARBAGE)
  t.strictSame(answerOf(bad), badToken, 'with a bad token')
  t.ok(bad.read < FEW, `${bad.read} bytes were read`)
  t.equal(entered(), 0)
})

t.test('with a good token it is read in full, so the count means something', async (t) => {
  const { post, entered } = await listening(t, 'preHandler')
  const accepted = await post('/plain', held)
  t.strictSame(answerOf(accepted), ok('read'))
  t.ok(accepted.read > SIZE, `${accepted.read} bytes were read`)
  t.equal(entered(), 1)
})

t.test("with enforce: 'onRequest' it is not read before a 403 either:", async (t) => {
  const { post, entered } = await listening(t, 'onRequest')

  const scoped = await post('/scoped', held)
  t.strictSame(answerOf(scoped), lacksScope('write'), 'a scope is missing')
  t.ok(scoped.read < FEW, `${scoped.read} bytes were read`)

  const asked = await post('/asked', held)
  t.strictSame(answerOf(asked), forbidden, 'authorize says no')
  t.ok(asked.read < FEW, `${asked.read} bytes were read`)
  t.equal(entered(), 0)
})

t.test("with enforce: 'preHandler', the default, it is read before a 403", async (t) => {
  const { post, entered } = await listening(t, 'preHandler')
  const scoped = await post('/scoped', held)
  t.strictSame(answerOf(scoped), lacksScope('write'))
  t.ok(scoped.read > SIZE, `${scoped.read} bytes were read`)
  t.equal(entered(), 0)
})

t.test('nor is it read while keys are fetched for its token', async (t) => {
  const slow = await issuerFor(t)
  const app = await house(t, slow, { startup: 'lazy' }, { bodyLimit: SIZE })
  app.post('/', async () => 'read')
  await app.listen({ port: 0, host: '127.0.0.1' })
  slow.behave('status-500')
  const refused = await upload(app, { path: '/', headers: [['authorization', `Bearer ${slow.token()}`]] }, { size: SIZE })
  t.match(answerOf(refused), { status: 503, challenge: undefined, body: { code: 'GATEHOUSE_UNAVAILABLE' } })
  t.ok(refused.read < FEW, `${refused.read} bytes were read`)
})

/** Fastify's `done(error)` takes every falsy error for none at all. */
const THROWN: Array<[title: string, thrown: unknown]> = [
  ['an Error', new Error('the database is away')],
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['an empty text', ''],
  ['a text', 'oops']
]
const PLACES = ['preHandler', 'onRequest'] as const

t.test('what authorize throws goes to the error handler and lets nobody in:', async (t) => {
  for (const enforce of PLACES) {
    for (const [title, thrown] of THROWN) {
      t.test(`${title}, with enforce: '${enforce}'`, async (t) => {
        const app = await house(t, issuer, { enforce })
        app.get('/throws', { config: { auth: { authorize: () => { throw thrown } } } }, async () => 'in')
        app.get('/rejects', { config: { auth: { authorize: () => Promise.reject(thrown) } } }, async () => 'in')
        for (const url of ['/throws', '/rejects']) {
          const answer = await ask(app, { url, token: issuer.token() })
          t.match(answer, { status: 500, challenge: undefined }, url)
          if (thrown instanceof Error) t.strictSame(answer, failure('the database is away'), 'as it is')
        }
      })
    }
  }
})

t.test('what a function of a claim throws goes to the error handler and lets nobody in:', async (t) => {
  for (const enforce of PLACES) {
    for (const keys of ['held', 'yet to be fetched'] as const) {
      for (const [title, thrown] of THROWN) {
        t.test(`${title}, with enforce: '${enforce}' and keys ${keys}`, { timeout: 5_000 }, async (t) => {
          const app = await house(t, issuer, { enforce, startup: 'lazy' })
          app.get('/', { config: { auth: { claims: { sub: () => { throw thrown } } } } }, async () => 'in')
          await app.ready()
          if (keys === 'held') await app.gatehouse.ready()
          const answer = await ask(app, { url: '/', token: issuer.token() })
          t.match(answer, { status: 500, challenge: undefined })
          if (thrown instanceof Error) t.strictSame(answer, failure('the database is away'), 'as it is')
        })
      }
    }
  }
})

t.test('what the handler of a guarded route throws is not ours', async (t) => {
  for (const startup of ['lazy', 'warm'] as const) {
    const app = await house(t, issuer, { startup, enforce: 'onRequest' })
    app.get('/', () => { throw new Error('mine') })
    t.strictSame(await ask(app, { url: '/', token: issuer.token() }), failure('mine'))
    t.strictSame(app.gatehouse.stats().refused, {})
  }
})

t.test('what an accessor refuses inside authorize is answered as it is, and counted and logged once', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { stream: logs.stream } })
  app.get('/actor', { config: authorizes(({ auth }) => auth.actor === undefined) }, async () => 'in')
  app.get('/scope', { config: authorizes(({ auth }) => { auth.require({ scopes: 'admin' }); return true }) }, async () => 'in')
  const token = issuer.token({ act: 'support' })
  for (let times = 1; times < 3; times++) {
    t.strictSame(await ask(app, { url: '/actor', token }), forbidden)
    t.strictSame(await ask(app, { url: '/scope', token }), lacksScope('admin'))
    t.strictSame(app.gatehouse.stats().refused, { GATEHOUSE_FORBIDDEN: times, GATEHOUSE_SCOPE_INSUFFICIENT: times })
  }
  t.strictSame(logs.lines.flatMap(({ msg }) => String(msg).startsWith('refused') ? [msg] : []), ['claim_malformed', 'scope_missing', 'claim_malformed', 'scope_missing'].map((reason) => `refused: ${reason}`))
})
