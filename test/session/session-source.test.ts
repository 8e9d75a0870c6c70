import t from 'tap'
import { oidc } from '../../lib/index.js'
import { createSealer } from '../../lib/session/seal.js'
import { memoryStore } from '../../lib/store/memory.js'
import { fakeClock } from '../support/clock.js'
import { house, issuerFor } from '../support/house.js'
import { BASE, NAVIGATION } from '../support/login-app.js'
import { loginServer } from '../support/login-server.js'
import { linesOf, sessionApp } from '../support/session-app.js'
import type { SessionApp, SessionAppOptions } from '../support/session-app.js'
import { OTHER_SECRET, SECRET, watched } from '../support/session-stage.js'

const CLEARED = /^gatehouse(\.\d)?=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/

function open (t: Parameters<typeof sessionApp>[0], options: SessionAppOptions = {}): Promise<SessionApp> {
  return sessionApp(t, {
    routes: (app) => { app.get('/optional', { config: { auth: 'optional' } }, async ({ auth }) => ({ who: auth.isAuthenticated ? auth.subject : null })) },
    ...options
  })
}

/** What becomes of a Cookie header: on a route that requires a session, and on one that does not. */
async function judged ({ app, reason }: SessionApp, cookie: string) {
  reason()
  const [required, optional] = [await app.inject({ url: '/me', headers: { cookie } }), await app.inject({ url: '/optional', headers: { cookie } })]
  return { status: required.statusCode, code: required.json().code as unknown, reason: reason(), who: optional.json().who as unknown, cleared: [linesOf(required), linesOf(optional)].map((lines) => lines.map((line) => CLEARED.test(line))), cacheControl: [required, optional].map(({ headers }) => headers['cache-control']) }
}

const NONE = { status: 401, code: 'GATEHOUSE_CREDENTIAL_INVALID', reason: 'session_unknown', who: null, cleared: [[true], [true]], cacheControl: ['no-store', 'no-store'] }

