import type { FastifyError } from 'fastify'
import t from 'tap'
import gatehouse, { AuthError } from '../../lib/index.js'
import { ask, bareHouse, GARBAGE, house, issuerFor, ok, providerOf } from '../support/house.js'
import { badRequest, badToken, failure, forbidden, lacksScope, misused, nothingSent } from '../support/refusals.js'

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

t.test('an error handler that forgets err.headers keeps status, challenge and its own format:', async (t) => {
  for (const enforce of ['preHandler', 'onRequest'] as const) {
    const app = await house(t, issuer, { enforce })
    app.setErrorHandler((error: FastifyError, _request, reply) => {
      reply.code(error.statusCode ?? 500).send({ problem: error.code })
    })
    app.get('/plain', async () => 'in')
    app.get('/scoped', { config: { scopes: 'read' } }, async () => 'in')
    app.get('/role', { config: { roles: 'admin' } }, async () => 'in')
    app.get('/late', async (request) => { request.auth.require({ scopes: 'read' }) })

    const cases = [
      ['nothing sent', { url: '/plain' }, nothingSent(), 'GATEHOUSE_CREDENTIAL_MISSING'],
      ['a bad token', { url: '/plain', token: GARBAGE }, badToken, 'GATEHOUSE_TOKEN_INVALID'],
      ['a malformed header', { url: '/plain', token: 'a b' }, badRequest, 'GATEHOUSE_CREDENTIAL_MALFORMED'],
      ['a missing scope', { url: '/scoped', token: issuer.token() }, lacksScope('read'), 'GATEHOUSE_SCOPE_INSUFFICIENT'],
      ['a missing role', { url: '/role', token: issuer.token() }, forbidden, 'GATEHOUSE_FORBIDDEN'],
      ['a scope demanded in the handler', { url: '/late', token: issuer.token() }, lacksScope('read'), 'GATEHOUSE_SCOPE_INSUFFICIENT']
    ] as const
    for (const [title, question, { status, challenge }, problem] of cases) {
      t.strictSame(await ask(app, question), { status, challenge, body: { problem } }, `${title}, ${enforce}`)
    }
  }
})

t.test('keys that cannot be had are a 503 with Retry-After there, and never a challenge', async (t) => {
  const away = await issuerFor(t)
  away.behave('status-500')
  const app = await house(t, away)
  app.setErrorHandler((error: FastifyError, _request, reply) => { reply.code(error.statusCode ?? 500).send({ problem: error.code }) })
  app.get('/required', async () => 'in')
  app.get('/optional', { config: { auth: 'optional' } }, async () => 'in')

  for (const url of ['/required', '/optional']) {
    const response = await app.inject({ url, headers: { authorization: `Bearer ${away.token()}` } })
    t.equal(response.statusCode, 503, url)
    t.strictSame(response.json(), { problem: 'GATEHOUSE_UNAVAILABLE' })
    t.match(response.headers['retry-after'], /^[1-9]\d*$/)
    t.equal(response.headers['www-authenticate'], undefined)
  }
})

t.test('the error handler gets an AuthError that tells code, OAuth error, headers and reason', async (t) => {
  const app = await house(t, issuer)
  const errors: unknown[] = []
  app.setErrorHandler((error, _request, reply) => { errors.push(error); reply.code(499).send('seen') })
  app.get('/', { config: { scopes: 'read' } }, async () => 'in')
  await ask(app, { url: '/', token: issuer.token() })

  const [error] = errors
  t.ok(error instanceof AuthError)
  t.match(error, {
    statusCode: 403,
    code: 'GATEHOUSE_SCOPE_INSUFFICIENT',
    error: 'insufficient_scope',
    reason: 'scope_missing',
    headers: { 'www-authenticate': lacksScope('read').challenge }
  })
})

t.test('a route, and a scope, may answer refusals in a format of its own', async (t) => {
  const app = await house(t, issuer)
  app.get('/own', { errorHandler: (_error, _request, reply) => { reply.code(401).send('of the route') } }, async () => 'in')
  await app.register(async (scope) => {
    scope.setErrorHandler((_error, _request, reply) => { reply.code(401).send('of the scope') })
    scope.get('/scope', async () => 'in')
  })
  app.get('/default', async () => 'in')

  t.strictSame(await ask(app, '/own'), { ...nothingSent(), body: 'of the route' })
  t.strictSame(await ask(app, '/scope'), { ...nothingSent(), body: 'of the scope' })
  t.strictSame(await ask(app, '/default'), nothingSent())
})

t.test('an OPTIONS route with a wildcard of its own is guarded, and a group holds for it', async (t) => {
  const app = await house(t, issuer)
  app.options('/open/*', async () => 'in')
  app.gatehouse.group(app, { scopes: 'admin' })
  app.options('/files/*', async () => 'in')
  t.strictSame(await ask(app, { method: 'OPTIONS', url: '/open/a' }), nothingSent())
  t.strictSame(await ask(app, { method: 'OPTIONS', url: '/files/a' }), nothingSent('admin'))
})

t.test('a hook registered before ours cannot put another caller in the place of request.auth', async (t) => {
  const app = bareHouse(t)
  app.addHook('onRequest', async (request) => { Reflect.set(request, 'auth', { subject: request.headers['x-user'] }) })
  await app.register(gatehouse, { provider: providerOf(issuer) })
  app.get('/', async (request) => request.auth.subject)
  const answer = await app.inject({ url: '/', headers: { authorization: `Bearer ${issuer.token()}`, 'x-user': 'admin' } })
  t.equal(answer.statusCode, 500)
  t.notMatch(answer.body, 'admin')
})

t.test('a hook that makes the config anew does not lose what the groups demand, and the guard table stays true', async (t) => {
  const app = await house(t, issuer)
  app.gatehouse.group(app, { scopes: 'admin' })
  app.addHook('onRoute', (route) => { route.config = JSON.parse(JSON.stringify(route.config ?? {})) })
  app.get('/', async () => 'in')
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), lacksScope('admin'))
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ scope: 'admin' }) }), ok('in'))
  t.match(app.gatehouse.routes(), [{ method: 'GET', url: '/', demands: 'scopes: admin' }, { method: 'HEAD', url: '/', demands: 'scopes: admin' }])
})

t.test('a malformed credential is a 400 also where a resolver answers later', async (t) => {
  const provider = providerOf(issuer)
  const app = await house(t, issuer, { provider: async () => provider })
  app.get('/', async () => 'in')
  t.match(await ask(app, { url: '/', token: `${issuer.token()} x` }), { status: 400 })
})
