import http2 from 'node:http2'
import { once } from 'node:events'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import t from 'tap'
import type { Test } from 'tap'
import gatehouse, { memoryStore, oidc } from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import login from '../../lib/login/index.js'
import type { LoginOptions } from '../../lib/login/index.js'
import { instantBrowser } from '../support/instant-login.js'
import { BASE, loginApp, NAVIGATION, visitor } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'
import { loginServer } from '../support/login-server.js'
import { captureLogs } from '../support/logs.js'
import { SECRET } from '../support/session-stage.js'

const ISSUER = 'https://id.example.com'
const session = { secret: SECRET }
const core = (more: Partial<GatehouseOptions> = {}): GatehouseOptions => ({ provider: oidc({ issuer: ISSUER, clientId: 'web', clientSecret: 'hunter2' }), baseUrl: BASE, startup: 'lazy', ...more })

/** What a registration is refused with. */
async function refused (t: Test, register: (app: FastifyInstance) => unknown): Promise<string> {
  const app = Fastify()
  t.teardown(() => app.close())
  try {
    await register(app)
    await app.ready()
    return 'accepted'
  } catch (error) {
    t.type(error, TypeError)
    return (error as Error).message
  }
}

t.test('the boot fails where login cannot work, and says what to do', async (t) => {
  const withLogin = (options: Partial<LoginOptions>, more: Partial<GatehouseOptions> = {}) => async (app: FastifyInstance) => {
    await app.register(gatehouse, core(more))
    await app.register(login, { session, ...options })
  }
  for (const [register, message] of [
    [(app) => app.register(login, { session }), 'login: register the gatehouse first, in the same scope'],
    [async (app) => {
      await app.register(gatehouse, core())
      await app.register(async (scope) => { await scope.register(login, { session }) })
    }, 'login: the gatehouse is registered in a scope around this one; register login in the same'],
    [async (app) => {
      await app.register(gatehouse, core())
      await app.register(login, { session })
      await app.register(login, { session })
    }, 'login: registered twice for the same gatehouse; several providers log in through one: ?provider=name'],
    [async (app) => { await app.register(async (scope) => { await withLogin({})(scope) }, { prefix: '/:tenant' }) }, "login: the prefix of its scope: expected a path without parameters, such as /app, got '/:tenant'"],
    [async (app) => { await app.register(async (scope) => { await withLogin({})(scope) }, { prefix: '/a/..' }) }, "login: the prefix of its scope: expected a path without parameters, such as /app, got '/a/..'"],
    [async (app) => {
      const { baseUrl: _, ...rest } = core()
      await app.register(gatehouse, rest)
      await app.register(login, { session })
    }, 'login: the gatehouse needs a baseUrl'],
    [withLogin({ session: undefined as never }), 'login.session: expected an object'],
    [withLogin({ prompt: '' }), 'login.prompt: expected a text that is not empty'],
    [withLogin({ maxAge: 1.5 }), 'login.maxAge: expected seconds, a whole number'],
    [withLogin({ acrValues: [] }), 'login.acrValues: expected a text that is not empty, or a list of such, got []'],
    [withLogin({ acrValues: null as never }), 'login.acrValues: expected a text that is not empty, or a list of such, got null'],
    [withLogin({ authorizationParams: { state: 'x' } }), 'login.authorizationParams.state: cannot be set here'],
    [withLogin({ routes: { callback: '/a/../b' } }), 'login.routes.callback: expected a path such as /login'],
    [withLogin({ session: { ...session, cookie: { name: '__Host-x' } } }), 'cookie "__Host-x"'],
    [withLogin({ session: { ...session, cookie: { domain: 'example.com' } } }), "login.session.cookie.domain: expected a domain that 127.0.0.1 is in, got 'example.com'"],
    [withLogin({ routes: { backchannelLogout: '/bye' } }), 'login.routes.backchannelLogout: a logout reaches one process'],
    [withLogin({ prefix: '/auth' } as never), 'login: prefix has no effect here'],
    [withLogin({ session: 5 as never }), 'login.session: expected an object'],
    [async (app) => {
      await app.register(gatehouse, core())
      app.get('/account', { config: { auth: { credentials: ['session'] } } }, async () => 'x')
    }, 'gatehouse: GET /account, HEAD /account: takes sessions only, and nobody can log in: register fastify-gatehouse/login'],
    [async (app) => {
      await withLogin({}, { provider: [oidc({ issuer: ISSUER, clientId: 'web', clientSecret: 'hunter2' }), oidc({ issuer: 'https://tokens.example', name: 'tokens', audience: 'https://api.example' })] })(app)
      app.get('/account', { config: { auth: { credentials: ['session'], providers: ['tokens'] } } }, async () => 'x')
    }, 'gatehouse: GET /account, HEAD /account: takes sessions only, and nobody can log in: give a provider it accepts a clientId'],
    [withLogin({}), 'accepted']
  ] as ReadonlyArray<readonly [(app: FastifyInstance) => unknown, string]>) t.ok((await refused(t, register)).startsWith(message), message)
})

