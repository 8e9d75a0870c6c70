import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { apiKey, oidc, tesseral } from '../lib/index.js'
import type { GatehouseOptions } from '../lib/index.js'
import { routesWithHook } from '../lib/unseen-routes.js'
import { bareHouse } from './support/house.js'
import { loginApp } from './support/login-app.js'
import { captureLogs } from './support/logs.js'

const client = { clientId: 'web', clientSecret: 'hunter2' }
const sessionsOnly = oidc({ issuer: 'https://a.example', name: 'people', ...client })
const both = oidc({ issuer: 'https://b.example', name: 'both', audience: 'https://api.example', ...client })
const tokensOnly = oidc({ issuer: 'https://c.example', name: 'tokens', audience: 'https://api.example' })
const keys = apiKey({ lookup: () => undefined })

/** Routes a boot says nobody can pass. */
async function unreachable (t: Test, core: Partial<GatehouseOptions>, routes: Record<string, object>): Promise<unknown> {
  const logs = captureLogs()
  const app = await loginApp(t, { issuer: 'https://a.example' }, {
    core: { startup: 'lazy', ...core },
    logger: { level: 'warn', stream: logs.stream },
    routes (app) { for (const [url, config] of Object.entries(routes)) app.post(url, { config }, async () => 'x') }
  })
  await app.ready()
  return logs.lines.find(({ msg }) => String(msg).startsWith('these routes demand'))?.routes
}

t.test('routes that demand scopes where no credential has any are named at boot', async (t) => {
  const routes = {
    '/scopes': { scopes: 'a' },
    '/permissions': { permissions: ['a'] },
    '/roles': { roles: { any: ['a', 'b'] } },
    '/claims': { auth: { claims: { email: true } } },
    '/plain': {}
  }
  t.strictSame(await unreachable(t, { provider: sessionsOnly }, routes), ['POST /scopes', 'POST /permissions', 'POST /roles'])
  for (const [name, core] of [
    ['its access tokens are for this API', { provider: both }], ["another provider's are", { provider: [sessionsOnly, tokensOnly] }], ['API keys may have scopes', { provider: sessionsOnly, authenticators: [keys] }],
    ['any audience will do', { provider: oidc({ issuer: 'https://a.example', audience: false, ...client }) }]
  ] as const) t.equal(await unreachable(t, core, routes), undefined, name)
})

t.test('what a route accepts is looked at, credentials and providers', async (t) => {
  const provider = [sessionsOnly, both, tokensOnly]
  const on = (auth: object) => ({ auth, scopes: 'a' })
  t.strictSame(await unreachable(t, { provider, authenticators: [keys] }, {
    '/people': on({ providers: ['people'] }),
    '/both': on({ providers: ['both'] }),
    '/tokens': on({ providers: ['tokens'] }),
    '/sessions': on({ credentials: ['session'] }),
    '/sessions-of-people': on({ credentials: ['session'], providers: ['people'] }),
    '/tokens-of-people': on({ credentials: ['access_token'], providers: ['people'] }),
    '/keys': on({ credentials: ['api_key'] }),
    '/keys-of-people': on({ credentials: ['api_key'], providers: ['people'] }),
    '/own-keys': on({ credentials: ['api_key'], providers: ['api_key'] })
  }), ['POST /people', 'POST /sessions-of-people', 'POST /tokens-of-people', 'POST /keys-of-people'])
})

t.test("a provider's API keys may have scopes too", async (t) => {
  const project = tesseral({ publishableKey: 'publishable_key_x', backendApiKey: 'tesseral_secret_key_x', apiKeys: true })
  t.strictSame(await unreachable(t, { provider: [sessionsOnly, project] }, {
    '/keys': { auth: { credentials: ['api_key'], providers: ['tesseral'] }, scopes: 'a' },
    '/keys-of-people': { auth: { credentials: ['api_key'], providers: ['people'] }, scopes: 'a' },
    '/tokens': { auth: { credentials: ['access_token'], providers: ['tesseral'] }, scopes: 'a' }
  }), ['POST /keys-of-people'])
})

