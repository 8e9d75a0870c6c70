import type { FastifyError } from 'fastify'
import t from 'tap'
import { AuthError } from '../../lib/index.js'
import { ask, GARBAGE, house, issuerFor } from '../support/house.js'
import { badRequest, badToken, forbidden, lacksScope, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

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
