import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import { addCookies, preventStorage, replaceCookie } from '../../lib/session/set-cookies.js'
import { fakeClock } from '../support/clock.js'
import { cookieJar } from '../support/cookie-jar.js'
import { endedToken, linesOf, sessionApp } from '../support/session-app.js'
import { json } from '../support/login-server.js'

const OURS = { name: 'gatehouse' }

/** The Set-Cookie lines and the cache-control of an answer made by this. */
async function answer (t: { teardown (end: () => unknown): unknown }, make: (reply: FastifyReply) => void) {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/', async (_request, reply) => {
    make(reply)
    return 'done'
  })
  app.addHook('onSend', async (request, reply) => { preventStorage(request, reply) })
  const { headers } = await app.inject({ url: '/' })
  return [linesOf({ headers }), headers['cache-control']]
}

t.test('lines of ours make an answer that is stored nowhere, whatever its route says; none change nothing', async (t) => {
  t.strictSame(await answer(t, (reply) => { addCookies(reply, ['a=1', 'b=2']); reply.header('cache-control', 'public') }), [['a=1', 'b=2'], 'no-store'])
  t.strictSame(await answer(t, (reply) => { reply.header('cache-control', 'public'); addCookies(reply, []); replaceCookie(reply, OURS, []) }), [[], 'public'])
})

t.test("lines are added to those of others, and the caller's list stays as it is", async (t) => {
  const lines = Object.freeze(['gatehouse=1'])
  for (const others of ['x=1', ['x=1', 'y=2']] as const) {
    const [found] = await answer(t, (reply) => { reply.header('set-cookie', others); addCookies(reply, lines); reply.header('set-cookie', 'z=3') })
    t.strictSame(found, [others, 'gatehouse=1', 'z=3'].flat())
  }
})

t.test('the latest value of a cookie takes the place of every former one, and what that set is cleared', async (t) => {
  const value = (name: string, text = 'v') => `${name}=${text}; Max-Age=600; Path=/; HttpOnly`
  const cases: Array<[former: string[], later: string[], result: string[]]> = [
    [['gatehouse.0=a; Max-Age=600; Path=/', 'gatehouse.1=b; Max-Age=600; Path=/'], [value('gatehouse')], ['gatehouse.0=; Max-Age=0; Path=/', 'gatehouse.1=; Max-Age=0; Path=/', value('gatehouse')]],
    [[value('gatehouse')], [value('gatehouse.0'), value('gatehouse.1')], ['gatehouse=; Max-Age=0; Path=/; HttpOnly', value('gatehouse.0'), value('gatehouse.1')]],
    [[value('gatehouse', 'former')], [value('gatehouse', 'later')], [value('gatehouse', 'later')]],
    [['gatehouse=; Max-Age=0; Path=/'], [value('gatehouse')], [value('gatehouse')]],
    [['gatehouse=a; Path=/'], [value('gatehouse.0')], ['gatehouse=; Max-Age=0; Path=/', value('gatehouse.0')]],
    [['x=1', 'gatehousex=2', 'gatehouse.a=3', 'gatehouse-silent=1', 'Gatehouse=4', 'xgatehouse=5', 'gatehouse'], [value('gatehouse')], ['x=1', 'gatehousex=2', 'gatehouse.a=3', 'gatehouse-silent=1', 'Gatehouse=4', 'xgatehouse=5', 'gatehouse', value('gatehouse')]]
  ]
  for (const [former, later, result] of cases) {
    t.strictSame(await answer(t, (reply) => { reply.header('set-cookie', former); replaceCookie(reply, OURS, later) }), [result, 'no-store'])
    t.strictSame((await answer(t, (reply) => { reply.raw.setHeader('set-cookie', former); replaceCookie(reply, OURS, later) }))[0], result, 'also where somebody wrote past Fastify')
  }
})

