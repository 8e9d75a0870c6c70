import t from 'tap'
import { memoryStore } from '../../lib/store/memory.js'
import { instantBrowser, isIn, KEPT, loggedIn } from '../support/instant-login.js'
import { BASE, loginApp, NAVIGATION, visitor } from '../support/login-app.js'
import { loginServer } from '../support/login-server.js'
import { watched } from '../support/session-stage.js'

for (const kind of ['cookie', 'store'] as const) {
  t.test(`with sessions in a ${kind}`, async (t) => {
    const { server, app, ada } = await loggedIn(t, { login: KEPT[kind] })
    const browser = instantBrowser(server)

    t.test('GET /logout ends the session here and goes to end it at the provider', async (t) => {
      const { status, location, headers } = await ada.get('/logout', { ...NAVIGATION, 'sec-fetch-site': 'same-origin' })
      t.equal(status, 302)
      t.equal(headers['cache-control'], 'no-store')
      const url = new URL(location!)
      t.equal(url.origin + url.pathname, `${server.origin}/logout`)
      const { id_token_hint: hint, ...query } = Object.fromEntries(url.searchParams)
      t.strictSame(query, { client_id: 'web', post_logout_redirect_uri: `${BASE}/` })
      t.equal(JSON.parse(Buffer.from(hint!.split('.')[1]!, 'base64url').toString()).sub, 'ada')
      t.strictSame(ada.jar.names(), [])
      t.equal(await isIn(ada), false)
    })

    t.test('POST /logout from a page of the app does as well, and the browser GETs what follows', async (t) => {
      for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'same-site', origin: BASE }]) {
        const person = visitor(app, browser)
        await person.logIn()
        const { status, location } = await person.post('/logout', 'why=tired', { 'content-type': 'application/x-www-form-urlencoded', ...headers })
        t.equal(status, 303)
        t.match(location, `${server.origin}/logout?`)
        t.equal(await isIn(person), false)
      }
    })

    t.test('a script may post whatever it likes', async (t) => {
      for (const [type, body] of [['application/json', '{}'], ['application/json', ''], ['text/plain', 'out'], ['multipart/form-data; boundary=x', '--x--']] as const) {
        const person = visitor(app, browser)
        await person.logIn()
        t.match(await person.post('/logout', body, { 'content-type': type }), { status: 303 }, type)
        t.equal(await isIn(person), false)
      }
    })

    t.test('another site logs nobody out, and nobody goes in circles', async (t) => {
      const person = visitor(app, browser)
      await person.logIn()
      t.match(await person.get('/logout', { ...NAVIGATION, 'sec-fetch-site': 'cross-site' }), { status: 302, location: /^\/$/, headers: { 'cache-control': 'no-store', 'set-cookie': undefined } })
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none', origin: 'https://evil.example' }, { 'sec-fetch-site': '', origin: 'null' }]) {
        t.match(await person.post('/logout', undefined, headers), { status: 303, location: /^\/$/ }, JSON.stringify(headers))
      }
      t.equal(await isIn(person), true)
    })

    t.test('a page fetched ahead logs nobody out, and is not kept for the click', async (t) => {
      const person = visitor(app, browser)
      await person.logIn()
      for (const headers of [{ 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }]) {
        t.match(await person.get('/logout', headers as Record<string, string>), { status: 503, body: '', headers: { 'cache-control': 'no-store', 'set-cookie': undefined } })
      }
      t.equal(await isIn(person), true)
    })

    t.test('without a session the browser goes home, and the provider is not asked', async (t) => {
      const nobody = visitor(app)
      t.match(await nobody.get('/logout'), { status: 302, location: /^\/$/, headers: { 'set-cookie': undefined } })
      nobody.jar.take([`gatehouse=${'x'.repeat(43)}; Path=/`])
      t.match(await nobody.post('/logout'), { status: 303, location: /^\/$/ })
      t.strictSame(nobody.jar.names(), [], 'what is no session is removed')
      t.equal((await app.inject({ method: 'HEAD', url: '/logout' })).statusCode, 404)
    })

    t.test('a cookie copied before the logout is refused after it', async (t) => {
      const person = visitor(app, browser)
      await person.logIn()
      const cookie = person.jar.header()
      t.equal((await app.inject({ url: '/me', headers: { cookie } })).statusCode, 200)
      await person.get('/logout')
      const { statusCode, headers } = await app.inject({ url: '/me', headers: { cookie } })
      t.match({ statusCode, cleared: headers['set-cookie'] }, { statusCode: 401, cleared: /^gatehouse=; Max-Age=0/ })
      t.equal((await app.inject({ url: '/logout', headers: { cookie } })).headers.location, '/', 'nor is it a session to log out of')
    })

    t.test('whoever logs in again after a logout is in at once, in the same session of the provider too', async (t) => {
      const person = visitor(app, instantBrowser(server, { claims: { sid: 'the same' } }))
      for (let round = 0; round < 3; round++) {
        await person.logIn()
        t.equal(await isIn(person), true)
        await person.get('/logout')
        t.equal(await isIn(person), false)
      }
    })

    t.test('logged out twice at once, both answers send the browser on', async (t) => {
      const person = visitor(app, browser)
      await person.logIn()
      const answers = await Promise.all([person.get('/logout'), person.get('/logout')])
      t.strictSame(answers.map(({ status }) => status), [302, 302])
      t.equal(await isIn(person), false)
    })
  })

  t.test(`a store away during a logout is a 503, and the cookie of a session in a ${kind} is cleared all the same`, async (t) => {
    const store = watched(memoryStore({ singleProcess: true }))
    const { ada } = await loggedIn(t, { core: { store }, login: KEPT[kind] })
    const cookie = ada.jar.header().split('; ').find((pair) => pair.startsWith('gatehouse='))!
    for (const away of ['all', [kind === 'cookie' ? 'set' : 'delete']] as const) {
      ada.jar.take([`${cookie}; Path=/`])
      store.away = away
      t.match(await ada.get('/logout'), { status: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' }, body: /GATEHOUSE_UNAVAILABLE/ })
      t.strictSame(ada.jar.names(), [])
      store.away = 'none'
    }
    ada.jar.take([`${cookie}; Path=/`])
    t.equal(await isIn(ada), true, 'nobody ended it')
    t.equal((await ada.get('/logout')).status, 302)
    ada.jar.take([`${cookie}; Path=/`])
    t.equal(await isIn(ada), false)
  })
}

t.test('an app logs out where it wants to: at the provider or not, and back to a path of its own', async (t) => {
  const { server, app, ada } = await loggedIn(t, {
    login: { routes: { logout: false }, logout: { returnTo: '/bye' } },
    routes (app) {
      app.post('/out', { config: { auth: 'optional' } }, async (request, reply) => {
        if (request.auth.isAuthenticated) request.auth.session.data.note = 'too late'
        return reply.logout(request.body as object)
      })
      app.get('/public-out', { config: { auth: false } }, async (_request, reply) => reply.logout())
    }
  })
  const browser = instantBrowser(server)
  const out = async (parameters: object) => {
    const person = visitor(app, browser)
    await person.logIn()
    const { status, location } = await person.post('/out', JSON.stringify(parameters), { 'content-type': 'application/json' })
    return { status, location: location?.startsWith(server.origin) === true ? `provider, then ${new URL(location).searchParams.get('post_logout_redirect_uri')}` : location, kept: person.jar.names(), isIn: await isIn(person) }
  }
  const gone = { status: 303, kept: [], isIn: false }
  t.equal((await ada.get('/logout')).status, 404)
  t.strictSame(await out({}), { ...gone, location: `provider, then ${BASE}/bye` })
  t.strictSame(await out({ provider: false }), { ...gone, location: '/bye' })
  t.strictSame(await out({ returnTo: '/see?you=1#soon', provider: false }), { ...gone, location: '/see?you=1#soon' })
  t.strictSame(await out({ returnTo: '/see' }), { ...gone, location: `provider, then ${BASE}/see` })
  for (const returnTo of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/\t/evil.example', '/.//evil.example', 'javascript:alert(1)', '', 7, '/login', '/LOGIN', '/login/', '/logi%6E?x', '/./callback#x', '//callback']) {
    t.strictSame(await out({ returnTo, provider: false }), { ...gone, location: '/' }, String(returnTo))
  }
  for (const parameters of [{ provider: 'none' }, { return_to: '/' }, []]) {
    t.match(await out(parameters), { status: 500, isIn: true }, JSON.stringify(parameters))
  }
  t.match(await ada.get('/public-out'), { status: 302, location: /post_logout_redirect_uri=/ })
  t.equal(await isIn(ada), false, 'a route that reads no session ends it all the same')
})

t.test('with silent login nobody is logged in again by the next page', async (t) => {
  const { ada } = await loggedIn(t, { login: { silent: true, logout: { provider: false } } })
  // The browser was closed since: the session lasts, what is remembered as long as it runs does not.
  ada.jar.take(['gatehouse-silent=; Max-Age=0'])
  await ada.get('/logout')
  t.match(await ada.get('/', NAVIGATION), { status: 200, body: '{"user":null}' })
})

t.test('behind a gateway with a prefix, and of several sites, the browser stays at its own', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const app = await loginApp(t, server.issuer, { core: { baseUrl: [`${BASE}/shop`, 'http://localhost:3000'] } })
  const ada = visitor(app, instantBrowser(server))
  t.match(await ada.logIn('ada', '/login?returnTo=/shop/'), { location: /^\/shop\/$/ })
  t.match(await visitor(app).get('/logout', { host: 'localhost:3000' }), { location: /^\/$/ })
  t.match(await ada.get('/logout', { host: 'evil.example' }), { status: 400 })
  t.match(await ada.get('/logout', { host: 'evil.example', 'sec-fetch-site': 'cross-site' }), { status: 302, location: /^\/$/ })
  t.match(await ada.get('/logout', { 'sec-fetch-site': 'cross-site' }), { status: 302, location: /^\/shop\/$/ })
  const { searchParams } = new URL((await ada.get('/logout')).location!)
  t.equal(searchParams.get('post_logout_redirect_uri'), `${BASE}/shop/`)
})
