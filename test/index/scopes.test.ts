import t from 'tap'
import gatehouse from '../../lib/index.js'
import type { Gatehouse } from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, notFound, ok, providerOf } from '../support/house.js'
import { badToken, lacksScope, nothingSent } from '../support/refusals.js'

const [ours, theirs] = await Promise.all([issuerFor(t), issuerFor(t)])

t.test('sibling scopes, each with a gatehouse of its own:', async (t) => {
  const app = bareHouse(t)
  app.get('/open', async (request) => `auth is ${typeof request.auth}`)
  const gatehouses: Gatehouse[] = []
  for (const [prefix, issuer] of [['/ours', ours], ['/theirs', theirs]] as const) {
    app.register(async (scope) => {
      await scope.register(gatehouse, { provider: providerOf(issuer, { name: prefix }) })
      gatehouses.push(scope.gatehouse)
      scope.get('/who', async (request) => `${request.auth.provider}: ${request.auth.subject}`)
    }, { prefix })
  }
  await app.ready()

  t.test('each accepts the tokens of its own providers and no others', async (t) => {
    t.strictSame(await ask(app, { url: '/ours/who', token: ours.token() }), ok('/ours: user-1'))
    t.strictSame(await ask(app, { url: '/theirs/who', token: theirs.token() }), ok('/theirs: user-1'))
    t.strictSame(await ask(app, { url: '/ours/who', token: theirs.token() }), badToken)
    t.strictSame(await ask(app, { url: '/theirs/who', token: ours.token() }), badToken)
    t.strictSame(await ask(app, '/ours/who'), nothingSent())
    t.strictSame(await ask(app, '/theirs/who'), nothingSent())
  })

  t.test('a token one of them has cached is still a stranger to the other', async (t) => {
    const token = ours.token()
    t.strictSame(await ask(app, { url: '/ours/who', token }), ok('/ours: user-1'))
    t.strictSame(await ask(app, { url: '/theirs/who', token }), badToken)
  })

  t.test('each lists its own routes and counts its own refusals', async (t) => {
    const [one, other] = gatehouses
    t.strictSame(one?.routes().map(({ url }) => url), ['/ours/who', '/ours/who'])
    t.strictSame(other?.routes().map(({ url }) => url), ['/theirs/who', '/theirs/who'])
    t.strictSame(one?.stats().refused, { GATEHOUSE_TOKEN_INVALID: 1, GATEHOUSE_CREDENTIAL_MISSING: 1 })
    t.strictSame(other?.stats().refused, { GATEHOUSE_TOKEN_INVALID: 2, GATEHOUSE_CREDENTIAL_MISSING: 1 })
  })

  t.test("the parent's routes and decorators are left alone", async (t) => {
    t.notOk(app.hasDecorator('gatehouse'))
    t.notOk(app.hasRequestDecorator('auth'))
    t.strictSame(await ask(app, '/open'), ok('auth is undefined'))
    t.strictSame(await ask(app, { url: '/open', headers: { authorization: 'Basic x' } }), ok('auth is undefined'))
  })
})

t.test('a gatehouse in a prefixed scope guards by full URL, and reports it so', async (t) => {
  const app = bareHouse(t)
  await app.register(async (api) => {
    await api.register(gatehouse, { provider: providerOf(ours) })
    api.get('/things', { config: { scopes: 'read' } }, async () => 'things')
    api.get('/', async () => 'root of the scope')
    await api.register(async (nested) => { nested.get('/deep', async () => 'deep') }, { prefix: '/v2' })
    const demands = new Map(api.gatehouse.routes().map(({ method, url, demands }) => [`${method} ${url}`, demands]))
    t.equal(demands.get('GET /api/things'), 'scopes: read')
    t.equal(demands.get('GET /api'), '')
    t.equal(demands.get('GET /api/v2/deep'), '')
    t.notOk(demands.has('GET /things'))
  }, { prefix: '/api' })

  t.strictSame(await ask(app, '/api/things'), nothingSent('read'))
  t.strictSame(await ask(app, { url: '/api/things', token: ours.token() }), lacksScope('read'))
  t.strictSame(await ask(app, { url: '/api/things', token: ours.token({ scope: 'read' }) }), ok('things'))
  for (const url of ['/api', '/api/', '/api/v2/deep']) t.strictSame(await ask(app, url), nothingSent(), url)
  t.strictSame(await ask(app, '/things'), notFound('GET', '/things'))
})

t.test('the options Fastify itself reads may stand among ours', async (t) => {
  const app = bareHouse(t)
  await app.register(gatehouse, { provider: providerOf(ours), prefix: '/ignored', logLevel: 'warn' })
  app.get('/', async () => 'root')
  t.strictSame(await ask(app, '/'), nothingSent())
})

t.test('a scope loaded before the plugin is guarded too, its own not-found handler included', async (t) => {
  const app = bareHouse(t)
  app.register(async (early) => {
    early.setNotFoundHandler((_request, reply) => reply.code(404).send('not here'))
    early.get('/x', async (request) => request.auth.subject)
  }, { prefix: '/early' })
  app.register(gatehouse, { provider: providerOf(ours) })

  t.strictSame(await ask(app, '/early/x'), nothingSent())
  t.strictSame(await ask(app, { url: '/early/x', token: ours.token() }), ok('user-1'))
  t.strictSame(await ask(app, '/early/none'), { status: 404, challenge: undefined, body: 'not here' })
})

