import { test } from 'tap'
import gatehouse, { apiKey } from '../../lib/index.js'
import type { RouteAuth } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { active, introspectionServer } from '../support/introspection-server.js'
import { answerOf, ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import type { Answer } from '../support/house.js'

const MESSAGE = 'This needs a stronger or more recent authentication'

/** How a login that will not do is answered, and the attributes of its challenge. */
function insufficient (attributes: string): Answer {
  return {
    status: 401,
    challenge: `Bearer realm="api", error="insufficient_user_authentication", error_description="${MESSAGE}", ${attributes}`,
    body: { statusCode: 401, code: 'GATEHOUSE_AUTHENTICATION_INSUFFICIENT', error: 'Unauthorized', message: MESSAGE }
  }
}

const WELCOME = ok('in')
const handler = async () => 'in'
const now = () => Math.floor(Date.now() / 1000)

for (const enforce of ['preHandler', 'onRequest'] as const) {
  test(`RFC 9470 section 3: acr_values says what would do, decided in ${enforce}`, async (t) => {
    const issuer = await issuerFor(t)
    const app = await house(t, issuer, { enforce })
    app.get('/', { config: { auth: { acr: 'myACR' } } }, handler)
    t.strictSame(await ask(app, { url: '/', token: issuer.token() }), insufficient('acr_values="myACR"'))
    t.strictSame(await ask(app, { url: '/', token: issuer.token({ acr: 'otherACR' }) }), insufficient('acr_values="myACR"'))
    t.strictSame(await ask(app, { url: '/', token: issuer.token({ acr: 'myACR' }) }), WELCOME)
  })

  test(`RFC 9470 section 3: max_age says how old the login may be, decided in ${enforce}`, async (t) => {
    const clock = fakeClock(t)
    const issuer = await issuerFor(t)
    const app = await house(t, issuer, { enforce, clockTolerance: 2 })
    app.get('/', { config: { auth: { maxAge: 5 } } }, handler)
    const token = issuer.token({ auth_time: now() })
    t.strictSame(await ask(app, { url: '/', token }), WELCOME)
    clock.advance(6_000)
    t.strictSame(await ask(app, { url: '/', token }), WELCOME, 'within the tolerance')
    clock.advance(2_000)
    t.strictSame(await ask(app, { url: '/', token }), insufficient('max_age="5"'), 'a token seen before grows old like any other')
    t.strictSame(await ask(app, { url: '/', token: issuer.token() }), insufficient('max_age="5"'))
  })
}

test('RFC 9470 section 3: acr_values separates classes by spaces, and a challenge with both attributes demands both', async (t) => {
  const issuer = await issuerFor(t)
  const app = await house(t, issuer)
  app.get('/', { config: { auth: { acr: ['phr', 'phrh'], maxAge: 0 } } }, handler)
  const both = insufficient('acr_values="phr phrh", max_age="0"')
  for (const claims of [{}, { acr: 'phr' }, { auth_time: now() }, { acr: 'phr', auth_time: now() - 60 }]) t.strictSame(await ask(app, { url: '/', token: issuer.token(claims) }), both)
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ acr: 'phrh', auth_time: now() }) }), WELCOME)
})

test('RFC 9470 section 3: the challenge has the scope, too, so that one more login mends both', async (t) => {
  const issuer = await issuerFor(t)
  const app = await house(t, issuer)
  app.get('/', { config: { scopes: 'purchase', auth: { acr: 'myACR' } } }, handler)
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ scope: 'other' }) }), insufficient('scope="purchase", acr_values="myACR"'))
  t.match(await ask(app, { url: '/', token: issuer.token({ scope: 'other', acr: 'myACR' }) }), { status: 403, challenge: /error="insufficient_scope".*, scope="purchase"$/ })
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ scope: 'purchase', acr: 'myACR' }) }), WELCOME)
  t.strictSame(await ask(app, '/'), {
    status: 401,
    challenge: 'Bearer realm="api", scope="purchase"',
    body: { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' }
  }, 'without a token nothing is said of a login')
})

test('RFC 9470 section 6.1: the claims of the example of a JWT', async (t) => {
  const clock = fakeClock(t, 1_646_340_498_000)
  const issuer = await issuerFor(t)
  const app = await house(t, issuer)
  app.get('/', { config: { scopes: 'purchase', auth: { acr: 'myACR', maxAge: 300 } } }, handler)
  const token = issuer.token({
    sub: 'someone@example.net', exp: 1_646_343_000, iat: 1_646_340_200, jti: 'e1j3V_bKic8-LAEB_lccD0G', client_id: 's6BhdRkqt3', scope: 'purchase', auth_time: 1_646_340_198, acr: 'myACR'
  }, { typ: 'at+JWT' })
  t.strictSame(await ask(app, { url: '/', token }), WELCOME)
  clock.advance(11_000)
  t.strictSame(await ask(app, { url: '/', token }), insufficient('scope="purchase", acr_values="myACR", max_age="300"'))
})

