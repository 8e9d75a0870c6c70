import t from 'tap'
import gatehouse from '../../lib/index.js'
import { ask, bareHouse, GARBAGE, house, issuerFor, ok, providerOf } from '../support/house.js'
import { badToken, failure, lacksScope, misused, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)
const schema = { body: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } } }
const invalid = {
  status: 400,
  challenge: undefined,
  body: { statusCode: 400, code: 'FST_ERR_VALIDATION', error: 'Bad Request', message: "body must have required property 'text'" }
}

t.test('an invalid body and a missing scope in one request:', async (t) => {
  for (const [enforce, expected] of [['preHandler', invalid], ['onRequest', lacksScope('write')]] as const) {
    t.test(`with enforce: '${enforce}' the answer is ${expected.status}`, async (t) => {
      const app = await house(t, issuer, { enforce })
      app.post('/', { schema, config: { scopes: 'write' } }, async () => 'written')
      const post = (payload: object, claims?: Record<string, unknown>) => ask(app, {
        method: 'POST', url: '/', payload, token: claims === undefined ? undefined : issuer.token(claims)
      })
      t.strictSame(await post({}, {}), expected)
      t.strictSame(await post({}), nothingSent('write'), 'without a token it is a 401 in either case')
      t.strictSame(await post({ text: 'a' }, {}), lacksScope('write'))
      t.strictSame(await post({}, { scope: 'write' }), invalid)
      t.strictSame(await post({ text: 'a' }, { scope: 'write' }), ok('written'))
    })
  }
})

t.test("the app's own hooks run in the order of registration around ours:", async (t) => {
  for (const enforce of ['preHandler', 'onRequest'] as const) {
    t.test(`enforce: '${enforce}'`, async (t) => {
      const app = bareHouse(t)
      const trace: string[] = []
      app.addHook('onRequest', async ({ auth }) => { trace.push(`before: ${auth?.isAuthenticated}`) })
      await app.register(gatehouse, { provider: providerOf(issuer), enforce })
      app.addHook('onRequest', async ({ auth }) => { trace.push(`after: ${auth.subject}`) })
      app.addHook('preValidation', async ({ auth }) => { trace.push(`preValidation: ${auth.subject}`) })
      app.addHook('preHandler', async ({ auth }) => { trace.push(`preHandler: ${auth.subject}`) })
      app.get('/', { config: { scopes: 'read' }, onRequest: async ({ auth }) => { trace.push(`route: ${auth.subject}`) } }, async () => 'in')

      t.strictSame(await ask(app, { url: '/', token: issuer.token({ scope: 'read' }) }), ok('in'))
      t.strictSame(trace.splice(0), [
        'before: false', 'after: user-1', 'route: user-1', 'preValidation: user-1', 'preHandler: user-1'
      ])
      t.strictSame(await ask(app, '/'), nothingSent('read'))
      t.strictSame(trace.splice(0), ['before: false'], 'nothing of the app runs after a 401')
      t.strictSame(await ask(app, { url: '/', token: issuer.token() }), lacksScope('read'))
      t.strictSame(trace, enforce === 'onRequest'
        ? ['before: false']
        : ['before: false', 'after: user-1', 'route: user-1', 'preValidation: user-1'])
    })
  }
})

t.test('an accessor in a hook registered before ours is a 500 that says so', async (t) => {
  const app = bareHouse(t)
  app.addHook('onRequest', async (request) => request.auth.subject)
  await app.register(gatehouse, { provider: providerOf(issuer) })
  app.get('/things/:id', async () => 'in')
  t.strictSame(await ask(app, { url: '/things/1', token: issuer.token() }), misused(
    'request.auth.subject: nobody is authenticated; GET /things/:id is not guarded at this point: ' +
    "use it after the gatehouse's onRequest hook, on a route in its scope"
  ))
})

t.test('a hook before ours that answers or throws is not overruled', async (t) => {
  const app = bareHouse(t)
  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/answered') return reply.code(418).send('teapot')
    if (request.url === '/thrown') throw new Error('first')
  })
  await app.register(gatehouse, { provider: providerOf(issuer) })
  for (const url of ['/answered', '/thrown', '/neither']) app.get(url, async () => 'in')
  t.strictSame(await ask(app, '/answered'), { status: 418, challenge: undefined, body: 'teapot' })
  t.strictSame(await ask(app, '/thrown'), failure('first'))
  t.strictSame(await ask(app, '/neither'), nothingSent())
})

t.test('in the not-found handler nobody is authenticated, and an accessor says so', async (t) => {
  const app = await house(t, issuer)
  app.setNotFoundHandler((request, reply) => reply.code(404).send(request.url === '/asked' ? request.auth.subject : request.auth.isAuthenticated))
  t.strictSame(await ask(app, { url: '/none', token: issuer.token() }), { status: 404, challenge: undefined, body: false })
  t.strictSame(await ask(app, { url: '/asked', token: issuer.token() }), misused(
    'request.auth.subject: nobody is authenticated; the not-found handler is not guarded at this point: ' +
    "use it after the gatehouse's onRequest hook, on a route in its scope"
  ))
})

t.test('request.auth survives reply.callNotFound(), which opens no route', async (t) => {
  const app = await house(t, issuer)
  app.setNotFoundHandler((request, reply) => reply.code(404).send(`${request.auth.subject} found nothing`))
  app.get('/gone', (_request, reply) => { reply.callNotFound() })
  app.get('/scoped', { config: { scopes: 'read' } }, (_request, reply) => { reply.callNotFound() })
  const missing = { status: 404, challenge: undefined, body: 'user-1 found nothing' }

  t.strictSame(await ask(app, { url: '/gone', token: issuer.token() }), missing)
  t.strictSame(await ask(app, '/gone'), nothingSent())
  t.strictSame(await ask(app, { url: '/gone', token: GARBAGE }), badToken)
  t.strictSame(await ask(app, { url: '/scoped', token: issuer.token() }), lacksScope('read'))
  t.strictSame(await ask(app, { url: '/scoped', token: issuer.token({ scope: 'read' }) }), missing)
})
