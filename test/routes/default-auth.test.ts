import t from 'tap'
import type { DefaultAuth, RouteDescription } from '../../lib/index.js'
import { ask, bareHouse, GARBAGE, house, issuerFor, ok, providerOf } from '../support/house.js'
import { badToken, lacksScope, nothingSent } from '../support/refusals.js'
import gatehouse from '../../lib/index.js'

const issuer = await issuerFor(t)

t.test('defaultAuth decides for routes that say nothing, and for no others:', async (t) => {
  const answers = {
    required: [nothingSent(), badToken],
    optional: [ok(false), badToken],
    public: [ok(false), ok(false)]
  }
  for (const [defaultAuth, [without, withGarbage]] of Object.entries(answers)) {
    t.test(`'${defaultAuth}'`, async (t) => {
      const app = await house(t, issuer, { defaultAuth: defaultAuth as keyof typeof answers })
      const handler = async ({ auth }: { auth: { isAuthenticated: boolean } }) => auth.isAuthenticated
      app.get('/silent', handler)
      app.get('/empty', { config: {} }, handler)
      app.get('/foreign', { config: { rateLimit: 1 } as object }, handler)
      app.get('/undefined', { config: { auth: undefined, scopes: undefined } }, handler)
      app.get('/required', { config: { auth: 'required' } }, handler)
      app.get('/scoped', { config: { scopes: 'read' } }, handler)
      app.get('/public', { config: { auth: false } }, handler)

      for (const url of ['/silent', '/empty', '/foreign', '/undefined']) {
        t.strictSame(await ask(app, url), without, url)
        t.strictSame(await ask(app, { url, token: GARBAGE }), withGarbage, url)
      }
      t.strictSame(await ask(app, '/required'), nothingSent())
      t.strictSame(await ask(app, '/scoped'), nothingSent('read'), 'a demand makes a route required')
      t.strictSame(await ask(app, '/public'), ok(false))
    })
  }
})

t.test('a function', async (t) => {
  t.test('is asked once for each route that says nothing, with method, URL and prefix', async (t) => {
    const asked: RouteDescription[] = []
    const app = await house(t, issuer, { defaultAuth: (route) => { asked.push(route); return undefined } })
    app.post('/silent', async () => 'in')
    app.post('/spoken', { config: { scopes: 'a' } }, async () => 'in')
    await app.register(async (scope) => {
      scope.route({ method: ['PUT', 'PATCH'], url: '/x/:id', handler: async () => 'in' })
    }, { prefix: '/v1' })
    await app.ready()
    for (let times = 0; times < 2; times++) await ask(app, { method: 'POST', url: '/silent' })
    t.strictSame(asked, [
      { method: 'POST', url: '/silent', prefix: '' },
      { method: ['PUT', 'PATCH'], url: '/v1/x/:id', prefix: '/v1' }
    ])
  })

  t.test('may return any policy; undefined and an empty one mean required', async (t) => {
    const policies: Record<string, ReturnType<Extract<DefaultAuth, (route: RouteDescription) => unknown>>> = {
      '/undefined': undefined,
      '/empty': {},
      '/public': { auth: false },
      '/optional': { auth: 'optional' },
      '/scoped': { scopes: { any: ['read', 'admin'] } },
      '/named': { auth: { providers: ['oidc'] } }
    }
    const app = await house(t, issuer, { defaultAuth: ({ url }) => policies[url] })
    for (const url of Object.keys(policies)) app.get(url, async ({ auth }) => auth.isAuthenticated)

    for (const url of ['/undefined', '/empty', '/named']) t.strictSame(await ask(app, url), nothingSent(), url)
    for (const url of ['/public', '/optional']) t.strictSame(await ask(app, url), ok(false), url)
    t.strictSame(await ask(app, { url: '/optional', token: GARBAGE }), badToken)
    t.strictSame(await ask(app, '/scoped'), nothingSent('read'))
    t.strictSame(await ask(app, { url: '/scoped', token: issuer.token() }), lacksScope('read'))
    t.strictSame(await ask(app, { url: '/scoped', token: issuer.token({ scope: 'admin' }) }), ok(true))
  })

  const wrong: Array<[title: string, answer: () => unknown, message: string]> = [
    ['throws', () => { throw new Error('out of order') }, 'out of order'],
    ['returns a text', () => 'public', "defaultAuth(GET /x): expected an object, got 'public'; return a route policy or undefined"],
    ['returns false', () => false, 'defaultAuth(GET /x): expected an object, got false; return a route policy or undefined'],
    ['returns a promise', async () => ({ auth: false }), 'defaultAuth(GET /x): expected an object, got an instance of Promise'],
    ['returns an unknown key', () => ({ scope: 'read' }), 'defaultAuth(GET /x): unknown key "scope"; did you mean "scopes"?'],
    ['returns an empty list', () => ({ scopes: [] }), 'defaultAuth(GET /x).scopes: expected a list with at least one name, got []'],
    ['demands of a public route', () => ({ auth: false, scopes: 'a' }), 'defaultAuth(GET /x): auth: false makes the route public'],
    ['names a provider nobody configured', () => ({ auth: { providers: ['okta'] } }), "defaultAuth(GET /x).auth.providers: expected one of oidc, got 'okta'"]
  ]
  for (const [title, answer, message] of wrong) {
    t.test(`that ${title} fails the boot`, async (t) => {
      const app = await house(t, issuer, { defaultAuth: answer as DefaultAuth })
      app.register(async (scope) => { scope.get('/x', async () => 'in') })
      await t.rejects(async () => { await app.ready() }, { message })
    })
  }

  t.test('may name any provider where a resolver chooses', async (t) => {
    const provider = providerOf(issuer, { name: 'tenant' })
    const app = bareHouse(t)
    await app.register(gatehouse, { provider: () => provider, defaultAuth: () => ({ auth: { providers: ['tenant'] } }) })
    app.get('/x', async (request) => request.auth.provider)
    t.strictSame(await ask(app, { url: '/x', token: issuer.token() }), ok('tenant'))
  })
})
