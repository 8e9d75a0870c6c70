import t from 'tap'
import { ask, house, issuerFor, notFound, ok } from '../support/house.js'
import { lacksScope, nothingSent } from '../support/refusals.js'

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
