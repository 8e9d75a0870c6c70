import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { routesWithHook } from '../lib/unseen-routes.js'
import { bareHouse } from './support/house.js'

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
