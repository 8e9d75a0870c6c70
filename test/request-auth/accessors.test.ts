import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { RequestAuth } from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import { failure, noOrganization } from '../support/refusals.js'
import gatehouse from '../../lib/index.js'

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
