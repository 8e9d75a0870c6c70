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
