import t from 'tap'
import type { FastifyInstance } from 'fastify'
import gatehouse from '../../lib/index.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting } from '../support/guarded-api.js'
import { bareHouse, issuerFor } from '../support/house.js'
import { accepted, INVALID_CREDENTIAL, NOTHING_SENT, signatures } from '../support/other-credentials.js'

const issuer = await issuerFor(t)
const other = await issuerFor(t)
const GOOD = { 'x-signature': 'good' }

function routes (app: FastifyInstance): void {
  const subject = async ({ auth }: { auth: { subject: string } }) => ({ subject: auth.subject })
  app.get('/tokens', { config: { auth: { credentials: ['access_token'] } } }, subject)
  app.get('/signatures', { config: { auth: { credentials: ['signature'] } } }, subject)
  app.get('/either', { config: { auth: { credentials: ['access_token', 'signature'] } } }, subject)
  app.get('/of-oidc', { config: { auth: { providers: ['oidc'] } } }, subject)
  app.get('/of-signature', { config: { auth: { providers: ['signature'] } } }, subject)
  app.get('/maybe', { config: { auth: { mode: 'optional', credentials: ['access_token'] } } }, async ({ auth }) => ({ subject: auth.isAuthenticated ? auth.subject : 'nobody' }))
}

t.test('a route says which kinds of credentials it takes, and who may vouch', async (t) => {
  const { authenticator, asked } = signatures()
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator], routes })
  for (const [path, byToken, bySignature] of [
    ['/tokens', ACCEPTED, INVALID_CREDENTIAL],
    ['/signatures', INVALID_TOKEN, accepted('good')],
    ['/either', ACCEPTED, accepted('good')],
    ['/of-oidc', ACCEPTED, INVALID_CREDENTIAL],
    ['/of-signature', INVALID_TOKEN, accepted('good')],
    ['/maybe', ACCEPTED, INVALID_CREDENTIAL]
  ] as const) {
    t.same(await get(issuer.token(), path), byToken, `${path} with a token`)
    t.same(await get(undefined, path, GOOD), bySignature, `${path} with a signature`)
  }
  t.equal(asked.length, 3, 'nobody is asked about what the route does not take')
  t.match(refusals(), [
    { reason: 'credentials_refused', expected: ['access_token'], found: 'signature', provider: 'signature' },
    { reason: 'credentials_refused', expected: ['signature'], found: 'access_token' },
    { reason: 'provider_refused', expected: ['oidc'], found: 'signature' },
    { reason: 'provider_refused', expected: ['signature'], found: 'oidc' },
    { reason: 'credentials_refused' }
  ])
  t.same(await get(undefined, '/signatures'), NOTHING_SENT)
  t.same((await get(undefined, '/maybe')).body, { subject: 'nobody' })
})

t.test('what was accepted elsewhere from the cache is still refused where it is not taken', async (t) => {
  const { authenticator } = signatures({ cache: {} })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator], routes })
  t.same(await get(undefined, '/either', GOOD), accepted('good'))
  t.same(await get(issuer.token(), '/either'), ACCEPTED)
  for (const path of ['/tokens', '/of-oidc']) t.same(await get(undefined, path, GOOD), INVALID_CREDENTIAL)
  for (const path of ['/signatures', '/of-signature']) t.same(await get(issuer.token(), path), INVALID_TOKEN)
})

t.test('a group and a route in it accept what both do; nothing in common fails the boot', async (t) => {
  const { authenticator } = signatures()
  const { app } = await guardedApi(t, issuer, {
    authenticators: [authenticator],
    routes: (app) => {
      app.register(async (scope) => {
        app.gatehouse.group(scope, { auth: { credentials: ['signature', 'access_token'] } })
        scope.get('/narrow', { config: { auth: { credentials: ['signature'] } } }, async () => 'in')
      }, { prefix: '/group' })
    }
  })
  t.match(app.gatehouse.routes().find(({ url }) => url === '/group/narrow'), { demands: 'credentials: signature' })

  const broken = bareHouse(t)
  await broken.register(gatehouse, { provider: trusting(issuer), authenticators: [authenticator] })
  broken.register(async (scope) => {
    broken.gatehouse.group(scope, { auth: { credentials: ['access_token'] } })
    scope.get('/', { config: { auth: { credentials: ['signature'] } } }, async () => 'in')
  }, { prefix: '/group' })
  await t.rejects(async () => { await broken.ready() }, { name: 'TypeError', message: 'route GET /group: config.auth.credentials: none of these is accepted in the group the route is in' })
})

t.test('a kind of credential nobody reads fails the boot', async (t) => {
  const { authenticator } = signatures()
  for (const [config, message] of [
    [{ credentials: ['signatures'] }, /config\.auth\.credentials: expected one of access_token, signature, got 'signatures'/],
    [{ credentials: ['api_key'] }, /config\.auth\.credentials: expected one of access_token, signature, got 'api_key'/],
    [{ credentials: ['oidc'] }, /config\.auth\.credentials: expected one of access_token, signature, got 'oidc'/],
    [{ providers: ['access_token'] }, /config\.auth\.providers: expected one of oidc, signature, got 'access_token'/]
  ] as const) {
    const app = bareHouse(t)
    await app.register(gatehouse, { provider: trusting(issuer), authenticators: [authenticator] })
    app.register(async (scope) => { scope.get('/', { config: { auth: config } }, async () => 'in') })
    await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message })
  }
})

t.test('with a resolver authenticators work the same, whatever its providers are called', async (t) => {
  const { authenticator } = signatures()
  const { get } = await guardedApi(t, issuer, {
    provider: (iss) => [trusting(issuer), trusting(other)].find(({ issuer: known }) => known === iss),
    authenticators: [authenticator],
    routes
  })
  t.same(await get(issuer.token(), '/tokens'), ACCEPTED)
  t.same(await get(other.token(), '/of-oidc'), ACCEPTED)
  t.same(await get(undefined, '/of-signature', GOOD), accepted('good'))
  t.same(await get(undefined, '/of-oidc', GOOD), INVALID_CREDENTIAL)
})
