import t from 'tap'
import gatehouse from '../../lib/index.js'
import type { DefaultAuth, GatehouseOptions } from '../../lib/index.js'
import { ask, bareHouse, issuerFor, ok, providerOf } from '../support/house.js'
import { captureLogs } from '../support/logs.js'
import type { CapturedLogs } from '../support/logs.js'
import { lacksScope, misconfigured, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

/** Declares routes, and registers the plugin only then. */
async function late (t: Parameters<typeof bareHouse>[0], declare: (app: ReturnType<typeof bareHouse>) => void, options: Partial<GatehouseOptions> = {}) {
  const logs = captureLogs()
  const app = bareHouse(t, { logger: { stream: logs.stream } })
  declare(app)
  await app.register(gatehouse, { provider: providerOf(issuer), ...options })
  return { app, logs }
}

function warnings ({ lines }: CapturedLogs): unknown[] {
  return lines.filter(({ level, msg }) => level === 40 && /declared before/.test(String(msg))).map(({ msg, routes }) => [msg, routes])
}

t.test('a route declared before the plugin loaded is guarded by its own config', async (t) => {
  const { app } = await late(t, (app) => {
    app.get('/silent', async (request) => request.auth.subject)
    app.get('/scoped/:id', { config: { scopes: 'read' } }, async () => 'in')
    app.get('/public', { config: { auth: false } }, async () => 'in')
    app.register(async (scope) => { scope.get('/x', { config: { auth: 'optional' } }, async ({ auth }) => auth.isAuthenticated) }, { prefix: '/nested' })
  })

  t.strictSame(await ask(app, '/silent'), nothingSent())
  t.strictSame(await ask(app, { url: '/silent', token: issuer.token() }), ok('user-1'))
  t.strictSame(await ask(app, '/scoped/1'), nothingSent('read'))
  t.strictSame(await ask(app, { method: 'HEAD', url: '/scoped/1' }), { ...nothingSent('read'), body: '' })
  t.strictSame(await ask(app, { url: '/scoped/1', token: issuer.token() }), lacksScope('read'))
  t.strictSame(await ask(app, '/public'), ok('in'))
  t.strictSame(await ask(app, '/nested/x'), ok(false))
})

t.test('such routes are named in one warning with its remedy, and only they', async (t) => {
  const { app, logs } = await late(t, (app) => {
    app.get('/silent', async () => 'in')
    app.post('/silent', async () => 'in')
    app.put('/silence/:id', async () => 'in')
  })
  app.get('/later', async () => 'in')
  app.post('/silence/:id', async () => 'in')
  app.get('/files/*', async () => 'in')
  await app.register(async (scope) => { scope.get('/', async () => 'in') }, { prefix: '/scope' })
  await app.ready()

  const [warning, ...more] = warnings(logs) as Array<[string, string[]]>
  t.strictSame(more, [])
  t.equal(warning?.[0], 'routes declared before the gatehouse loaded: they are guarded, but a mistake in their config shows ' +
    'only on a request; await app.register(gatehouse, …) first')
  t.strictSame([...warning?.[1] ?? []].sort(), ['GET /silent', 'HEAD /silent', 'POST /silent', 'PUT /silence/:id'])
})

t.test('no route is named where none came too early', async (t) => {
  const { app, logs } = await late(t, () => {})
  app.get('/', async () => 'in')
  app.get('/users/:id', async () => 'in')
  app.delete('/users/:userId', async () => 'in')
  app.get('/files/:name', async () => 'in')
  app.get('/files/*', async () => 'in')
  await app.register(async (scope) => { scope.get('/', async () => 'in') }, { prefix: '/scope' })
  await app.ready()
  t.strictSame(warnings(logs), [])
})

t.test('a mistake in such a route is a 500 that names route and remedy, on every request, and never an open route', async (t) => {
  let entered = 0
  const { app, logs } = await late(t, (app) => {
    app.post('/things', { config: { scopes: [] } }, async () => { entered++; return 'in' })
    app.get('/fine', { config: { auth: false } }, async () => 'in')
  })
  const expected = misconfigured('route POST /things: config.scopes: expected a list with at least one name, got []; leave it out to demand nothing')

  for (const token of [undefined, issuer.token(), issuer.token({ scope: 'a' })]) {
    t.strictSame(await ask(app, { method: 'POST', url: '/things', token }), expected)
  }
  t.equal(entered, 0)
  t.strictSame(await ask(app, '/fine'), ok('in'), 'its neighbours serve on')
  t.match(logs.lines.filter(({ msg }) => msg === 'refused: route_misconfigured'), [{
    level: 50,
    gatehouse: {
      code: 'GATEHOUSE_ROUTE_MISCONFIGURED',
      hint: 'the route was declared before the gatehouse loaded: await app.register(gatehouse, …) first, and mistakes fail the boot'
    }
  }, {}, {}])
})

t.test('defaultAuth is asked about such a route on its first request, once, whatever comes of it', async (t) => {
  const asked: unknown[] = []
  const nothing: unknown = undefined
  const answers: Record<string, () => unknown> = {
    '/opened': () => ({ auth: false }),
    '/wrong': () => 'public',
    '/throws': () => { throw new Error('out of order') },
    '/throws-nothing': () => { throw nothing }
  }
  const { app } = await late(t, (app) => {
    for (const url of Object.keys(answers)) app.post(url, async () => 'in')
  }, { defaultAuth: ((route) => { asked.push(route); return answers[route.url]?.() }) as DefaultAuth })
  await app.ready()
  t.strictSame(asked, [])
  const post = (url: string) => ask(app, { method: 'POST', url, token: issuer.token() })

  for (let times = 0; times < 2; times++) {
    t.strictSame(await post('/opened'), ok('in'))
    t.strictSame(await post('/wrong'), misconfigured("defaultAuth(POST /wrong): expected an object, got 'public'; return a route policy or undefined"))
    t.strictSame(await post('/throws'), misconfigured('out of order'))
    t.strictSame(await post('/throws-nothing'), misconfigured('defaultAuth threw no Error'))
  }
  t.strictSame(asked, Object.keys(answers).map((url) => ({ method: 'POST', url, prefix: '' })))
})

t.test('a group around it holds for it too: rather too strict than open', async (t) => {
  const { app } = await late(t, (app) => { app.get('/early', async () => 'in') })
  app.gatehouse.group(app, { scopes: 'read' })
  app.get('/later', async () => 'in')
  t.strictSame(await ask(app, '/early'), nothingSent('read'))
  t.strictSame(await ask(app, '/later'), nothingSent('read'))
})

t.test('it appears in the guard table once it was asked for', async (t) => {
  const { app } = await late(t, (app) => { app.get('/early', { config: { scopes: 'read' } }, async () => 'in') })
  await ask(app, '/early')
  t.strictSame(app.gatehouse.routes(), [{ method: 'GET', url: '/early', auth: 'required', demands: 'scopes: read' }])
})

t.test('a registration that is not awaited guards what is declared right after it as well', async (t) => {
  const app = bareHouse(t)
  app.register(gatehouse, { provider: providerOf(issuer) })
  app.get('/', { config: { scopes: 'read' } }, async () => 'in')
  t.strictSame(await ask(app, '/'), nothingSent('read'))
})