test('RFC 9470 section 6.2: the members of the example of an introspection answer', async (t) => {
  const clock = fakeClock(t, 1_646_340_498_000)
  const server = await introspectionServer(t)
  const issuer = await issuerFor(t)
  issuer.metadata.introspection_endpoint = server.endpoint
  const app = bareHouse(t)
  await app.register(gatehouse, { provider: providerOf(issuer, { introspection: { clientId: 'api', clientSecret: 'secret' } }) })
  app.get('/', { config: { auth: { acr: 'myACR', maxAge: 300 } } }, handler)
  server.answer = active({ exp: 1_646_350_000, iat: 1_618_354_090, auth_time: 1_646_340_198, acr: 'myACR' })
  t.strictSame(await ask(app, { url: '/', token: 'opaque-1' }), WELCOME)
  clock.advance(11_000)
  t.strictSame(await ask(app, { url: '/', token: 'opaque-1' }), insufficient('acr_values="myACR", max_age="300"'))
  server.answer = active({ exp: 1_646_350_000 })
  t.strictSame(await ask(app, { url: '/', token: 'opaque-2' }), insufficient('acr_values="myACR", max_age="300"'))
})

test('a group and the routes in it demand both', async (t) => {
  const issuer = await issuerFor(t)
  const app = await house(t, issuer)
  await app.register(async (scope) => {
    scope.gatehouse.group(scope, { auth: { acr: ['silver', 'gold'], maxAge: 300 } })
    scope.get('/', handler)
    scope.get('/gold', { config: { auth: { acr: ['platinum', 'gold'], maxAge: 60 } } }, handler)
    scope.get('/open', { config: { auth: false } }, handler)
    t.throws(() => scope.get('/none', { config: { auth: { acr: 'bronze' } } }, handler), { name: 'TypeError', message: 'route GET /a/none: config.auth.acr: none of these is accepted in the group the route is in' })
  }, { prefix: '/a' })
  await app.ready()
  const silver = issuer.token({ acr: 'silver', auth_time: now() - 120 })
  t.strictSame(await ask(app, { url: '/a', token: silver }), WELCOME)
  t.strictSame(await ask(app, { url: '/a', token: issuer.token() }), insufficient('acr_values="silver gold", max_age="300"'))
  t.strictSame(await ask(app, { url: '/a/gold', token: silver }), insufficient('acr_values="gold", max_age="60"'))
  t.strictSame(await ask(app, { url: '/a/gold', token: issuer.token({ acr: 'gold', auth_time: now() }) }), WELCOME)
  t.strictSame(await ask(app, '/a/open'), WELCOME)
})

test('request.auth.require() demands it from inside a handler', async (t) => {
  const clock = fakeClock(t)
  const issuer = await issuerFor(t)
  const app = await house(t, issuer)
  app.get('/', async ({ auth }) => { auth.require({ acr: ['a', 'b'], maxAge: 60, scopes: 's' }); return 'in' })
  const token = issuer.token({ acr: 'b', auth_time: now(), scope: 's' })
  t.strictSame(await ask(app, { url: '/', token }), WELCOME)
  clock.advance(71_000)
  t.strictSame(await ask(app, { url: '/', token }), insufficient('scope="s", acr_values="a b", max_age="60"'))
  t.strictSame(await ask(app, '/'), { status: 401, challenge: 'Bearer realm="api"', body: { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' } })
})

test('an API key meets no such demand, and is told what would; an authenticator may vouch for a login', async (t) => {
  const app = bareHouse(t)
  const issuer = await issuerFor(t)
  await app.register(gatehouse, {
    provider: providerOf(issuer),
    authenticators: [
      apiKey({ lookup: async (hash) => ({ hash, subject: 'robot' }) }),
      { name: 'badge', match: ({ headers }) => headers['x-badge'] as string | undefined, authenticate: (acr) => ({ subject: 'ada', claims: { acr } }) }
    ]
  })
  app.get('/', { config: { auth: { acr: 'myACR' } } }, handler)
  const asked = async (headers: Record<string, string>) => answerOf(await app.inject({ url: '/', headers }))
  t.strictSame(await asked({ 'x-api-key': 'key-of-a-robot-1' }), insufficient('acr_values="myACR"'))
  t.strictSame(await asked({ 'x-badge': 'otherACR' }), insufficient('acr_values="myACR"'))
  t.strictSame(await asked({ 'x-badge': 'myACR' }), WELCOME)
})

test('a mistake in a demand fails the boot, naming route, value and remedy', async (t) => {
  const issuer = await issuerFor(t)
  const app = await house(t, issuer)
  for (const [config, message] of [
    [{ auth: { acr: 'a b' } }, "route GET /: config.auth.acr: expected texts without white space, quotes or backslashes, got 'a b'; write [\"a\",\"b\"] to accept each"],
    [{ auth: { maxAge: '5m' as unknown as number } }, "route GET /: config.auth.maxAge: expected seconds, a whole number, got '5m'; leave it out to accept a login of any age"],
    [{ auth: { mode: 'optional', maxAge: 5 } }, "route GET /: config: an optional route lets anonymous callers in, so it cannot demand maxAge: 5 s; make it 'required', or call request.auth.require() where it matters"],
    [{ auth: 'required', maxAge: 5 } as { auth: RouteAuth }, 'route GET /: config.maxAge: belongs inside auth: write auth: { maxAge: … }']
  ] as ReadonlyArray<readonly [{ auth: RouteAuth }, string]>) t.throws(() => app.get('/', { config }, handler), { name: 'TypeError', message })
})
