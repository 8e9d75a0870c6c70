import type { RouteShorthandOptions } from 'fastify'
import t from 'tap'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

/** What JavaScript, or TypeScript's blind spot for inline configs, lets through. */
const mistakes: Array<[title: string, config: Record<string, unknown>, message: string]> = [
  ['a number for auth', { auth: 42 }, "POST /things: config.auth: expected false, 'required', 'optional' or an object, got 42"],
  ['auth: true', { auth: true }, "POST /things: config.auth: expected false, 'required', 'optional' or an object, got true; write 'required'"],
  ["auth: 'public'", { auth: 'public' }, "POST /things: config.auth: expected false, 'required', 'optional' or an object, got 'public'"],
  ['an unknown key in auth', { auth: { provider: ['oidc'] } }, 'POST /things: config.auth: unknown key "provider"; did you mean "providers"?'],
  ['scopes inside auth', { auth: { scopes: 'a' } }, 'POST /things: config.auth: unknown key "scopes"; known are mode, providers, credentials, claims, authorize'],
  ["mode: 'public'", { auth: { mode: 'public' } }, "POST /things: config.auth.mode: expected 'required' or 'optional', got 'public'; write auth: false for a public route"],
  ['no providers', { auth: { providers: [] } }, 'POST /things: config.auth.providers: expected a list of provider names, got []; leave it out to accept all'],
  ['a provider nobody configured', { auth: { providers: ['okta'] } }, "POST /things: config.auth.providers: expected one of oidc, got 'okta'"],
  ['authorize that is no function', { auth: { authorize: true } }, 'POST /things: config.auth.authorize: expected a function of the request, got true'],
  ['an empty list', { scopes: [] }, 'POST /things: config.scopes: expected a list with at least one name, got []; leave it out to demand nothing'],
  ['an empty list of claims', { auth: { claims: {} } }, 'POST /things: config.auth.claims: expected at least one claim, got {}; leave it out to demand nothing'],
  ['two scopes in one text', { scopes: 'a b' }, 'POST /things: config.scopes: expected a name without white space, quotes or backslashes, got \'a b\'; write ["a","b"] to demand each'],
  ['scopes on a public route', { auth: false, scopes: 'a' }, 'POST /things: config: auth: false makes the route public, so it cannot demand scopes; remove one of the two'],
  ['roles on a public route', { auth: false, roles: 'a' }, 'POST /things: config: auth: false makes the route public, so it cannot demand roles; remove one of the two'],
  ['scopes on an optional route', { auth: 'optional', scopes: 'a' }, 'POST /things: config: an optional route lets anonymous callers in, so it cannot demand scopes: a'],
  ['scope', { scope: 'a' }, 'POST /things: config.scope: did you mean "scopes"?'],
  ['permission', { permission: 'a' }, 'POST /things: config.permission: did you mean "permissions"?'],
  ['role', { role: 'a' }, 'POST /things: config.role: did you mean "roles"?']
]

t.test('a mistake in the config of a route fails the boot, naming method, URL and remedy:', async (t) => {
  for (const [title, config, message] of mistakes) {
    t.test(title, async (t) => {
      const app = await house(t, issuer)
      app.register(async (scope) => { scope.post('/things', { config } as RouteShorthandOptions, async () => 'in') })
      await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message: `route ${message}` })
    })
  }
})

t.test('the name of a route in a prefixed scope, or with several methods, is complete', async (t) => {
  const app = await house(t, issuer)
  const config = { scopes: [] }
  await app.register(async (scope) => {
    t.throws(() => scope.get('/x/:id', { config }, async () => 'in'), { message: 'route GET /v1/x/:id: config.scopes: expected' })
    t.throws(() => scope.route({ method: ['PUT', 'PATCH'], url: '/y', config, handler: async () => 'in' }), {
      message: 'route PUT, PATCH /v1/y: config.scopes: expected'
    })
  }, { prefix: '/v1' })
})

t.test('a mistake fails the boot also where the default is public', async (t) => {
  const app = await house(t, issuer, { defaultAuth: 'public' })
  t.throws(() => app.get('/x', { config: { scopes: [] } }, async () => 'in'), { name: 'TypeError', message: 'route GET /x' })
})

t.test("other plugins' members of a config are left alone", async (t) => {
  const app = await house(t, issuer)
  app.get('/x', { config: { rateLimit: { max: 1 }, authenticated: 'not ours' } as object }, async (request) => {
    const { rateLimit, authenticated } = request.routeOptions.config as Record<string, unknown>
    return { rateLimit, authenticated }
  })
  t.strictSame(await ask(app, '/x'), nothingSent())
  t.strictSame(await ask(app, { url: '/x', token: issuer.token() }), ok({ rateLimit: { max: 1 }, authenticated: 'not ours' }))
})

t.test("the user's own config object is neither changed nor kept", async (t) => {
  const config: { scopes: string | undefined } = Object.seal({ scopes: 'read' })
  const app = await house(t, issuer)
  app.get('/x', { config }, async () => 'in')
  config.scopes = undefined
  t.strictSame(await ask(app, '/x'), nothingSent('read'))
  t.strictSame(Reflect.ownKeys(config), ['scopes'])
})
