import type { FastifyInstance } from 'fastify'
import t from 'tap'
import gatehouse from '../../lib/index.js'
import type { GroupPolicy } from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import { badToken, forbidden, lacksScope, nothingSent } from '../support/refusals.js'

const [issuer, other] = await Promise.all([issuerFor(t), issuerFor(t)])

t.test('what a group demands holds for every later route of its scope, and nowhere else', async (t) => {
  const app = await house(t, issuer, { defaultAuth: 'public' })
  app.get('/outside', async () => 'in')
  app.register(async (scope) => {
    scope.get('/earlier', async () => 'in')
    app.gatehouse.group(scope, { scopes: 'read' })
    scope.get('/silent', async () => 'in')
    scope.post('/adds', { config: { scopes: 'write', roles: 'editor' } }, async () => 'in')
    scope.get('/public', { config: { auth: false } }, async () => 'in')
    scope.get('/optional', { config: { auth: 'optional' } }, async () => 'in')
    await scope.register(async (nested) => {
      nested.get('/inherits', async () => 'in')
      app.gatehouse.group(nested, { scopes: ['deep', 'read'] })
      nested.get('/both', async () => 'in')
    }, { prefix: '/nested' })
  }, { prefix: '/group' })
  app.register(async (sibling) => { sibling.get('/sibling', async () => 'in') })
  await app.ready()

  t.strictSame(await ask(app, '/outside'), ok('in'))
  t.strictSame(await ask(app, '/sibling'), ok('in'))
  t.strictSame(await ask(app, '/group/earlier'), ok('in'), 'a route declared before the call')

  t.strictSame(await ask(app, '/group/silent'), nothingSent('read'))
  t.strictSame(await ask(app, { url: '/group/silent', token: issuer.token() }), lacksScope('read'))
  t.strictSame(await ask(app, { url: '/group/silent', token: issuer.token({ scope: 'read' }) }), ok('in'))

  const adds = (claims: Record<string, unknown>) => ask(app, { method: 'POST', url: '/group/adds', token: issuer.token(claims) })
  t.strictSame(await adds({ scope: 'write', roles: ['editor'] }), lacksScope('read write'), 'the route adds, it does not replace')
  t.strictSame(await adds({ scope: 'read', roles: ['editor'] }), lacksScope('read write'))
  t.strictSame(await adds({ scope: 'read write' }), forbidden)
  t.strictSame(await adds({ scope: 'read write', roles: ['editor'] }), ok('in'))

  t.strictSame(await ask(app, '/group/public'), ok('in'), 'a written auth: false removes it')
  t.strictSame(await ask(app, '/group/optional'), nothingSent('read'), 'optional does not')

  t.strictSame(await ask(app, '/group/nested/inherits'), nothingSent('read'))
  t.strictSame(await ask(app, '/group/nested/both'), nothingSent('read deep'))
  t.strictSame(await ask(app, { url: '/group/nested/both', token: issuer.token({ scope: 'deep read' }) }), ok('in'))
  t.match(app.gatehouse.routes().find(({ url }) => url === '/group/nested/both'), {
    auth: 'required', demands: 'scopes: read, scopes: deep and read'
  })
})

t.test('a group may demand claims, ask authorize and say nothing more than required', async (t) => {
  const app = await house(t, issuer, { defaultAuth: 'public' })
  let allowed = true
  await app.register(async (scope) => {
    app.gatehouse.group(scope, { auth: { claims: { tier: ['gold'] }, authorize: () => allowed } })
    scope.get('/gold', { config: { auth: { authorize: async () => true } } }, async () => 'in')
  })
  await app.register(async (scope) => {
    app.gatehouse.group(scope, {})
    scope.get('/plain', async () => 'in')
  })
  await app.register(async (scope) => {
    app.gatehouse.group(scope, { auth: 'required' })
    scope.get('/required', async () => 'in')
  })

  t.strictSame(await ask(app, { url: '/gold', token: issuer.token() }), forbidden)
  const gold = { url: '/gold', token: issuer.token({ tier: 'gold' }) }
  t.strictSame(await ask(app, gold), ok('in'))
  allowed = false
  t.strictSame(await ask(app, gold), forbidden, 'both are asked')
  for (const url of ['/plain', '/required']) t.strictSame(await ask(app, url), nothingSent(), url)
})

