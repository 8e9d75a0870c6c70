import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { LoginOptions } from '../../lib/login/index.js'
import { instantBrowser, isIn, KEPT } from '../support/instant-login.js'
import type { InstantLogin } from '../support/instant-login.js'
import { loginApp, visitor } from '../support/login-app.js'
import type { Visitor } from '../support/login-app.js'
import type { LoginBrowser } from '../support/login-provider.js'
import { json, loginServer } from '../support/login-server.js'
import type { LoginServer } from '../support/login-server.js'
import { logoutToken } from '../support/logout-tokens.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'
import { openStore } from '../support/session-stage.js'
import { until } from '../support/until.js'

const skip = reasonToSkip() ?? false
const routes = { backchannelLogout: '/backchannel-logout' }

interface House {
  readonly server: LoginServer
  readonly browser: LoginBrowser
  /** Two apps over one Redis, each with a client of its own, as two processes are. */
  readonly apps: readonly [FastifyInstance, FastifyInstance]
}

async function house (t: Test, port: number, login: Partial<LoginOptions>, instant?: InstantLogin, deadline = 2_000): Promise<House> {
  const server = await loginServer(t, ['ES256'])
  const app = () => loginApp(t, server.issuer, {
    core: { store: openStore(t, port, deadline) },
    login: { routes, ...login },
    routes: (app) => app.get('/token', async ({ auth }) => ({ token: await auth.session.accessToken() }))
  })
  return { server, browser: instantBrowser(server, instant), apps: [await app(), await app()] }
}

/** The same browser at another process. */
function at (app: FastifyInstance, { jar }: Visitor): Visitor {
  const person = visitor(app)
  person.jar.take(jar.header().split('; ').map((pair) => `${pair}; Path=/`))
  return person
}

t.test('two processes over one Redis', { skip }, async (t) => {
  const { port } = await startRedis(t)

  for (const kind of ['cookie', 'store'] as const) {
    t.test(`with sessions in a ${kind}`, async (t) => {
      const { server, browser, apps: [one, two] } = await house(t, port, KEPT[kind])

      async function loggedIn (claims: Record<string, unknown>, name = 'ada') {
        const here = visitor(one, instantBrowser(server, { claims }))
        await here.logIn(name)
        const there = at(two, here)
        t.strictSame([await isIn(here), await isIn(there)], [true, true], 'who logs in at one is in at the other')
        return { here, there }
      }

      t.test('who logs out at one is out at the other on the next request', async (t) => {
        const { here, there } = await loggedIn({})
        const again = at(two, there)
        t.equal((await here.get('/logout')).status, 302)
        t.match(await there.get('/me'), { status: 401, headers: { 'set-cookie': /=; Max-Age=0/ } })
        t.equal((await again.get('/logout')).location, '/')
      })

      t.test('a logout by the provider at one is heard by the other', async (t) => {
        for (const claims of [{ sid: `${kind} 1` }, { sid: undefined, sub: 'ada' }]) {
          const { here, there } = await loggedIn({ sid: `${kind} 1` })
          const { statusCode } = await two.inject({ method: 'POST', url: routes.backchannelLogout, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: `logout_token=${logoutToken(server.issuer, claims)}` })
          t.equal(statusCode, 200)
          t.strictSame([await isIn(here), await isIn(there)], [false, false])
        }
      })

      t.test('one logout token is heard once among all of them', async (t) => {
        const payload = `logout_token=${logoutToken(server.issuer)}`
        const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
          const { statusCode } = await [one, two][index % 2]!.inject({ method: 'POST', url: routes.backchannelLogout, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload })
          return statusCode
        }))
        t.strictSame(answers.sort(), [200, ...Array.from({ length: 19 }, () => 400)])
      })

      t.test('deleteBySubject at one is for all of them, and nobody is kept out by it', async (t) => {
        const [ada, eve] = [await loggedIn({}), await loggedIn({}, 'eve')]
        await two.gatehouse.sessions.deleteBySubject({ issuer: server.issuer.issuer, subject: 'ada' })
        t.strictSame([await isIn(ada.here), await isIn(ada.there), await isIn(eve.here), await isIn(eve.there)], [false, false, true, true])
        const back = visitor(two, browser)
        await back.logIn()
        t.equal(await isIn(at(one, back)), true)
      })

      t.test('what was written at one is read at the other', async (t) => {
        const { here } = await loggedIn({})
        await here.post('/note', 'hello', { 'content-type': 'text/plain' })
        t.strictSame((await at(two, here).get('/note')).json(), { note: 'hello' })
      })
    })

    t.test(`who waits for the refresh of another process gives up in time, and is no worse off: in a ${kind}`, async (t) => {
      const set = globalThis.setTimeout
      t.intercept(globalThis, 'setTimeout', { value: (callback: () => void, ms: number, ...args: []) => set(callback, ms === 10_000 ? 100 : ms, ...args) })
      let answer: (() => void) | undefined
      const { server, apps: [one, two], browser } = await house(t, port, KEPT[kind], {
        tokens: { refresh_token: 'r-0', expires_in: 0 },
        refresh: (response) => { answer = () => { json(200, server.tokens({ access_token: 'new', expires_in: 3_600 }))(response) } }
      })
      const person = visitor(one, browser)
      await person.logIn()
      const first = person.get('/token')
      await until(() => answer !== undefined)
      t.match(await at(two, person).get('/token'), { status: 503, body: /GATEHOUSE_PROVIDER_UNAVAILABLE/, headers: { 'retry-after': '1' } })
      t.match(await first, { status: 503 })
      answer!()
      let token
      do token = await at(two, person).get('/token')
      while (token.status === 503)
      t.match(token, { status: 200, body: '{"token":"new"}' })
    })

    t.test(`200 requests at once on an ended access token make one refresh, of a session in a ${kind}`, async (t) => {
      let round = 0
      const { server, apps: [one, two], browser } = await house(t, port, { ...KEPT[kind], scope: 'openid offline_access' }, {
        tokens: { refresh_token: 'r-0', expires_in: 0 },
        refresh: (response, { form }) => {
          const isRight = form.refresh_token === `r-${round}`
          if (isRight) round++
          setTimeout(() => { json(isRight ? 200 : 400, isRight ? server.tokens({ access_token: `access ${round}`, refresh_token: `r-${round}`, expires_in: 3_600 }) : { error: 'invalid_grant' })(response) }, 50)
        }
      })
      const person = visitor(one, browser)
      await person.logIn()
      const cookie = person.jar.header()
      const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
        const { statusCode, body } = await [one, two][index % 2]!.inject({ url: '/token', headers: { host: '127.0.0.1:3000', cookie } })
        return `${statusCode} ${body}`
      }))
      t.strictSame([...new Set(answers)], ['200 {"token":"access 1"}'])
      t.equal(server.requests.filter(({ form }) => form.grant_type === 'refresh_token').length, 1)
    })
  }
})

