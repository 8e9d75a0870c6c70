import t from 'tap'
import { linesOf, sessionApp } from '../support/session-app.js'

const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket' }

for (const place of ['cookie', 'store'] as const) {
  t.test(`who acts by a session in a ${place} must come from a page of ours`, async (t) => {
    let done = 0
    const { app, server, seat, ask, reason, store, logs } = await sessionApp(t, {
      in: place,
      audience: true,
      core: { trustedOrigins: ['https://admin.example.com'] },
      routes (app) {
        app.route({ method: [...UNSAFE], url: '/act', handler: async () => { done++; return 'done' } })
        app.post('/optional', { config: { auth: 'optional' } }, async ({ auth }) => { done++; return { who: auth.isAuthenticated ? auth.subject : null } })
        app.post('/public', { config: { auth: false } }, async () => { done++; return 'public' })
        app.get('/socket', async () => { done++; return 'upgraded' })
      }
    })
    const browser = await seat()
    const before = browser.jar.header()

    const trusted: Array<Record<string, string>> = [
      { 'sec-fetch-site': 'same-origin' },
      { origin: 'http://127.0.0.1:3000' },
      { origin: 'https://admin.example.com', 'sec-fetch-site': 'same-site' },
      { origin: 'https://admin.example.com', 'sec-fetch-site': 'cross-site' }
    ]
    const others: Array<Record<string, string>> = [
      {},
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'Same-Origin' },
      { 'sec-fetch-site': 'same-origin, same-origin' },
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: 'http://127.0.0.1:3001' },
      { origin: 'https://127.0.0.1:3000' },
      { origin: 'http://127.0.0.1:3000.evil.example' },
      { origin: 'http://127.0.0.1:3000/' },
      { origin: 'https://ADMIN.example.com' },
      { origin: 'https://x.admin.example.com' },
      { referer: 'http://127.0.0.1:3000/page' },
      { host: 'evil.example', origin: 'https://evil.example' },
      { 'x-forwarded-host': 'evil.example', origin: 'https://evil.example' }
    ]

    t.test('to change something', async (t) => {
      for (const method of UNSAFE) {
        done = 0
        for (const headers of trusted) t.equal((await ask(browser, { method, url: '/act', headers })).statusCode, 200)
        t.equal(done, trusted.length)
        reason()
        store.calls.length = 0
        for (const headers of others) {
          const answer = await ask(browser, { method, url: '/act', headers })
          t.match([answer.json(), reason(), linesOf(answer)], [{ statusCode: 403, code: 'GATEHOUSE_FORBIDDEN' }, 'origin_refused', []], JSON.stringify(headers))
        }
        t.equal(done, trusted.length)
        t.strictSame(store.calls, [], 'the session is not even looked at')
      }
      const refusal = logs.lines.findLast(({ gatehouse }) => (gatehouse as { reason?: string } | undefined)?.reason === 'origin_refused')
      t.match(refusal, { gatehouse: { found: 'https://evil.example', hint: /trustedOrigins/ } })
    })

    t.test('and to open a WebSocket, by GET', async (t) => {
      done = 0
      for (const headers of trusted) t.equal((await ask(browser, { url: '/socket', headers: { ...UPGRADE, ...headers } })).statusCode, 200)
      for (const headers of others) t.equal((await ask(browser, { url: '/socket', headers: { ...UPGRADE, ...headers } })).statusCode, 403)
      t.equal(done, trusted.length)
      t.equal((await ask(browser, { url: '/socket', headers: { 'sec-fetch-site': 'cross-site' } })).statusCode, 200, 'to read, one may come from anywhere')
    })

    t.test('also where login is optional; a public route looks at no cookie, and a Bearer token needs no page', async (t) => {
      t.equal((await ask(browser, { method: 'POST', url: '/optional', headers: { 'sec-fetch-site': 'cross-site' } })).statusCode, 403)
      t.strictSame((await ask(browser, { method: 'POST', url: '/optional', headers: { 'sec-fetch-site': 'same-origin' } })).json(), { who: 'ada' })
      t.strictSame((await app.inject({ method: 'POST', url: '/optional', headers: { 'sec-fetch-site': 'cross-site' } })).json(), { who: null }, 'without a cookie nobody is meant')
      t.equal((await ask(browser, { method: 'POST', url: '/public', headers: { 'sec-fetch-site': 'cross-site' } })).statusCode, 200)
      await app.gatehouse.ready()
      const authorization = `Bearer ${server.issuer.token({ sub: 'grace' })}`
      t.equal((await ask(browser, { method: 'POST', url: '/act', headers: { authorization, 'sec-fetch-site': 'cross-site' } })).statusCode, 200)
    })

    t.test('nobody is logged out from elsewhere, or stays logged in by it', async (t) => {
      await ask(browser, { method: 'POST', url: '/logout', headers: { origin: 'https://evil.example' } })
      await ask(browser, { url: '/logout', headers: { 'sec-fetch-site': 'cross-site' } })
      t.equal(browser.jar.header(), before)
      t.equal((await browser.get('/me')).status, 200)
      t.equal((await browser.post('/logout')).status, 303)
      t.equal((await app.inject({ url: '/me', headers: { cookie: before } })).statusCode, 401)
    })
  })
}