t.test('a session cookie that does not come to logout and callback fails the boot', async (t) => {
  const under = (path: string, routes: LoginOptions['routes'] = {}, baseUrl: GatehouseOptions['baseUrl'] = BASE, prefix = '') => refused(t, async (app) => {
    await app.register(async (scope) => {
      await scope.register(gatehouse, core({ baseUrl }))
      await scope.register(login, { session: { ...session, cookie: { path } }, routes })
    }, { prefix })
  })
  const where = 'login.session.cookie.path:'
  t.equal(await under('/app'), `${where} /logout is not under /app, so logging out would not see the session; write routes: { logout: '/app/logout', … }`)
  t.equal(await under('/app/', { logout: '/apple' }), `${where} /apple is not under /app/, so logging out would not see the session; write routes: { logout: '/app/apple', … }`)
  t.equal(await under('/app', { logout: false }), `${where} /callback is not under /app, so a login would not see the session; write routes: { callback: '/app/callback', … }`)
  t.equal(await under('/shop/cart', {}, [BASE, 'https://example.com/shop']), `${where} /logout is not under /shop/cart, so logging out would not see the session; write routes: { logout: '/shop/cart/logout', … }`)
  t.equal(await under('/shop/area/x', {}, 'https://example.com/shop', '/area'), `${where} /shop/area/logout is not under /shop/area/x, so logging out would not see the session; write routes: { logout: '/x/logout', … }`)
  t.equal(await under('/cart', {}, 'https://example.com/shop'), `${where} /shop/logout is not under /cart, so logging out would not see the session; write path: '/shop'`)
  for (const accepted of [under('/app', { logout: '/app/out', callback: '/app' }), under('/app/', { logout: false, callback: '/app/in' }), under('/shop', {}, 'https://example.com/shop'), under('/shop/area', {}, 'https://example.com/shop', '/area')]) t.equal(await accepted, 'accepted')
})

t.test('in a scope with a prefix login is under it, and reaches nobody outside', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (scope) => {
    await scope.register(gatehouse, core({ provider: oidc({ issuer: server.issuer.issuer, clientId: 'web', clientSecret: 'hunter2' }) }))
    await scope.register(login, { session })
    scope.get('/me', async ({ auth }) => auth.subject)
  }, { prefix: '/area' })
  await app.register(async (scope) => { scope.get('/open', async (request, reply) => [Reflect.has(request, 'auth'), Reflect.has(reply, 'login')]) })
  const ada = visitor(app)
  const { location } = await ada.get('/area/me', NAVIGATION)
  t.equal(new URL(location!).searchParams.get('redirect_uri'), `${BASE}/area/callback`)
  const { parameters } = await instantBrowser(server).visit(location!)
  t.equal((await ada.get(`/area/callback?${new URLSearchParams(parameters).toString()}`)).location, '/area/me')
  t.equal((await ada.get('/area/me')).body, 'ada')
  t.strictSame((await ada.get('/open')).json(), [false, false])
  t.equal((await ada.get('/login')).status, 404)
})

t.test("another plugin's cookies and ours are in one answer", async (t) => {
  const { underWay } = await loginStage(t, {
    async before (app) {
      // As @fastify/cookie does it.
      await app.register(fp(async (scope) => {
        scope.addHook('onRequest', async (_request, reply) => { reply.header('set-cookie', 'early=1') })
        scope.addHook('onSend', async (_request, reply) => {
          const lines = [reply.getHeader('set-cookie') ?? []].flat()
          reply.removeHeader('set-cookie')
          reply.header('set-cookie', [...lines, 'late=1'])
          reply.header('cache-control', 'public, max-age=60')
        })
      }))
    }
  })
  const { ada, callback } = await underWay('/me')
  const { headers } = await ada.get(callback)
  t.match(headers['set-cookie'], ['early=1', /^gatehouse-login-/, /^gatehouse-arrived=/, /^gatehouse=/, 'late=1'])
  t.equal(headers['cache-control'], 'no-store', 'whatever others say')
  t.match(ada.jar.names(), ['early', 'late', 'gatehouse'])
  t.equal((await ada.get('/me')).status, 200)
})