t.test('the plugin registered from inside a wrapped plugin guards the scope around it', async (t) => {
  const { default: fp } = await import('fastify-plugin')
  const app = bareHouse(t)
  await app.register(fp(async (scope) => { await scope.register(gatehouse, { provider: providerOf(ours) }) }))
  app.get('/', async () => 'root')
  t.strictSame(await ask(app, '/'), nothingSent())
  t.strictSame(await ask(app, { url: '/', token: ours.token() }), ok('root'))
})

t.test('two providers in one registration both vouch, and each is named', async (t) => {
  const app = await house(t, ours, { provider: [providerOf(ours, { name: 'staff' }), providerOf(theirs, { name: 'partners' })] })
  app.get('/', async (request) => request.auth.provider)
  t.strictSame(await ask(app, { url: '/', token: ours.token() }), ok('staff'))
  t.strictSame(await ask(app, { url: '/', token: theirs.token() }), ok('partners'))
})

const issuer = await issuerFor(t)

t.test('the route that was matched decides, however its URL is written:', async (t) => {
  const tolerant = { routerOptions: { ignoreTrailingSlash: true, caseSensitive: false, ignoreDuplicateSlashes: true } }
  const app = await house(t, issuer, {}, tolerant)
  app.get('/admin', { config: { scopes: 'admin' } }, async () => 'secret')
  app.get('/admin/help', { config: { auth: false } }, async () => 'help')
  const token = issuer.token()

  for (const url of ['/admin', '/admin/', '/ADMIN', '/Admin/', '//admin', '/%61dmin', '/admin?auth=false', '/admin#/help']) {
    t.strictSame(await ask(app, url), nothingSent('admin'), url)
    t.strictSame(await ask(app, { url, token }), lacksScope('admin'), url)
  }
  for (const url of ['/admin/help', '/ADMIN//HELP/', '/admin/help?x=/admin']) t.strictSame(await ask(app, url), ok('help'), url)
})

t.test('what does not match a route is a 404, not a way in or out', async (t) => {
  const app = await house(t, issuer, { defaultAuth: 'public' })
  app.get('/admin', { config: { scopes: 'admin' } }, async () => 'secret')
  for (const url of ['/admin/', '/ADMIN', '//admin', '/admin;x']) {
    const answer = await ask(app, url)
    t.match(answer, { status: 404, challenge: undefined }, url)
  }
})

t.test('a parametric and a static route of the same shape each keep their policy', async (t) => {
  const app = await house(t, issuer)
  app.get('/users/:id', { config: { scopes: 'users' } }, async () => 'somebody')
  app.get('/users/me', async () => 'me')
  app.get('/users/*', { config: { auth: false } }, async () => 'anything below')
  const token = issuer.token()

  t.strictSame(await ask(app, { url: '/users/1', token }), lacksScope('users'))
  t.strictSame(await ask(app, { url: '/users/me', token }), ok('me'))
  t.strictSame(await ask(app, { url: '/users/m%65', token }), ok('me'))
  t.strictSame(await ask(app, '/users/1/friends'), ok('anything below'))
})

t.test('routes with one URL and several methods each keep their policy', async (t) => {
  const app = await house(t, issuer)
  app.get('/things', { config: { auth: false } }, async () => 'listed')
  app.post('/things', { config: { scopes: 'write' } }, async () => 'created')
  app.delete('/things', { config: { roles: 'admin' } }, async () => 'deleted')

  t.strictSame(await ask(app, '/things'), ok('listed'))
  t.strictSame(await ask(app, { method: 'POST', url: '/things' }), nothingSent('write'))
  t.strictSame(await ask(app, { method: 'DELETE', url: '/things' }), nothingSent())
  t.strictSame(await ask(app, { method: 'POST', url: '/things', token: issuer.token({ scope: 'write' }) }), ok('created'))
})

t.test('a route with several methods has one policy for all of them', async (t) => {
  const app = await house(t, issuer)
  app.route({ method: ['GET', 'PUT', 'DELETE'], url: '/x', config: { scopes: 'x' }, handler: async (request) => request.method })
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    t.strictSame(await ask(app, { method, url: '/x' }), nothingSent('x'), method)
    t.strictSame(await ask(app, { method, url: '/x', token: issuer.token({ scope: 'x' }) }), ok(method), method)
  }
})

t.test('versions of a route each keep their policy', async (t) => {
  const app = await house(t, issuer)
  app.get('/x', { constraints: { version: '1.0.0' }, config: { auth: false } }, async () => 'one')
  app.get('/x', { constraints: { version: '2.0.0' }, config: { scopes: 'x' } }, async () => 'two')
  const version = (value: string) => ({ url: '/x', headers: { 'accept-version': value } })

  t.strictSame(await ask(app, version('1.x')), ok('one'))
  t.strictSame(await ask(app, version('2.x')), nothingSent('x'))
  t.strictSame(await ask(app, { ...version('2.x'), token: issuer.token() }), lacksScope('x'))
  t.strictSame(await ask(app, version('3.x')), notFound('GET', '/x'))
})

t.test('routes told apart by host each keep their policy', async (t) => {
  const app = await house(t, issuer)
  app.get('/x', { constraints: { host: 'public.example' }, config: { auth: false } }, async () => 'public')
  app.get('/x', { constraints: { host: 'private.example' } }, async () => 'private')

  t.strictSame(await ask(app, { url: '/x', headers: { host: 'public.example' } }), ok('public'))
  t.strictSame(await ask(app, { url: '/x', headers: { host: 'private.example' } }), nothingSent())
})
