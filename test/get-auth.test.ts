import t from 'tap'
import gatehouse, { getAuth } from '../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from './support/house.js'
import { anonymous, failure, lacksScope } from './support/refusals.js'

const issuer = await issuerFor(t)

t.test('getAuth(request) is request.auth', async (t) => {
  const app = await house(t, issuer)
  app.get('/who', async (request) => getAuth(request).subject)
  app.get('/demands', async (request) => { getAuth(request).require({ scopes: 'read' }); return 'in' })
  app.get('/optional', { config: { auth: 'optional' } }, async (request) => getAuth(request).subject)

  t.strictSame(await ask(app, { url: '/who', token: issuer.token() }), ok('user-1'))
  t.strictSame(await ask(app, { url: '/demands', token: issuer.token() }), lacksScope('read'))
  t.strictSame(await ask(app, { url: '/demands', token: issuer.token({ scope: 'read' }) }), ok('in'))
  t.strictSame(await ask(app, '/optional'), anonymous)
})

t.test('outside the scope of a gatehouse it is a TypeError that says so', async (t) => {
  const app = bareHouse(t)
  app.get('/outside', async (request) => getAuth(request).isAuthenticated)
  app.register(async (scope) => {
    await scope.register(gatehouse, { provider: providerOf(issuer) })
    scope.get('/inside', async (request) => getAuth(request).isAuthenticated)
  })
  t.strictSame(await ask(app, '/outside'), failure('getAuth(): the gatehouse is not registered in the scope of this route, or a scope around it'))
  t.strictSame(await ask(app, { url: '/inside', token: issuer.token() }), ok(true))
})
