import type { FastifyInstance } from 'fastify'
import t from 'tap'
import gatehouse from '../../lib/index.js'
import type { Demands, RequestAuth } from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import { anonymous, failure, forbidden, lacksScope, noOrganization } from '../support/refusals.js'

const issuer = await issuerFor(t)

/** What `look` makes of `request.auth` for a caller with these claims. */
async function seen (app: FastifyInstance, claims: Record<string, unknown>, url = '/') {
  return ask(app, { url, token: issuer.token(claims) })
}

async function looking (t: Parameters<typeof house>[0], look: (auth: RequestAuth) => unknown): Promise<FastifyInstance> {
  const app = await house(t, issuer)
  app.get('/', async (request) => ({ saw: look(request.auth) }))
  return app
}

t.test('each accessor says what the token says', async (t) => {
  const app = await looking(t, (auth) => ({
    isAuthenticated: auth.isAuthenticated,
    credentialsType: auth.credentialsType,
    provider: auth.provider,
    subject: auth.subject,
    scopes: auth.scopes,
    permissions: auth.permissions,
    roles: auth.roles,
    organizationId: auth.organizationId()
  }))
  const claims = { sub: 'user-7', scope: 'a b', permissions: ['p:read'], roles: ['editor', 'admin'], org_id: 'org_1' }
  t.strictSame(await seen(app, claims), ok({
    saw: {
      isAuthenticated: true,
      credentialsType: 'access_token',
      provider: 'oidc',
      subject: 'user-7',
      scopes: ['a', 'b'],
      permissions: ['p:read'],
      roles: ['editor', 'admin'],
      organizationId: 'org_1'
    }
  }))
  t.match(await seen(app, { sub: 'user-8', org_id: 'org_2' }), ok({
    saw: { subject: 'user-8', scopes: [], permissions: [], roles: [], organizationId: 'org_2' }
  }), 'another caller, another answer')
})

t.test('organizationId() where the token names none is a 403', async (t) => {
  const app = await looking(t, (auth) => auth.organizationId())
  t.strictSame(await seen(app, {}), noOrganization)
  t.strictSame(await seen(app, { org_id: 'org_1' }), ok({ saw: 'org_1' }))
  t.strictSame(app.gatehouse.stats().refused, { GATEHOUSE_NO_ORGANIZATION: 1 })
})

t.test('credentials() is the very token that was sent', async (t) => {
  const app = await looking(t, (auth) => auth.credentials())
  const token = issuer.token({ jti: 'one' })
  for (let times = 0; times < 2; times++) {
    t.strictSame(await ask(app, { url: '/', headers: { authorization: `bearer   ${token}` } }), ok({ saw: token }), 'also from the cache')
  }
})

t.test('accessTokenClaims() are all claims, under their wire names', async (t) => {
  const app = await looking(t, (auth) => auth.accessTokenClaims<{ sub: string, tenant: { id: number }, 'https://example.com/x': string }>())
  const { status, body } = await seen(app, { tenant: { id: 7 }, 'https://example.com/x': 'y', iat: 1_700_000_000 })
  t.equal(status, 200)
  t.match(body, { saw: { iss: issuer.issuer, sub: 'user-1', tenant: { id: 7 }, 'https://example.com/x': 'y', iat: 1_700_000_000 } })
})

t.test('lists and claims are deeply frozen, and shared by requests with one token', async (t) => {
  const app = bareHouse(t)
  await app.register(gatehouse, { provider: providerOf(issuer) })
  const claims: unknown[] = []
  app.get('/', async ({ auth }) => {
    const all = auth.accessTokenClaims<{ nested: { list: string[] } }>()
    for (const value of [auth.scopes, auth.permissions, auth.roles, all, all.nested, all.nested.list]) {
      t.ok(Object.isFrozen(value))
    }
    t.throws(() => all.nested.list.push('admin'), TypeError)
    t.throws(() => (auth.scopes as string[]).push('admin'), TypeError)
    claims.push(all)
    return 'in'
  })
  const token = issuer.token({ scope: 'a', roles: ['r'], permissions: ['p'], nested: { list: ['x'] } })
  for (let times = 0; times < 3; times++) t.strictSame(await ask(app, { url: '/', token }), ok('in'))
  t.equal(claims[1], claims[2], 'from the second one on')
})

t.test('hasScope, hasPermission and hasRole want every name', async (t) => {
  const app = await looking(t, (auth) => ({
    scope: [auth.hasScope('a'), auth.hasScope('a', 'b'), auth.hasScope('a', 'c'), auth.hasScope('c'), auth.hasScope('a b')],
    permission: [auth.hasPermission('p'), auth.hasPermission('p', 'q'), auth.hasPermission('p', 'a')],
    role: [auth.hasRole('r'), auth.hasRole('r', 's'), auth.hasRole('r', 'p')]
  }))
  t.strictSame(await seen(app, { scope: 'a b', permissions: ['p', 'q'], roles: ['r', 's'] }), ok({
    saw: { scope: [true, true, false, false, false], permission: [true, true, false], role: [true, true, false] }
  }))
})

t.test('asking for no name at all is a TypeError, for it would let everybody in', async (t) => {
  for (const accessor of ['hasScope', 'hasPermission', 'hasRole'] as const) {
    const app = await looking(t, (auth) => (auth[accessor] as () => boolean)())
    t.strictSame(await seen(app, { scope: 'a', roles: ['r'] }), failure(`request.auth.${accessor}(): expected at least one name`), accessor)
  }
})

t.test('later hooks and onResponse see the same caller', async (t) => {
  const app = await house(t, issuer)
  const saw: string[] = []
  app.addHook('onSend', async ({ auth }) => { saw.push(`onSend ${auth.subject}`) })
  app.addHook('onResponse', async ({ auth }) => { saw.push(`onResponse ${auth.subject}`) })
  app.get('/', async () => 'in')
  await seen(app, { sub: 'user-3' })
  t.strictSame(saw, ['onSend user-3', 'onResponse user-3'])
})

t.test('two requests at once do not see each other', async (t) => {
  const app = await looking(t, (auth) => auth.subject)
  const subjects = Array.from({ length: 20 }, (_, index) => `user-${index}`)
  const answers = await Promise.all(subjects.map((sub) => seen(app, { sub })))
  t.strictSame(answers, subjects.map((saw) => ok({ saw })))
})

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
    [{ auth: 'required' }, 'request.auth.require(): unknown key "auth"; known are scopes, permissions, roles, claims, acr, maxAge'],
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