t.test('over HTTP/2 it is the same', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  await app.register(gatehouse, core({ provider: oidc({ issuer: server.issuer.issuer, clientId: 'web', clientSecret: 'hunter2' }), baseUrl: ['https://a.example', 'https://b.example'] }))
  await app.register(login, { session })
  app.get('/me', async ({ auth }) => auth.subject)
  const client = http2.connect(await app.listen({ port: 0 }))
  t.teardown(() => { client.close() })
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const stream = client.request({ ':path': path, ':authority': 'b.example', ...headers })
    const [answer] = await once(stream, 'response')
    stream.resume()
    return answer
  }
  const answer = await get('/me', NAVIGATION)
  t.match(answer, { ':status': 302, 'cache-control': 'no-store' })
  t.equal(new URL(answer.location).searchParams.get('redirect_uri'), 'https://b.example/callback')
  const { parameters } = await instantBrowser(server).visit(answer.location)
  const done = await get(`/callback?${new URLSearchParams(parameters).toString()}`, { cookie: answer['set-cookie'][0].split(';')[0] })
  t.match(done, { ':status': 302, location: /^\/me$/ })
  t.match(await get('/me', { cookie: done['set-cookie'].at(-1).split(';')[0] }), { ':status': 200 })
  t.match(await get('/me'), { ':status': 401 })
})

t.test('what works, but not as people may think, is said at boot', async (t) => {
  const boot = async (core: Partial<GatehouseOptions>, options: Partial<LoginOptions>) => {
    const logs = captureLogs()
    await (await loginApp(t, { issuer: ISSUER }, { core, login: options, logger: { level: 'debug', stream: logs.stream } })).ready()
    return logs.lines.filter(({ msg }) => String(msg).startsWith('login: ')).map(({ level, msg }) => `${String(level)} ${String(msg)}`)
  }
  const https = { baseUrl: 'https://app.example.com' }
  const alone = /^40 login: who logged out, and what became of refresh tokens, is known to this process alone/
  const shared = { ...https, store: memoryStore({ singleProcess: true }) }
  t.match(await boot(shared, {}), ['20 login: one can log in with'])
  t.match(await boot({ store: shared.store }, {}), [/^40 login: plain http: the session cookie has neither Secure nor the prefix __Host-/, /^20/])
  t.match(await boot(https, { session: { ...session, in: 'store' } }), [/^40 login: sessions are in the memory of this process/, /^20/])
  t.match(await boot(https, {}), [alone, /^20/])
  t.match(await boot(shared, { session: { ...session, in: 'store' } }), [/^20/])
  t.match(await boot(shared, { session: { ...session, cookie: { domain: 'example.com' } } }), [/^40 login: the session cookie goes to every subdomain/, /^20/])
})

t.test('the log has requests as the app wants them, but for the queries of our routes', async (t) => {
  for (const [req, expected] of [
    [(request: { method: string, url: string }) => ({ verb: request.method, url: request.url }), { verb: 'GET', url: '/callback' }],
    [({ url }: { url: string }) => ({ path: url.split('?')[0] }), { path: '/callback' }],
    [() => 'a request', 'a request'], [() => null, null], [() => ({ url: 5 }), { url: 5 }]
  ] as const) {
    const logs = captureLogs()
    const app = await loginApp(t, { issuer: ISSUER }, { core: { startup: 'lazy' }, logger: { level: 'info', stream: logs.stream, serializers: { req } } })
    await app.inject('/callback?code=hunter2&state=hunter2')
    t.strictSame(logs.lines.find(({ msg }) => msg === 'incoming request')?.req, expected)
    t.notMatch(logs.text(), 'hunter2')
    await app.inject('/?page=2')
    if (typeof expected === 'object' && expected !== null && 'verb' in expected) t.match(logs.text(), '"url":"/?page=2"')
  }
  t.equal((await (await loginApp(t, { issuer: ISSUER }, { core: { startup: 'lazy' } })).inject('/callback')).statusCode, 400, 'nor does it matter where nothing is logged')
})
