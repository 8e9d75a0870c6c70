import t from 'tap'
import gatehouse from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import { lacksScope, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

t.test('an OPTIONS route with a wildcard of its own is guarded, and a group holds for it', async (t) => {
  const app = await house(t, issuer)
  app.options('/open/*', async () => 'in')
  app.gatehouse.group(app, { scopes: 'admin' })
  app.options('/files/*', async () => 'in')
  t.strictSame(await ask(app, { method: 'OPTIONS', url: '/open/a' }), nothingSent())
  t.strictSame(await ask(app, { method: 'OPTIONS', url: '/files/a' }), nothingSent('admin'))
})

t.test('a hook registered before ours cannot put another caller in the place of request.auth', async (t) => {
  const app = bareHouse(t)
  app.addHook('onRequest', async (request) => { Reflect.set(request, 'auth', { subject: request.headers['x-user'] }) })
  await app.register(gatehouse, { provider: providerOf(issuer) })
  app.get('/', async (request) => request.auth.subject)
  const answer = await app.inject({ url: '/', headers: { authorization: `Bearer ${issuer.token()}`, 'x-user': 'admin' } })
  t.equal(answer.statusCode, 500)
  t.notMatch(answer.body, 'admin')
})

t.test('a hook that makes the config anew does not lose what the groups demand, and the guard table stays true', async (t) => {
  const app = await house(t, issuer)
  app.gatehouse.group(app, { scopes: 'admin' })
  app.addHook('onRoute', (route) => { route.config = JSON.parse(JSON.stringify(route.config ?? {})) })
  app.get('/', async () => 'in')
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), lacksScope('admin'))
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ scope: 'admin' }) }), ok('in'))
  t.match(app.gatehouse.routes(), [{ method: 'GET', url: '/', demands: 'scopes: admin' }, { method: 'HEAD', url: '/', demands: 'scopes: admin' }])
})

t.test('a malformed credential is a 400 also where a resolver answers later', async (t) => {
  const provider = providerOf(issuer)
  const app = await house(t, issuer, { provider: async () => provider })
  app.get('/', async () => 'in')
  t.match(await ask(app, { url: '/', token: `${issuer.token()} x` }), { status: 400 })
})
