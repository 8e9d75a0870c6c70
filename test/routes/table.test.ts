import type { RouteShorthandOptions } from 'fastify'
import t from 'tap'
import gatehouse from '../../lib/index.js'
import type { Gatehouse, RoutePolicy } from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import { captureLogs } from '../support/logs.js'
import { nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

function gets (table: Gatehouse): Array<[url: string, auth: string, demands: string]> {
  return table.routes().filter(({ method }) => method === 'GET').map(({ url, auth, demands }) => [url, auth, demands])
}

t.test('the guard table says in words what each route demands, in the order of declaration', async (t) => {
  const app = bareHouse(t)
  await app.register(gatehouse, { provider: [providerOf(issuer, { name: 'a' }), providerOf(await issuerFor(t), { name: 'b' })] })
  const policies: Array<[policy: RoutePolicy, auth: string, demands: string]> = [
    [{}, 'required', ''],
    [{ auth: false }, 'public', ''],
    [{ auth: 'optional' }, 'optional', ''],
    [{ auth: { mode: 'optional' } }, 'optional', ''],
    [{ scopes: 'x' }, 'required', 'scopes: x'],
    [{ scopes: ['x', 'y'] }, 'required', 'scopes: x and y'],
    [{ scopes: { any: ['x', { all: ['y', 'z'] }] } }, 'required', 'scopes: x or (y and z)'],
    [{ permissions: 'p', roles: { all: ['r', { any: ['s', 't'] }] } }, 'required', 'permissions: p, roles: r and (s or t)'],
    [{ auth: { claims: { tier: ['gold', 1], beta: true } } }, 'required', 'claim tier: gold or 1, claim beta'],
    [{ auth: { acr: ['gold', 'silver'], maxAge: 300 }, scopes: 'x' }, 'required', 'acr: gold or silver, maxAge: 300 s, scopes: x'],
    [{ auth: { providers: ['b', 'a'], authorize: () => true }, scopes: 'x' }, 'required', 'providers: b or a, scopes: x, authorize']
  ]
  for (const [index, [config]] of policies.entries()) app.get(`/${index}`, { config }, async () => 'in')
  t.strictSame(gets(app.gatehouse), policies.map(([, auth, demands], index) => [`/${index}`, auth, demands]))
})

t.test('it has a row for each method, the HEAD of a GET included', async (t) => {
  const app = await house(t, issuer)
  app.get('/x', { config: { scopes: 'read' } }, async () => 'in')
  app.route({ method: ['PUT', 'PATCH'], url: '/x', config: { scopes: 'write' }, handler: async () => 'in' })
  t.strictSame(app.gatehouse.routes(), [
    { method: 'GET', url: '/x', auth: 'required', demands: 'scopes: read' },
    { method: 'HEAD', url: '/x', auth: 'required', demands: 'scopes: read' },
    { method: 'PUT', url: '/x', auth: 'required', demands: 'scopes: write' },
    { method: 'PATCH', url: '/x', auth: 'required', demands: 'scopes: write' }
  ])
})

t.test('no version of a route hides another', async (t) => {
  const app = await house(t, issuer)
  app.get('/x', { constraints: { version: '1.0.0' }, config: { auth: false } }, async () => 'in')
  app.get('/x', { constraints: { version: '2.0.0' }, config: { scopes: 'read' } }, async () => 'in')
  t.strictSame(gets(app.gatehouse), [['/x', 'public', ''], ['/x', 'required', 'scopes: read']])
})

t.test('it has both URLs of the root of a prefixed scope', async (t) => {
  const app = await house(t, issuer)
  await app.register(async (scope) => { scope.get('/', { config: { scopes: 'read' } }, async () => 'in') }, { prefix: '/v1' })
  t.strictSame(gets(app.gatehouse), [['/v1', 'required', 'scopes: read'], ['/v1/', 'required', 'scopes: read']])
  t.strictSame(app.gatehouse.routes().map(({ method, url }) => `${method} ${url}`).sort(), ['GET /v1', 'GET /v1/', 'HEAD /v1', 'HEAD /v1/'], 'each once')
})

t.test('what a caller does to a row or the list changes nothing', async (t) => {
  const app = await house(t, issuer)
  app.post('/x', async () => 'in')
  const rows = app.gatehouse.routes()
  Object.assign(rows[0] ?? {}, { auth: 'public' })
  rows.push({ method: 'GET', url: '/forged', auth: 'public', demands: '' })
  t.strictSame(app.gatehouse.routes(), [{ method: 'POST', url: '/x', auth: 'required', demands: '' }])
})

t.test('it is printed at ready, at level debug', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { level: 'debug', stream: logs.stream } })
  app.post('/x', { config: { scopes: 'write' } }, async () => 'in')
  await app.ready()
  t.match(logs.lines.filter(({ msg }) => msg === 'gatehouse: the guard table'), [
    { level: 20, routes: [{ method: 'POST', url: '/x', auth: 'required', demands: 'scopes: write' }] }
  ])
})