t.test('providers of groups and routes intersect', async (t) => {
  const app = bareHouse(t)
  await app.register(gatehouse, { provider: [providerOf(issuer, { name: 'staff' }), providerOf(other, { name: 'partners' })] })
  const staff = { auth: { providers: ['staff'] } }
  const both = { auth: { providers: ['partners', 'staff'] } }
  await app.register(async (scope) => {
    app.gatehouse.group(scope, both)
    scope.get('/both', async () => 'in')
    scope.get('/staff', { config: staff }, async () => 'in')
    await scope.register(async (nested) => {
      app.gatehouse.group(nested, staff)
      nested.get('/nested', async () => 'in')
      nested.get('/silent', { config: { scopes: 'a' } }, async () => 'in')
      t.throws(() => nested.get('/none', { config: { auth: { providers: ['partners'] } } }, async () => 'in'), {
        name: 'TypeError',
        message: 'route GET /none: config.auth.providers: none of these may vouch in the group the route is in'
      })
    })
  })

  t.strictSame(await ask(app, { url: '/both', token: other.token() }), ok('in'))
  for (const url of ['/staff', '/nested', '/silent']) {
    t.strictSame(await ask(app, { url, token: other.token({ scope: 'a' }) }), badToken, url)
    t.strictSame(await ask(app, { url, token: issuer.token({ scope: 'a' }) }), ok('in'), url)
  }
  t.match(app.gatehouse.routes().filter(({ method }) => method === 'GET'), [
    { url: '/both', demands: 'providers: partners or staff' },
    { url: '/staff', demands: 'providers: staff' },
    { url: '/nested', demands: 'providers: staff' },
    { url: '/silent', demands: 'providers: staff, scopes: a' }
  ])
})

t.test('a group of the root, or of the scope the plugin is in, holds in every scope inside', async (t) => {
  const app = await house(t, issuer)
  app.gatehouse.group(app, { scopes: 'base' })
  app.get('/root', async () => 'in')
  await app.register(async (scope) => { scope.get('/child', async () => 'in') })
  for (const url of ['/root', '/child']) t.strictSame(await ask(app, url), nothingSent('base'), url)
})

t.test('a scope this registration does not guard is refused:', async (t) => {
  const message = 'gatehouse.group(): this scope is not guarded by this registration; pass the scope the plugin is registered in, or one inside it'
  const app = bareHouse(t)
  let sibling: FastifyInstance = app
  await app.register(async (scope) => { sibling = scope })
  await app.register(async (scope) => {
    await scope.register(gatehouse, { provider: providerOf(issuer) })
    const stranger = bareHouse(t)
    for (const [title, wrong] of [['the scope around', app], ['a sibling', sibling], ['another server', stranger]] as const) {
      t.throws(() => scope.gatehouse.group(wrong, { scopes: 'a' }), { name: 'TypeError', message }, title)
    }
    t.throws(() => scope.gatehouse.group({} as FastifyInstance, { scopes: 'a' }), { name: 'TypeError', message }, 'no scope at all')
  })
})

t.test('a wrong policy is refused, naming what is wrong:', async (t) => {
  const app = await house(t, issuer)
  const opens = "gatehouse.group(): auth: expected 'required' or an object without mode, got "
  const mistakes: Array<[policy: unknown, message: string]> = [
    [undefined, 'gatehouse.group(): expected an object, got undefined; pass { scopes, permissions, roles, auth }'],
    ['read', "gatehouse.group(): expected an object, got 'read'"],
    [{ scope: 'read' }, 'gatehouse.group(): unknown key "scope"; did you mean "scopes"?'],
    [{ scopes: [] }, 'gatehouse.group().scopes: expected a list with at least one name, got []'],
    [{ auth: false }, `${opens}false; a group demands; only a route itself can be opened`],
    [{ auth: 'optional' }, `${opens}'optional'; a group demands; only a route itself can be opened`],
    [{ auth: { mode: 'required' } }, `${opens}an object with mode; a group demands`],
    [{ auth: true }, "gatehouse.group().auth: expected false, 'required', 'optional' or an object, got true; write 'required'"],
    [{ auth: { providers: ['okta'] } }, "gatehouse.group().auth.providers: expected one of oidc, got 'okta'"]
  ]
  for (const [policy, message] of mistakes) {
    t.throws(() => app.gatehouse.group(app, policy as GroupPolicy), { name: 'TypeError', message }, JSON.stringify(policy))
  }
  app.get('/', async () => 'in')
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok('in'), 'a refused group demands nothing')
})