t.test('a route that takes sessions only, where nobody can log in, fails the boot', async (t) => {
  const boot = (providers: string[]) => unreachable(t, { provider: [sessionsOnly, tokensOnly] }, { '/account': { auth: { credentials: ['session'], providers } } })
  await t.rejects(boot(['tokens']), { name: 'TypeError', message: 'gatehouse: POST /account: takes sessions only, and nobody can log in: give a provider it accepts a clientId' })
  t.equal(await boot(['tokens', 'people']), undefined)
})

function listed (app: FastifyInstance): string[] {
  return routesWithHook(app, 'marked').map(({ method, url }) => `${method} ${url}`).sort()
}

const trees: Array<[title: string, routes: string[]]> = [
  ['the root', ['GET /']],
  ['no route at all', []],
  ['one URL, several methods', ['DELETE /things', 'GET /things', 'POST /things']],
  ['URLs that begin with one another', ['GET /', 'GET /user', 'GET /users', 'GET /users-of', 'POST /users/all']],
  ['parameters', ['GET /users/:id', 'GET /users/:id/posts/:post', 'GET /users/me']],
  ['parameters with a pattern', ['GET /users/:id(^\\d+$)', 'GET /at/:hour(^\\d+)h:minute(^\\d+)m']],
  ['wildcards', ['GET /*', 'GET /files/*', 'POST /files/:name']],
  ['a file beside a wildcard', ['GET /files/*', 'GET /files/:name', 'GET /files/index.html']],
  ['siblings after a deep branch', ['GET /a', 'GET /a/b', 'GET /a/b/c', 'GET /c', 'GET /d', 'POST /d/e']],
  ['a space', ['GET /a b', 'GET /a c']]
]

t.test('routesWithHook lists each route that has the hook, by its full URL:', async (t) => {
  for (const [title, routes] of trees) {
    t.test(title, async (t) => {
      const app = bareHouse(t, { exposeHeadRoutes: false })
      app.addHook('onRequest', function marked (_request, _reply, done) { done() })
      for (const route of routes) {
        const [method, url] = [route.slice(0, route.indexOf(' ')), route.slice(route.indexOf(' ') + 1)]
        app.route({ method, url, handler: async () => '' })
      }
      await app.ready()
      t.strictSame(listed(app), routes.sort())
    })
  }
})

t.test('routes without the hook are not listed', async (t) => {
  const app = bareHouse(t, { exposeHeadRoutes: false })
  app.get('/outside', async () => '')
  app.register(async (scope) => {
    scope.addHook('onRequest', function marked (_request, _reply, done) { done() })
    scope.get('/inside', async () => '')
    scope.post('/outside', async () => '')
  })
  app.register(async (scope) => {
    scope.addHook('onRequest', function markedToo (_request, _reply, done) { done() })
    scope.addHook('preHandler', function other (_request, _reply, done) { done() })
    scope.get('/elsewhere', async () => '')
  })
  await app.ready()
  t.strictSame(listed(app), ['GET /inside', 'POST /outside'])
})

t.test('a route is listed once, whatever else it says of itself', async (t) => {
  const app = bareHouse(t)
  app.addHook('onRequest', function marked (_request, _reply, done) { done() })
  app.addHook('onRequest', async function second () {})
  app.get('/x', { preHandler: async () => {} }, async () => '')
  app.get('/v', { constraints: { version: '1.0.0' } }, async () => '')
  app.route({ method: ['PUT', 'PATCH'], url: '/x', handler: async () => '' })
  await app.ready()
  t.strictSame(listed(app), ['GET /v', 'GET /x', 'HEAD /v', 'HEAD /x', 'PATCH /x', 'PUT /x'])
})

t.test('methods beyond the usual ones are listed, with what is below them', async (t) => {
  const app = bareHouse(t, { exposeHeadRoutes: false })
  app.addHook('onRequest', function marked (_request, _reply, done) { done() })
  app.addHttpMethod('M-SEARCH')
  app.route({ method: 'M-SEARCH', url: '/devices', handler: async () => '' })
  app.get('/devices/:id', async () => '')
  await app.ready()
  t.strictSame(listed(app), ['GET /devices/:id', 'M-SEARCH /devices'])
})
