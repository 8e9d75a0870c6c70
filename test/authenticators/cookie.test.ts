import t from 'tap'
import type { InjectOptions } from 'fastify'
import type { Test } from 'tap'
import type { Authenticator } from '../../lib/index.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, unavailable } from '../support/guarded-api.js'
import { answerOf, issuerFor } from '../support/house.js'
import { accepted, FORBIDDEN, INVALID_CREDENTIAL, NOTHING_SENT, signatures } from '../support/other-credentials.js'

const issuer = await issuerFor(t)
const TRUSTED = 'https://app.example'

/** An app whose authenticator reads the cookie `sid`. */
async function house (t: Test, options: Partial<Authenticator> = {}) {
  const { authenticator, asked } = signatures({ name: 'sid', from: 'cookie', match: ({ headers }) => /(?:^|; )sid=([^;]*)/.exec(headers.cookie ?? '')?.[1], ...options })
  const api = await guardedApi(t, issuer, {
    authenticators: [authenticator],
    trustedOrigins: [TRUSTED],
    routes: (app) => {
      const subject = async ({ auth }: { auth: { isAuthenticated: boolean, subject: string } }) => ({ subject: auth.isAuthenticated ? auth.subject : 'nobody' })
      app.route({ method: ['POST', 'PUT', 'DELETE', 'OPTIONS'], url: '/', handler: subject })
      app.route({ method: ['GET', 'POST'], url: '/optional', config: { auth: 'optional' }, handler: subject })
      app.get('/shared', async (_request, reply) => { reply.header('cache-control', 'max-age=60'); return {} })
      app.get('/scoped', { config: { scopes: 'read' } }, subject)
    }
  })
  const send = async (cookie: string, request: InjectOptions = {}) => {
    const response = await api.app.inject({ url: '/', ...request, headers: { cookie, ...request.headers } })
    return { ...answerOf(response), retryAfter: response.headers['retry-after'], cacheControl: response.headers['cache-control'] }
  }
  return { ...api, send, asked }
}

t.test('a cookie says who is calling, and the answer is private unless the route says otherwise', async (t) => {
  const { send } = await house(t)
  t.same(await send('sid=good'), { ...accepted('good'), cacheControl: 'private' })
  t.match(await send('sid=good', { url: '/shared' }), { status: 200, cacheControl: 'max-age=60' })
  t.match(await send('sid=good', { url: '/scoped' }), { status: 403, cacheControl: 'private' })
  t.same(await send('sid=bad'), { ...INVALID_CREDENTIAL, cacheControl: undefined })
  t.same(await send('a=1'), { ...NOTHING_SENT, cacheControl: undefined })
})

t.test('where a header carries a credential no cookie is looked at', async (t) => {
  const { send, asked } = await house(t)
  const authorization = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  t.same(await send('sid=good', authorization(issuer.token())), { ...ACCEPTED, cacheControl: undefined })
  t.same(await send('sid=good', authorization('x.y.z')), { ...INVALID_TOKEN, cacheControl: undefined }, 'also a bad one')
  t.same(await send('sid=bad', authorization(issuer.token())), { ...ACCEPTED, cacheControl: undefined })
  t.match(await send('sid=good', { method: 'POST', ...authorization(issuer.token()) }), { status: 200 }, 'and no origin asked for')
  t.same(asked, [])
})

t.test('what may change something must come from a page that is trusted', async (t) => {
  const { send, refusals, asked } = await house(t)
  for (const method of ['POST', 'PUT', 'DELETE'] as const) {
    for (const [headers, found] of [
      [{}, 'no Origin'],
      [{ origin: 'https://evil.example' }, 'https://evil.example'],
      [{ 'sec-fetch-site': 'same-site', origin: 'https://sibling.app.example' }, 'https://sibling.app.example'],
      [{ 'sec-fetch-site': 'none' }, 'no Origin'],
      [{ origin: 'null' }, 'null'],
      [{ origin: `https://${'e'.repeat(5_000)}` }, `https://${'e'.repeat(192)}…`],
      [{ origin: `https://${'a'.repeat(30)}.${'b'.repeat(30)}` }, '[left out: looks like a token]'],
      [{ origin: 'https://eyJhbGciOiJub25lIn0.example' }, '[left out: looks like a token]']
    ] as const) {
      t.same(await send('sid=good', { method, headers }), { ...FORBIDDEN, cacheControl: undefined })
      t.match(refusals().at(-1), { code: 'GATEHOUSE_FORBIDDEN', reason: 'origin_refused' })
      t.equal(refusals().at(-1)?.found, found)
    }
  }
  t.match(await send('sid=good', { headers: { upgrade: 'websocket', connection: 'upgrade' } }), { status: 403 }, 'a WebSocket too')
  t.same(asked, [], 'and before anybody is asked')
  for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: TRUSTED }]) {
    t.match(await send('sid=good', { method: 'POST', headers }), { status: 200, body: { subject: 'good' }, cacheControl: 'private' })
    t.match(await send('sid=good', { headers: { upgrade: 'websocket', ...headers } }), { status: 200 })
  }
  t.match(await send('sid=good', { method: 'OPTIONS' }), { status: 200 })
})

t.test('on an optional route a bad cookie counts as none, a bad page or a failure does not', async (t) => {
  const { send, refusals } = await house(t)
  t.same(await send('sid=bad', { url: '/optional' }), { ...accepted('nobody'), cacheControl: undefined })
  t.same(await send('sid=', { url: '/optional' }), { ...accepted('nobody'), cacheControl: undefined })
  t.same(await send(`sid=${'a'.repeat(17_000)}`, { url: '/optional' }), { ...accepted('nobody'), cacheControl: undefined })
  t.same(refusals(), [], 'nobody was refused')
  t.same(await send('sid=good', { url: '/optional' }), { ...accepted('good'), cacheControl: 'private' })
  t.same(await send('sid=good', { url: '/optional', method: 'POST' }), { ...FORBIDDEN, cacheControl: undefined })
  t.match(await send('a=1', { url: '/optional', method: 'POST' }), { status: 200, body: { subject: 'nobody' } }, 'a cookie that is no credential needs no page')

  const broken = await house(t, { authenticate: () => { throw new Error('away') } })
  t.same(await broken.send('sid=good', { url: '/optional' }), { ...unavailable(), cacheControl: undefined })
  const refusing = await house(t, { shape: /^x$/, cache: {} })
  t.match(await refusing.send('sid=good', { url: '/optional' }), { status: 200, body: { subject: 'nobody' } })
})

t.test('without a Cookie header nobody is asked whether it matches', async (t) => {
  let matched = 0
  const { get } = await house(t, { match: () => { matched++; return 'good' } })
  t.same(await get(undefined), NOTHING_SENT)
  t.same(await get(issuer.token()), ACCEPTED)
  t.equal(matched, 0)
  t.same(await get(undefined, '/', { cookie: 'a=1' }), accepted('good'))
})

t.test('a credential in a header goes before one in a cookie, whatever their order in the list', async (t) => {
  const cookie = signatures({ name: 'sid', from: 'cookie', match: () => 'bad' })
  const header = signatures()
  const { get } = await guardedApi(t, issuer, { authenticators: [cookie.authenticator, header.authenticator] })
  t.same(await get(undefined, '/', { cookie: 'sid=x', 'x-signature': 'good' }), accepted('good'))
  t.same(cookie.asked, [])
})