t.test('within one answer a session shrinks and grows, and the browser has the last of it', async (t) => {
  const sizes = [0, 1_500, 3_500, 4_600]
  const { server, seat, record } = await sessionApp(t, {
    routes (app) {
      app.get('/change', async ({ auth: { session }, query }) => {
        const { first, last } = query as { first: string, last: string }
        await session.accessToken()
        session.data.text = 'a'.repeat(Number(first))
        await session.save()
        session.data.text = 'b'.repeat(Number(last))
        return 'done'
      })
    }
  })
  let token = ''
  server.answers['/token'] = (response) => { json(200, server.tokens({ access_token: token, refresh_token: 'next', expires_in: 600 }))(response) }
  let count = 0
  for (const before of sizes) {
    for (const refreshed of [10, 3_000]) {
      for (const first of sizes.slice(0, 3)) {
        for (const last of sizes.slice(0, 3)) {
          token = 't'.repeat(refreshed)
          const browser = await seat({ ...endedToken(`refresh ${++count}`), data: { text: 'x'.repeat(before) } })
          const reply = await browser.get(`/change?first=${first}&last=${last}`)
          const names = linesOf(reply).map((line) => line.slice(0, line.indexOf('=')))
          if (reply.status !== 200 || new Set(names).size !== names.length || linesOf(reply).some((line) => line.length > 4_096)) t.fail(`${before} ${refreshed} ${first} ${last}: ${names.join()}`)
          const found = await record(browser)
          if (found?.accessToken !== token || (found.data.text as string) !== 'b'.repeat(last)) t.fail(`${before} ${refreshed} ${first} ${last}: not what was written`)
          if (browser.jar.names().some((name) => name !== 'gatehouse' && browser.jar.names().includes('gatehouse'))) t.fail('a stale chunk')
        }
      }
    }
  }
  t.equal(count, 72)
})

t.test('cookies of every length about the limit arrive whole, however the browser counts', async (t) => {
  // Times of the same number of digits in every session.
  fakeClock(t, Math.floor(Date.now() / 1_000) * 1_000 + 585)
  const { seat, app, keeper } = await sessionApp(t, {
    routes: (app) => { app.get('/fill', async ({ auth: { session }, query }) => { session.data.text = 'x'.repeat(Number((query as { size: string }).size)); return 'done' }) }
  })
  const browser = await seat()
  const lengths = new Set<number>()
  let chunked = 0
  const base = linesOf(await browser.get('/fill?size=0'))[0]!.length
  const near = Math.floor((4_096 - base) * 3 / 4)
  for (let size = near - 8; size < near + 60; size++) {
    const lines = linesOf(await app.inject({ url: `/fill?size=${size}`, headers: { cookie: browser.jar.header() } }))
    for (const line of lines) lengths.add(line.length)
    if (lines.length > 1) chunked++
    for (const rule of ['line', 'name and value'] as const) {
      const jar = cookieJar(rule)
      jar.take([`gatehouse=${browser.jar.header().slice(10)}; Path=/`])
      jar.take(lines)
      const { session } = await keeper.load(jar.header())
      if ((session?.record.data.text as string | undefined)?.length !== size) t.fail(`${size}: ${jar.names().join()}`)
    }
  }
  t.ok(Math.max(...lengths) <= 4_096)
  // No sealed text has a length that is one more than a multiple of four.
  t.ok([4_093, 4_094, 4_095].filter((length) => lengths.has(length)).length >= 2, [...lengths].sort().join())
  t.ok(lengths.has(4_096))
  t.ok(chunked > 0 && chunked < 68)
})

t.test('data too large for cookies are a 500 with the remedy, and the session is as before', async (t) => {
  const { seat, record, reason } = await sessionApp(t, {
    routes: (app) => { app.get('/fill', async ({ auth: { session }, query }) => { session.data.secret = randomBytes(Number((query as { size: string }).size)).toString('base64url'); return 'done' }) }
  })
  let largest = 0
  for (const size of [5_500, 6_000, 6_100, 6_150, 6_200, 6_250, 6_300, 6_350, 6_400, 6_450, 6_500, 7_000, 100_000, 200_000]) {
    const browser = await seat({ data: { kept: true } })
    const answer = await browser.get(`/fill?size=${size}`)
    if (answer.status === 200) {
      largest = size
      t.match((await record(browser))!.data, { kept: true, secret: String })
      continue
    }
    t.match(answer.json(), { statusCode: 500, code: 'GATEHOUSE_COOKIE_TOO_LARGE', message: /^cookie gatehouse: \d+ bytes are needed and 12000 allowed; keep the session on the server: session: \{ in: 'store' \}$/ })
    t.equal(reason(), 'cookie_too_large')
    t.strictSame(linesOf(answer), [])
    t.strictSame((await record(browser))!.data, { kept: true })
  }
  t.ok(largest > 5_000 && largest < 7_000)
})
