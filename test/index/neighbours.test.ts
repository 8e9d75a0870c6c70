import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import underPressure from '@fastify/under-pressure'
import t from 'tap'
import gatehouse from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, notFound, ok, providerOf } from '../support/house.js'
import { captureLogs } from '../support/logs.js'
import type { CapturedLogs } from '../support/logs.js'
import { nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)
const PREFLIGHT = {
  method: 'OPTIONS', url: '/x', headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' }
} as const
const LATE_CORS = '@fastify/cors was registered after the gatehouse: browsers will not see its 401 and 403 answers, they carry no CORS headers; register it first'

function warnings (logs: CapturedLogs): unknown[] {
  return logs.lines.filter(({ level }) => level === 40).map(({ msg }) => msg)
}

t.test('@fastify/cors', async (t) => {
  t.test('registered first: preflights pass and refusals carry its headers', async (t) => {
    const logs = captureLogs()
    const app = bareHouse(t, { logger: { stream: logs.stream } })
    await app.register(cors, { origin: 'https://app.example' })
    await app.register(gatehouse, { provider: providerOf(issuer) })
    app.get('/x', async () => 'x')

    const preflight = await app.inject(PREFLIGHT)
    t.equal(preflight.statusCode, 204)
    t.equal(preflight.headers['access-control-allow-origin'], 'https://app.example')
    t.equal(preflight.headers['www-authenticate'], undefined)

    const refused = await app.inject({ url: '/x', headers: { origin: 'https://app.example' } })
    t.equal(refused.statusCode, 401)
    t.equal(refused.headers['www-authenticate'], 'Bearer realm="api"')
    t.equal(refused.headers['access-control-allow-origin'], 'https://app.example')
    t.strictSame(warnings(logs), [])
  })

  t.test('registered later: preflights pass as well, and a warning says what is lost', async (t) => {
    const logs = captureLogs()
    const app = await house(t, issuer, {}, { logger: { stream: logs.stream } })
    await app.register(cors)
    app.get('/x', async () => 'x')

    const preflight = await app.inject(PREFLIGHT)
    t.equal(preflight.statusCode, 204)
    t.equal(preflight.headers['access-control-allow-origin'], '*')
    t.equal((await app.inject('/x')).headers['access-control-allow-origin'], undefined)
    t.strictSame(warnings(logs), [LATE_CORS])
  })

  t.test('registered first without waiting: its wildcard route is neither guarded nor warned of', async (t) => {
    const logs = captureLogs()
    const app = bareHouse(t, { logger: { stream: logs.stream } })
    app.register(cors, { origin: false })
    app.register(gatehouse, { provider: providerOf(issuer) })
    t.strictSame(await ask(app, { method: 'OPTIONS', url: '/x' }), notFound('OPTIONS', '/x'), 'its handler is reached')
    t.strictSame(warnings(logs), [])
  })

  t.test('in a scope whose routes a group guards, preflights pass: browsers send no credential with them', async (t) => {
    const app = await house(t, issuer)
    await app.register(async (scope) => {
      app.gatehouse.group(scope, { scopes: 'read' })
      await scope.register(cors)
      scope.get('/x', async () => 'x')
    }, { prefix: '/api' })
    t.equal((await app.inject({ ...PREFLIGHT, url: '/api/x' })).statusCode, 204)
    t.strictSame(await ask(app, '/api/x'), nothingSent('read'))
  })
})

t.test('a declared OPTIONS route other than the wildcard of @fastify/cors is guarded:', async (t) => {
  const app = await house(t, issuer)
  const declare = (method: 'OPTIONS' | ['OPTIONS', 'PUT'], url: string, config = {}) => app.route({ method, url, config, handler: async () => 'declared' })
  declare('OPTIONS', '/one')
  declare(['OPTIONS', 'PUT'], '/several/*')
  declare('OPTIONS', '/spoken/*', { auth: 'required' })
  declare('OPTIONS', '/scoped/*', { scopes: 'a' })
  declare('OPTIONS', '/silent/*')
  app.get('/wild/*', async () => 'declared')

  const options = (url: string) => ask(app, { method: 'OPTIONS', url })
  t.strictSame(await options('/one'), nothingSent(), 'one without a wildcard')
  t.strictSame(await options('/several/x'), nothingSent(), 'one of several methods')
  t.strictSame(await options('/spoken/x'), nothingSent(), 'a wildcard whose config says so')
  t.strictSame(await options('/scoped/x'), nothingSent('a'), 'a wildcard that demands')
  t.strictSame(await options('/silent/x'), nothingSent(), 'and a wildcard below a path, which is not the preflight route')
  t.strictSame(await ask(app, '/wild/x'), nothingSent(), 'nor is another method on a wildcard open')
})

t.test("@fastify/swagger-ui's routes", async (t) => {
  async function documented (t: Parameters<typeof house>[0], defaultAuth?: 'required' | ((route: { url: string }) => { auth: false } | undefined)) {
    const app = await house(t, issuer, { defaultAuth })
    await app.register(swagger)
    await app.register(swaggerUi, { routePrefix: '/docs' })
    app.get('/x', async () => 'x')
    await app.ready()
    return app
  }

  t.test('are guarded by default', async (t) => {
    const app = await documented(t)
    for (const url of ['/docs', '/docs/json', '/docs/static/swagger-ui.css']) t.strictSame(await ask(app, url), nothingSent(), url)
  })

  t.test('are opened by a defaultAuth function, which opens nothing else', async (t) => {
    const app = await documented(t, ({ url }) => url.startsWith('/docs') ? { auth: false } : undefined)
    for (const url of ['/docs/', '/docs/json', '/docs/static/swagger-ui.css']) {
      const { statusCode, headers } = await app.inject(url)
      t.strictSame([statusCode, headers['www-authenticate']], [200, undefined], url)
    }
    t.strictSame(await ask(app, '/x'), nothingSent())
  })
})

t.test("@fastify/under-pressure's status route", async (t) => {
  t.test('is guarded by default', async (t) => {
    const app = await house(t, issuer)
    await app.register(underPressure, { exposeStatusRoute: '/status' })
    t.strictSame(await ask(app, '/status'), nothingSent())
    t.strictSame(await ask(app, { url: '/status', token: issuer.token() }), ok({ status: 'ok' }))
  })

  t.test('is opened by a defaultAuth function', async (t) => {
    const app = await house(t, issuer, { defaultAuth: ({ url }) => url === '/status' ? { auth: false } : undefined })
    await app.register(underPressure, { exposeStatusRoute: '/status' })
    t.strictSame(await ask(app, '/status'), ok({ status: 'ok' }))
  })
})
