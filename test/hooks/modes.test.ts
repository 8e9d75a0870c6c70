import t from 'tap'
import gatehouse from '../../lib/index.js'
import { answerOf, ask, bareHouse, GARBAGE, house, issuerFor, notFound, ok, providerOf } from '../support/house.js'
import { anonymous, badRequest, badToken, lacksScope, nothingSent } from '../support/refusals.js'
import { send } from '../support/wire.js'

const issuer = await issuerFor(t)
const basic = { authorization: 'Basic dXNlcjpwYXNz' }

t.test('a required route', async (t) => {
  const app = await house(t, issuer)
  app.get('/', async (request) => request.auth.subject)

  t.strictSame(await ask(app, '/'), nothingSent())
  t.strictSame(await ask(app, { url: '/', headers: basic }), nothingSent(), 'a scheme we do not read is nothing')
  t.strictSame(await ask(app, { url: `/?access_token=${issuer.token()}` }), nothingSent(), 'a token in the query is not read')
  t.strictSame(await ask(app, { url: '/', token: GARBAGE }), badToken)
  t.strictSame(await ask(app, { url: '/', token: 'two parts' }), badRequest)
  t.strictSame(await ask(app, { url: '/', headers: { authorization: 'Bearer' } }), badRequest)
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok('user-1'))
})

t.test('an optional route lets nobody in anonymously who showed a bad token', async (t) => {
  const app = await house(t, issuer)
  app.get('/', { config: { auth: 'optional' } }, async ({ auth }) => auth.isAuthenticated ? auth.subject : 'anonymous')
  app.get('/careless', { config: { auth: { mode: 'optional' } } }, async (request) => request.auth.subject)

  t.strictSame(await ask(app, '/'), ok('anonymous'))
  t.strictSame(await ask(app, { url: '/', headers: basic }), ok('anonymous'))
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok('user-1'))
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ sub: 'user-2' }) }), ok('user-2'))
  t.strictSame(await ask(app, { url: '/', token: GARBAGE }), badToken)
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ exp: 1 }) }), badToken)
  t.strictSame(await ask(app, { url: '/', headers: { authorization: 'Bearer' } }), badRequest)
  t.strictSame(await ask(app, '/careless'), anonymous, 'an accessor there is a bare 401')
  t.strictSame(await ask(app, { url: '/careless', token: issuer.token() }), ok('user-1'))
})

t.test('a public route reads no credential, good or bad', async (t) => {
  const app = await house(t, issuer)
  app.get('/', { config: { auth: false } }, async ({ auth }) => auth.isAuthenticated)

  t.strictSame(await ask(app, '/'), ok(false))
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok(false))
  t.strictSame(await ask(app, { url: '/', token: GARBAGE }), ok(false))
  t.strictSame(await ask(app, { url: '/', headers: { authorization: 'Bearer' } }), ok(false))
  t.equal(app.gatehouse.stats().accepted, 0)
})

t.test('two Authorization headers are a 400, on optional routes too', async (t) => {
  const app = await house(t, issuer)
  app.get('/required', async () => 'in')
  app.get('/optional', { config: { auth: 'optional' } }, async () => 'in')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const authorization = `Bearer ${issuer.token()}`

  for (const path of ['/required', '/optional']) {
    const response = await send(app, { path, headers: [['Authorization', authorization], ['authorization', authorization]] })
    t.strictSame(answerOf(response), badRequest, path)
  }
})

t.test('HEAD follows its GET:', async (t) => {
  const app = await house(t, issuer, {
    defaultAuth: ({ method, url }) => method === 'GET' && url === '/opened' ? { auth: false } : undefined
  })
  app.get('/public', { config: { auth: false } }, async () => 'public')
  app.get('/scoped', { config: { scopes: 'read' } }, async () => 'scoped')
  app.get('/silent', async () => 'silent')
  app.get('/opened', async () => 'opened')
  const head = (url: string, token?: string) => ask(app, { method: 'HEAD', url, token })
  const bodiless = { body: '' }

  t.strictSame(await head('/public'), ok(''), 'public')
  t.strictSame(await head('/scoped'), { ...nothingSent('read'), ...bodiless }, 'with its demands')
  t.strictSame(await head('/scoped', issuer.token()), { ...lacksScope('read'), ...bodiless })
  t.strictSame(await head('/scoped', issuer.token({ scope: 'read' })), ok(''))
  t.strictSame(await head('/silent'), { ...nothingSent(), ...bodiless }, 'where the config says nothing')
  t.strictSame(await head('/opened'), ok(''), 'where a defaultAuth function goes by the method')
})

t.test('a HEAD route of its own has a policy of its own', async (t) => {
  const app = await house(t, issuer)
  app.head('/x', { config: { auth: false } }, async () => '')
  app.get('/x', { config: { scopes: 'read' } }, async () => 'x')
  t.strictSame(await ask(app, { method: 'HEAD', url: '/x' }), ok(''))
  t.strictSame(await ask(app, '/x'), nothingSent('read'))
})

t.test('what matches no route stays a 404, token or not:', async (t) => {
  const app = await house(t, issuer)
  app.get('/x', async () => 'x')

  t.strictSame(await ask(app, '/none'), notFound('GET', '/none'))
  t.strictSame(await ask(app, { url: '/none', token: issuer.token() }), notFound('GET', '/none'))
  t.strictSame(await ask(app, { url: '/none', token: GARBAGE }), notFound('GET', '/none'))
  t.strictSame(await ask(app, { method: 'POST', url: '/x' }), notFound('POST', '/x'), 'another method')
  t.strictSame(await ask(app, { method: 'OPTIONS', url: '/x' }), notFound('OPTIONS', '/x'), 'OPTIONS without @fastify/cors')
})

t.test('a not-found handler is reached without a token,', async (t) => {
  for (const order of ['before', 'after'] as const) {
    t.test(`set ${order} the plugin was registered`, async (t) => {
      const app = bareHouse(t)
      const set = () => app.setNotFoundHandler((request, reply) => reply.code(404).send(`nothing at ${request.url}`))
      if (order === 'before') set()
      await app.register(gatehouse, { provider: providerOf(issuer) })
      if (order === 'after') set()
      t.strictSame(await ask(app, '/none'), { status: 404, challenge: undefined, body: 'nothing at /none' })
    })
  }
})
