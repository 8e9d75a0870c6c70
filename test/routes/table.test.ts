import t from 'tap'
import { bareHouse, house, issuerFor, providerOf } from '../support/house.js'
import gatehouse from '../../lib/index.js'
import type { Gatehouse, RoutePolicy } from '../../lib/index.js'
import { captureLogs } from '../support/logs.js'

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
