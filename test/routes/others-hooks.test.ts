import type { RouteOptions } from 'fastify'
import t from 'tap'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { lacksScope, misconfigured, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

t.test('what an onRoute hook of the app writes into a config counts, though it runs after ours', async (t) => {
  const app = await house(t, issuer)
  app.register(async (scope) => {
    scope.addHook('onRoute', (route) => { route.config = { ...route.config, scopes: 'admin' } })
    scope.get('/x', async () => 'in')
  })
  await app.ready()
  t.strictSame(await ask(app, '/x'), nothingSent('admin'))
  t.strictSame(await ask(app, { url: '/x', token: issuer.token() }), lacksScope('admin'))
  t.match(app.gatehouse.routes().find(({ method }) => method === 'GET'), { url: '/x', demands: 'scopes: admin' }, 'and the guard table says so')
})

t.test('in a group it adds to what the group demands', async (t) => {
  const app = await house(t, issuer)
  await app.register(async (scope) => {
    app.gatehouse.group(scope, { scopes: 'group' })
    scope.addHook('onRoute', (route) => { route.config = { ...route.config, scopes: 'own' } })
    scope.get('/x', async () => 'in')
  })
  t.strictSame(await ask(app, { url: '/x', token: issuer.token({ scope: 'own' }) }), lacksScope('group own'))
  t.strictSame(await ask(app, { url: '/x', token: issuer.token({ scope: 'own group' }) }), ok('in'))
})

t.test('a mistake it writes is a 500 that names the route, on every request', async (t) => {
  const app = await house(t, issuer)
  app.addHook('onRoute', (route) => { Object.assign(route.config ?? {}, { scope: 'admin' }) })
  app.post('/x', { config: { auth: false } }, async () => 'in')
  for (let times = 0; times < 2; times++) {
    t.strictSame(await ask(app, { method: 'POST', url: '/x' }), misconfigured('route POST /x: config.scope: did you mean "scopes"?'))
  }
})

t.test('so is a demand it writes beside auth, where nobody would read it', async (t) => {
  for (const [name, value] of [['acr', 'mfa'], ['maxAge', 60]] as const) {
    const app = await house(t, issuer)
    app.addHook('onRoute', (route) => { Object.assign(route.config ?? {}, { [name]: value }) })
    app.post('/x', async () => 'in')
    t.strictSame(await ask(app, { method: 'POST', url: '/x', token: issuer.token() }), misconfigured(`route POST /x: config.${name}: belongs inside auth: write auth: { ${name}: … }`))
  }
})

t.test('an onRoute hook that copies the config keeps the policy', async (t) => {
  const app = await house(t, issuer)
  app.addHook('onRoute', (route) => { route.config = Object.assign({}, route.config, { rateLimit: 1 }) })
  await app.register(async (scope) => {
    app.gatehouse.group(scope, { scopes: 'group' })
    scope.get('/grouped', async () => 'in')
  })
  app.get('/public', { config: { auth: false } }, async () => 'in')
  t.strictSame(await ask(app, '/grouped'), nothingSent('group'))
  t.strictSame(await ask(app, '/public'), ok('in'))
})

t.test('a route made from another one, as onRoute shows it,', async (t) => {
  const app = await house(t, issuer, { defaultAuth: 'public' })
  const shown = new Map<string, RouteOptions>()
  app.addHook('onRoute', (route) => { if (route.method === 'GET') shown.set(route.url, route) })
  app.get('/public', { config: { auth: false } }, async () => 'in')
  app.get('/scoped', { config: { scopes: 'read' } }, async () => 'in')
  const copy = (from: string, url: string, config?: object) => {
    const route = shown.get(from)
    if (route === undefined) throw new Error(`no route ${from}`)
    app.route({ ...route, url, config: { ...route.config, ...config } })
  }

  t.test('demands the same', async (t) => {
    copy('/public', '/public-too')
    copy('/scoped', '/scoped-too')
    t.strictSame(app.gatehouse.routes().slice(-4), [
      { method: 'GET', url: '/public-too', auth: 'public', demands: '' },
      { method: 'HEAD', url: '/public-too', auth: 'public', demands: '' },
      { method: 'GET', url: '/scoped-too', auth: 'required', demands: 'scopes: read' },
      { method: 'HEAD', url: '/scoped-too', auth: 'required', demands: 'scopes: read' }
    ])
  })

  t.test('and what its own config says besides', async (t) => {
    copy('/public', '/now-required', { auth: 'required' })
    copy('/scoped', '/now-more', { scopes: ['read', 'write'] })
    t.strictSame(await ask(app, '/public-too'), ok('in'))
    t.strictSame(await ask(app, '/scoped-too'), nothingSent('read'))
    t.strictSame(await ask(app, '/now-required'), nothingSent())
    t.strictSame(await ask(app, '/now-more'), nothingSent('read write'))
  })
})
