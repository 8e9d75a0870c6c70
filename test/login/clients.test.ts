import t from 'tap'
import type { Test } from 'tap'
import { LoginError, oidc } from '../../lib/index.js'
import { instantBrowser } from '../support/instant-login.js'
import { BASE, loginApp, NAVIGATION, visitor } from '../support/login-app.js'
import type { LoginAppOptions } from '../support/login-app.js'
import { loginProvider } from '../support/login-provider.js'
import { loginServer } from '../support/login-server.js'

t.test('every kind of client logs in at a certified provider, with requests it demands to be pushed', async (t) => {
  const provider = await loginProvider(t, { features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } } })
  const { issuer, secret, key } = provider
  for (const [clientId, client] of [
    ['web', { clientSecret: secret }], ['web-post', { clientSecret: secret, clientAuthentication: 'client_secret_post' }], ['public', { clientAuthentication: 'none' }],
    ['web-key', { clientAuthentication: 'private_key_jwt', key: key.export({ format: 'pem', type: 'pkcs8' }).toString(), keyAlg: 'ES256', keyId: 'web-key-1' }]
  ] as const) {
    const app = await loginApp(t, { issuer }, { core: { provider: oidc({ issuer, clientId, ...client }) }, login: { scope: 'openid email', userinfo: true, prompt: 'consent', maxAge: 3600 } })
    const ada = visitor(app, provider.browser())
    const { status, location } = await ada.logIn('ada', '/login?returnTo=/me')
    t.strictSame([status, location], [302, '/me'], clientId)
    t.match((await ada.get('/')).json(), { user: { sub: 'ada', email: 'ada@example.com' } })
  }
  t.equal(provider.paths.filter((path) => path === '/request').length, 4)
})

t.test('there must be a provider one can log in with', async (t) => {
  const nobody = /^login: nobody to log in with: give a provider clientId and clientSecret; a function that chooses providers is none$/
  for (const provider of [() => undefined, oidc({ issuer: 'https://id.example.com', audience: 'https://api.example' })]) {
    await t.rejects(loginApp(t, { issuer: 'https://id.example.com' }, { core: { provider } }), { name: 'TypeError', message: nobody })
  }
})

/** Staff and customers log in at providers of their own; a third provider has no client: its tokens are accepted, and nobody logs in there. */
async function two (t: Test, options: LoginAppOptions = {}) {
  const servers = { staff: await loginServer(t, ['ES256']), customers: await loginServer(t, ['ES256']) }
  const client = { clientId: 'web', clientSecret: 'hunter2' }
  const app = await loginApp(t, servers.staff.issuer, {
    ...options,
    core: {
      provider: [
        oidc({ issuer: 'https://tokens.example', audience: 'https://api.example', name: 'tokens' }),
        oidc({ issuer: servers.staff.issuer.issuer, name: 'staff', ...client }), oidc({ issuer: servers.customers.issuer.issuer, name: 'customers', ...client })
      ],
      ...options.core
    },
    before (app) {
      app.setErrorHandler((error, _request, reply) => error instanceof LoginError ? reply.code(error.statusCode).send({ loginUrl: error.loginUrl, reason: error.reason }) : reply.send(error))
    },
    routes (app) {
      app.get('/who', async ({ auth }) => ({ provider: auth.provider, subject: auth.subject }))
      app.get('/shop', { config: { auth: { providers: ['customers'] } } }, async () => 'x')
      app.get('/tokens', { config: { auth: { providers: ['tokens'] } } }, async () => 'x')
    }
  })
  const browsers = { staff: instantBrowser(servers.staff), customers: instantBrowser(servers.customers) }
  async function underWay (provider: 'staff' | 'customers', path = `/login?provider=${provider}`) {
    const ada = visitor(app)
    const { location } = await ada.get(path, NAVIGATION)
    const { parameters } = await browsers[provider].visit(location!)
    return { ada, location: location!, query: new URLSearchParams(parameters).toString(), state: parameters.state! }
  }
  /** Where a provider sends the browser back to. */
  async function back (provider: 'staff' | 'customers', location: string) {
    return `/callback/${provider}?${new URLSearchParams((await browsers[provider].visit(location)).parameters).toString()}`
  }
  return { servers, app, underWay, back }
}

