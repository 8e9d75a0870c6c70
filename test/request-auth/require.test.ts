import t from 'tap'
import type { Demands } from '../../lib/index.js'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { anonymous, failure, forbidden, lacksScope } from '../support/refusals.js'

const issuer = await issuerFor(t)

t.test('require() throws what the config of a route would have answered:', async (t) => {
  const held = { scope: 'read write', permissions: ['messages:read'], roles: ['editor'], tier: 'gold' }
  const cases: Array<[title: string, demands: Demands, answer: ReturnType<typeof ok>]> = [
    ['nothing', {}, ok('in')],
    ['a scope that is held', { scopes: 'read' }, ok('in')],
    ['a scope that is not', { scopes: 'admin' }, lacksScope('admin')],
    ['scopes of which one is not', { scopes: ['read', 'admin'] }, lacksScope('read admin')],
    ['any of two scopes', { scopes: { any: ['admin', 'read'] } }, ok('in')],
    ['a permission that is held', { permissions: 'messages:read' }, ok('in')],
    ['a permission that is not', { permissions: 'messages:delete' }, forbidden],
    ['a role that is held', { roles: { any: ['admin', 'editor'] } }, ok('in')],
    ['a role that is not', { roles: 'admin' }, forbidden],
    ['a claim that is there', { claims: { tier: true } }, ok('in')],
    ['a claim of another value', { claims: { tier: ['silver', 'bronze'] } }, forbidden],
    ['a claim a function accepts', { claims: { tier: (value) => value === 'gold' } }, ok('in')],
    ['a claim that is missing', { claims: { org_id: true } }, forbidden],
    ['everything at once', { scopes: 'read', permissions: 'messages:read', roles: 'editor', claims: { tier: 'gold' } }, ok('in')],
    ['a scope first, where more is missing', { roles: 'admin', scopes: 'admin' }, lacksScope('admin')]
  ]
  const app = await house(t, issuer)
  let demands: Demands = {}
  app.get('/', async (request) => { request.auth.require(demands); return 'in' })
  for (const [title, wanted, answer] of cases) {
    t.test(title, async (t) => {
      demands = wanted
      t.strictSame(await ask(app, { url: '/', token: issuer.token(held) }), answer)
    })
  }
})

t.test('wrong demands are a TypeError that names them, whoever asks', async (t) => {
  const app = await house(t, issuer)
  let demands: unknown
  app.get('/', { config: { auth: 'optional' } }, async (request) => { request.auth.require(demands as Demands); return 'in' })
  const cases: Array<[demands: unknown, message: string]> = [
    [undefined, 'request.auth.require(): expected an object, got undefined'],
    ['read', "request.auth.require(): expected an object, got 'read'"],
    [{ scope: 'read' }, 'request.auth.require(): unknown key "scope"; did you mean "scopes"?'],
    [{ auth: 'required' }, 'request.auth.require(): unknown key "auth"; known are scopes, permissions, roles, claims'],
    [{ scopes: [] }, 'request.auth.require().scopes: expected a list with at least one name, got []; leave it out to demand nothing'],
    [{ claims: {} }, 'request.auth.require().claims: expected at least one claim, got {}; leave it out to demand nothing']
  ]
  for (const [wrong, message] of cases) {
    demands = wrong
    t.strictSame(await ask(app, { url: '/', token: issuer.token({ scope: 'read' }) }), failure(message), message)
    t.strictSame(await ask(app, '/'), failure(message), 'and for anonymous callers')
  }
})

t.test('on an optional route an anonymous caller is a bare 401', async (t) => {
  const app = await house(t, issuer)
  app.get('/', { config: { auth: 'optional' } }, async (request) => { request.auth.require({ scopes: 'read' }); return 'in' })
  t.strictSame(await ask(app, '/'), anonymous)
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), lacksScope('read'))
})

t.test('what it refuses is counted and logged like a refusal of the route', async (t) => {
  const app = await house(t, issuer)
  app.get('/', async (request) => { request.auth.require({ roles: 'admin' }); return 'in' })
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), forbidden)
  t.strictSame(app.gatehouse.stats().refused, { GATEHOUSE_FORBIDDEN: 1 })
})