/** What JavaScript, or TypeScript's blind spot for inline configs, lets through. */
const mistakes: Array<[title: string, config: Record<string, unknown>, message: string]> = [
  ['a number for auth', { auth: 42 }, "POST /things: config.auth: expected false, 'required', 'optional' or an object, got 42"],
  ['auth: true', { auth: true }, "POST /things: config.auth: expected false, 'required', 'optional' or an object, got true; write 'required'"],
  ["auth: 'public'", { auth: 'public' }, "POST /things: config.auth: expected false, 'required', 'optional' or an object, got 'public'"],
  ['an unknown key in auth', { auth: { provider: ['oidc'] } }, 'POST /things: config.auth: unknown key "provider"; did you mean "providers"?'],
  ['scopes inside auth', { auth: { scopes: 'a' } }, 'POST /things: config.auth: unknown key "scopes"; known are mode, providers, credentials, dpop, claims, acr, maxAge, authorize'],
  ["mode: 'public'", { auth: { mode: 'public' } }, "POST /things: config.auth.mode: expected 'required' or 'optional', got 'public'; write auth: false for a public route"],
  ['no providers', { auth: { providers: [] } }, 'POST /things: config.auth.providers: expected a list of provider names, got []; leave it out to accept all'],
  ['a provider nobody configured', { auth: { providers: ['okta'] } }, "POST /things: config.auth.providers: expected one of oidc, got 'okta'"],
  ['authorize that is no function', { auth: { authorize: true } }, 'POST /things: config.auth.authorize: expected a function of the request, got true'],
  ['an empty list', { scopes: [] }, 'POST /things: config.scopes: expected a list with at least one name, got []; leave it out to demand nothing'],
  ['an empty list of claims', { auth: { claims: {} } }, 'POST /things: config.auth.claims: expected at least one claim, got {}; leave it out to demand nothing'],
  ['two scopes in one text', { scopes: 'a b' }, 'POST /things: config.scopes: expected a name without white space, quotes or backslashes, got \'a b\'; write ["a","b"] to demand each'],
  ['scopes on a public route', { auth: false, scopes: 'a' }, 'POST /things: config: auth: false makes the route public, so it cannot demand scopes; remove one of the two'],
  ['roles on a public route', { auth: false, roles: 'a' }, 'POST /things: config: auth: false makes the route public, so it cannot demand roles; remove one of the two'],
  ['scopes on an optional route', { auth: 'optional', scopes: 'a' }, 'POST /things: config: an optional route lets anonymous callers in, so it cannot demand scopes: a'],
  ['scope', { scope: 'a' }, 'POST /things: config.scope: did you mean "scopes"?'],
  ['permission', { permission: 'a' }, 'POST /things: config.permission: did you mean "permissions"?'],
  ['role', { role: 'a' }, 'POST /things: config.role: did you mean "roles"?']
]

t.test('a mistake in the config of a route fails the boot, naming method, URL and remedy:', async (t) => {
  for (const [title, config, message] of mistakes) {
    t.test(title, async (t) => {
      const app = await house(t, issuer)
      app.register(async (scope) => { scope.post('/things', { config } as RouteShorthandOptions, async () => 'in') })
      await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message: `route ${message}` })
    })
  }
})

t.test('the name of a route in a prefixed scope, or with several methods, is complete', async (t) => {
  const app = await house(t, issuer)
  const config = { scopes: [] }
  await app.register(async (scope) => {
    t.throws(() => scope.get('/x/:id', { config }, async () => 'in'), { message: 'route GET /v1/x/:id: config.scopes: expected' })
    t.throws(() => scope.route({ method: ['PUT', 'PATCH'], url: '/y', config, handler: async () => 'in' }), {
      message: 'route PUT, PATCH /v1/y: config.scopes: expected'
    })
  }, { prefix: '/v1' })
})

t.test('a mistake fails the boot also where the default is public', async (t) => {
  const app = await house(t, issuer, { defaultAuth: 'public' })
  t.throws(() => app.get('/x', { config: { scopes: [] } }, async () => 'in'), { name: 'TypeError', message: 'route GET /x' })
})

t.test("other plugins' members of a config are left alone", async (t) => {
  const app = await house(t, issuer)
  app.get('/x', { config: { rateLimit: { max: 1 }, authenticated: 'not ours' } as object }, async (request) => {
    const { rateLimit, authenticated } = request.routeOptions.config as Record<string, unknown>
    return { rateLimit, authenticated }
  })
  t.strictSame(await ask(app, '/x'), nothingSent())
  t.strictSame(await ask(app, { url: '/x', token: issuer.token() }), ok({ rateLimit: { max: 1 }, authenticated: 'not ours' }))
})

t.test("the user's own config object is neither changed nor kept", async (t) => {
  const config: { scopes: string | undefined } = Object.seal({ scopes: 'read' })
  const app = await house(t, issuer)
  app.get('/x', { config }, async () => 'in')
  config.scopes = undefined
  t.strictSame(await ask(app, '/x'), nothingSent('read'))
  t.strictSame(Reflect.ownKeys(config), ['scopes'])
})