t.test('each provider has its own callback, and the first with a client is the default', async (t) => {
  const { servers, underWay, app } = await two(t)
  for (const provider of ['staff', 'customers'] as const) {
    const { ada, location, query } = await underWay(provider, `/login?provider=${provider}&returnTo=/who`)
    const url = new URL(location)
    t.equal(url.origin, servers[provider].issuer.issuer)
    t.equal(url.searchParams.get('redirect_uri'), `${BASE}/callback/${provider}`)
    t.equal((await ada.get(`/callback/${provider}?${query}`)).location, '/who')
    t.strictSame((await ada.get('/who')).json(), { provider, subject: 'ada' })
  }
  t.equal(new URL((await visitor(app).get('/login', NAVIGATION)).location!).origin, servers.staff.issuer.issuer)
  for (const url of ['/callback', '/callback/tokens', '/callback/other', '/callback/']) t.equal((await visitor(app).get(url)).status, 404, url)
  t.match((await visitor(app).get('/login?provider=tokens', NAVIGATION)).json(), { reason: 'provider_mismatch', loginUrl: '/login' })
})

t.test("a code that comes to another provider's callback is refused, and shown to nobody", async (t) => {
  const { servers, underWay } = await two(t)
  const { ada, query } = await underWay('staff')
  const { status, json } = await ada.get(`/callback/customers?${query}`)
  t.match([status, json()], [400, { reason: 'transaction_missing', loginUrl: '/login?provider=customers' }])
  for (const { requests } of Object.values(servers)) t.strictSame(requests, [])
  t.equal((await ada.get(`/callback/staff?${query}`)).status, 400, 'and the login is over')
})

t.test('another try is with the same provider', async (t) => {
  const { underWay } = await two(t)
  const { ada, state } = await underWay('customers')
  t.match((await ada.get(`/callback/customers?error=access_denied&state=${state}`)).json(), { reason: 'authorization_refused', loginUrl: '/login?provider=customers' })
})

t.test('a page for those of one provider sends them there', async (t) => {
  const { servers, underWay, app } = await two(t)
  const { ada, location, query } = await underWay('customers', '/shop')
  t.equal(new URL(location).origin, servers.customers.issuer.issuer)
  t.equal((await ada.get(`/callback/customers?${query}`)).location, '/shop')
  t.equal((await ada.get('/shop')).status, 200)
  t.equal((await visitor(app).get('/tokens', NAVIGATION)).status, 401, 'nobody can log in there')
})

t.test('who is logged in with another provider than a page takes is sent to log in with that, once', async (t) => {
  const { servers, underWay, back } = await two(t)
  const { ada, query } = await underWay('staff')
  await ada.get(`/callback/staff?${query}`)
  t.match(await ada.get('/shop'), { status: 401, body: /GATEHOUSE_CREDENTIAL_INVALID/ }, 'a program is told')
  t.equal((await ada.get('/tokens', NAVIGATION)).status, 401, 'nobody can log in there')
  const { status, location, headers } = await ada.get('/shop', NAVIGATION)
  t.match([status, new URL(location!).origin, headers['www-authenticate']], [302, servers.customers.issuer.issuer, undefined])
  t.equal((await ada.get(await back('customers', location!))).location, '/shop')
  t.equal((await ada.get('/shop', NAVIGATION)).status, 200)
})

t.test('whoever changes the provider has one session, the new one', async (t) => {
  const { underWay, app } = await two(t)
  const { ada, query } = await underWay('staff')
  await ada.get(`/callback/staff?${query}`)
  const second = await underWay('customers')
  second.ada.jar.take([`${ada.jar.header().split('; ').find((pair) => pair.startsWith('gatehouse='))!}; Path=/`])
  await second.ada.get(`/callback/customers?${second.query}`)
  t.strictSame((await second.ada.get('/who')).json(), { provider: 'customers', subject: 'ada' })
  t.equal((await ada.get('/who')).status, 401)
  t.ok(app)
})

t.test('a name that is no part of a path fails the boot, where it is one', async (t) => {
  const client = { clientId: 'web', clientSecret: 'hunter2' }
  for (const name of ['my tenant', 'a/b', ':a', '*', '.', '..', 'ä', 'a%2fb', 'a?b', '']) {
    await t.rejects(async () => {
      const provider = [oidc({ issuer: 'https://a.example', name, ...client }), oidc({ issuer: 'https://b.example', ...client })]
      await loginApp(t, { issuer: 'https://c.example' }, { core: { provider } })
    }, { name: 'TypeError', message: name === '' ? /name/ : /^login: the name of a provider, which is part of the path of its callback: expected letters, digits, dots and dashes/ }, name)
  }
  await loginApp(t, { issuer: 'https://c.example' }, { core: { provider: oidc({ issuer: 'https://a.example', name: 'my tenant', ...client }) } })
})