for (const place of ['cookie', 'store'] as const) {
  t.test(`a cookie that is no session counts as none, and is cleared: ${place}`, async (t) => {
    const stage = await open(t, { in: place })
    const value = (await stage.seat()).jar.header().slice('gatehouse='.length)
    t.match(await judged(stage, `gatehouse=${value}`), { status: 200, who: 'ada', cleared: [[], []] })
    const parts = value.split('.')
    const foreign = await open(t, { in: place, secrets: [OTHER_SECRET], server: stage.server, store: watched(memoryStore({ singleProcess: true })) })
    const forged: Record<string, string> = {
      'made up': 'gatehouse=A',
      'of other secrets': (await foreign.seat()).jar.header(),
      empty: 'gatehouse=',
      short: `gatehouse=${value.slice(0, -1)}`,
      long: `gatehouse=${value}A`,
      unsigned: `gatehouse=${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
      'too long': `gatehouse=${'A'.repeat(15_000)}`,
      'a bit different': `gatehouse=${value.slice(0, 5)}${value[5] === 'A' ? 'B' : 'A'}${value.slice(6)}`,
      'of another letter case': `gatehouse=${value.toLowerCase()}`,
      escaped: `gatehouse=%${value}`,
      unicode: 'gatehouse=\u00e9',
      'a trap elsewhere': 'gatehouse=__proto__',
      ...place === 'store' ? {} : { 'for another purpose': `gatehouse=${await createSealer([SECRET], 'transaction', BASE).seal('gatehouse\n{}')}`, 'without its tag': `gatehouse=${parts.slice(0, -1).join('.')}.`, 'with another tag': `gatehouse=${parts.slice(0, -1).join('.')}.${'A'.repeat(22)}`, 'cut in the middle': `gatehouse=${parts[0]}..${parts[2]}.${parts[3]!.slice(0, 400)}.${parts[4]}` }
    }
    for (const [what, cookie] of Object.entries(forged)) t.match(await judged(stage, cookie), NONE, what)
    const twice = await judged(stage, `gatehouse=${value}; a=b; gatehouse=${value}`)
    t.match(twice, NONE, 'two of one name are from two domains or paths')
    t.match(await judged(stage, `gatehouse.0=${value}; gatehouse=${value}`), { ...NONE, cleared: [[true, true], [true, true]] })
    t.match(await judged(stage, `x=1;gatehouse="${value}" ; y=2`), { status: 200, who: 'ada' }, 'quotes and blanks are allowed around it')
    t.equal((await stage.app.inject({ url: '/me', headers: { cookie: 'other=1' } })).json().code, 'GATEHOUSE_CREDENTIAL_MISSING')
  })

  t.test(`a session that expired is none: ${place}`, async (t) => {
    const clock = fakeClock(t)
    const stage = await open(t, { in: place, lifetime: { idle: 600, absolute: 3_600 }, store: watched(memoryStore({ singleProcess: true })) })
    const browser = await stage.seat()
    const ended = await stage.seat({ ceiling: clock.now() / 1_000 + 100 })
    clock.advance(101_000)
    t.match(await judged(stage, ended.jar.header()), NONE, 'its provider said so')
    t.match(await judged(stage, browser.jar.header()), { status: 200 })
    clock.advance(600_000)
    t.match(await judged(stage, browser.jar.header()), NONE)
  })

  t.test(`secrets can be changed: ${place}`, async (t) => {
    const server = await loginServer(t, ['ES256'])
    const store = watched(memoryStore({ singleProcess: true }))
    const [before, during, after] = [await open(t, { in: place, server, store, secrets: [SECRET] }), await open(t, { in: place, server, store, secrets: [OTHER_SECRET, SECRET], routes: (app) => { app.get('/write', async ({ auth }) => { auth.session.data.by = 'new secret'; return 'done' }) } }), await open(t, { in: place, server, store, secrets: [OTHER_SECRET] })]
    const browser = await before.seat()
    const old = browser.jar.header()
    t.match(await judged(after, old), NONE)
    t.equal((await during.app.inject({ url: '/me', headers: { cookie: old } })).statusCode, 200)
    browser.jar.take(linesOf(await during.ask(browser, { url: '/write' })))
    t.equal((await after.app.inject({ url: '/me', headers: { cookie: browser.jar.header() } })).statusCode, 200, 'what was written since is of the new one')
    t.match(await judged(before, browser.jar.header()), { status: 401 })
    if (place === 'cookie') t.match(await judged(after, `gatehouse.0=${old.slice(10, 200)}; gatehouse.1=${browser.jar.header().slice(200)}`), { status: 401, who: null }, 'halves of two generations')
  })

  t.test(`nobody vouches for a session of a provider that is no longer configured: ${place}`, async (t) => {
    const stage = await open(t, { in: place })
    for (const changes of [{ provider: 'another' }, { issuer: 'https://moved.example' }, { provider: '__proto__' }]) {
      t.match(await judged(stage, (await stage.seat(changes)).jar.header()), NONE)
    }
  })
}

t.test('a browser whose session ended is sent to log in where it opens a page', async (t) => {
  const { app, server } = await open(t, { login: { redirect: true } })
  const answer = await app.inject({ url: '/me', headers: { cookie: 'gatehouse=made-up', ...NAVIGATION } })
  t.equal(answer.statusCode, 302)
  t.ok(answer.headers.location!.startsWith(`${server.issuer.issuer}/authorize?`))
  t.ok(linesOf(answer).some((line) => CLEARED.test(line)))
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('a route for other providers takes no session of this one, which goes on', async (t) => {
  const server = await loginServer(t, ['ES256'])
  const stage = await open(t, {
    server,
    core: { provider: [oidc({ issuer: server.issuer.issuer, clientId: 'web', clientSecret: 'hunter2' }), oidc({ name: 'other', issuer: 'https://other.example', audience: 'x' })], startup: 'lazy' },
    routes: (app) => { app.get('/other', { config: { auth: { providers: ['other'] } } }, async () => 'in') }
  })
  const browser = await stage.seat()
  t.match((await browser.get('/other')).json(), { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_INVALID' })
  t.equal(stage.reason(), 'provider_refused')
  t.equal((await browser.get('/me')).status, 200)
})

t.test('of several base URLs each has its own sessions, and a host that is none of them has none', async (t) => {
  const stage = await open(t, { core: { baseUrl: ['http://127.0.0.1:3000', 'http://localhost:3001'] } })
  const cookie = (await stage.seat()).jar.header()
  const at = async (host: string, url = '/me') => {
    const answer = await stage.app.inject({ url, headers: { host, cookie } })
    return [answer.statusCode, stage.reason(), linesOf(answer).length]
  }
  t.strictSame(await at('127.0.0.1:3000'), [200, undefined, 0])
  t.strictSame(await at('localhost:3001'), [401, 'session_unknown', 1])
  t.strictSame(await at('evil.example'), [401, 'host_unknown', 0])
  t.strictSame(await at('evil.example', '/optional'), [200, undefined, 0])
})

t.test("without login deleteBySubject says what is missing, and the cookie is nobody's", async (t) => {
  const app = await house(t, await issuerFor(t))
  app.get('/', async () => 'in')
  await t.rejects(app.gatehouse.sessions.deleteBySubject({ issuer: 'i', subject: 's' }), { name: 'TypeError', message: /register fastify-gatehouse\/login/ })
  t.equal((await app.inject({ url: '/', headers: { cookie: 'gatehouse=x' } })).json().code, 'GATEHOUSE_CREDENTIAL_MISSING')
})
