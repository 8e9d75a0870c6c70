import t from 'tap'
import type { Test } from 'tap'
import { LoginError, oidc } from '../../lib/index.js'
import { BASE, loginApp, NAVIGATION, visitor } from '../support/login-app.js'
import type { LoginAppOptions } from '../support/login-app.js'
import { instantBrowser } from '../support/instant-login.js'
import { loginServer } from '../support/login-server.js'

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
  return { servers, app, underWay }
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

t.test('whoever changes the provider has one session, the new one', async (t) => {
  const { underWay, app } = await two(t)
  const { ada, query } = await underWay('staff')
  await ada.get(`/callback/staff?${query}`)
  t.equal((await ada.get('/shop', NAVIGATION)).status, 401, 'logged in, but as somebody else: no login by itself')
  const { location } = await ada.get('/login?provider=customers', NAVIGATION)
  t.match(location, 'http')
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