for (const kind of ['cookie', 'store'] as const) {
  t.test(`with sessions in a ${kind}, Redis that is held is a 503, and recovers without a restart`, { skip }, async (t) => {
    const redis = await startRedis(t)
    t.teardown(() => { redis.resume() })
    const { server, apps: [one, two], browser } = await house(t, redis.port, KEPT[kind], undefined, 1_000)
    const people = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const person = visitor([one, two][index % 2]!, browser)
      t.equal((await person.logIn(`person ${index}`)).status, 302)
      return person
    }))
    const leaving = people.shift()!
    const copy = at(two, leaving)
    const late = visitor(one, browser)
    const { location } = await late.get('/login')
    redis.pause()
    const token = logoutToken(server.issuer)
    const tell = () => one.inject({ method: 'POST', url: routes.backchannelLogout, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: `logout_token=${token}` })
    const [page, out, told] = await Promise.all([people[0]!.get('/me'), leaving.get('/logout'), tell()])
    t.match(page, { status: 503, headers: { 'retry-after': '1', 'set-cookie': undefined } }, 'it is no 401, and no cookie is cleared')
    t.match(out, { status: 503, headers: { 'set-cookie': /=; Max-Age=0/ } })
    t.equal(told.statusCode, 503)
    const { parameters } = await browser.visit(location!, 'late')
    t.match(await late.get(`/callback?${new URLSearchParams(parameters).toString()}`), { status: 503 })
    t.equal((await one.inject('/')).statusCode, 200, 'who has no session is served')
    redis.resume()
    await late.logIn('late')
    t.strictSame(await Promise.all([...people, late].map(isIn)), Array.from({ length: 20 }, () => true), 'no session is lost')
    t.equal((await tell()).statusCode, 200, 'the same logout token comes again')
    // ioredis may have sent the logout after all; if not, the person can log out again.
    await copy.get('/logout')
    t.equal(await isIn(copy), false)
  })

  t.test(`with sessions in a ${kind}, Redis that dies and comes back with what it acknowledged has lost no session, and no logout`, { skip }, async (t) => {
    const redis = await startRedis(t, { appendOnly: true })
    const { apps: [one, two], browser } = await house(t, redis.port, KEPT[kind], undefined, 1_000)
    const people = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const person = visitor([one, two][index % 2]!, browser)
      t.equal((await person.logIn(`person ${index}`)).status, 302)
      return person
    }))
    const [gone, ...rest] = people
    const copy = at(two, gone!)
    t.equal((await gone!.get('/logout')).status, 302)
    await redis.stop()
    t.equal((await rest[0]!.get('/me')).status, 503)
    await redis.start()
    // As soon as the client is connected again.
    while ((await rest[0]!.get('/me')).status === 503);
    t.strictSame(await Promise.all(rest.map(isIn)), rest.map(() => true))
    t.equal(await isIn(copy), false)
  })
}
