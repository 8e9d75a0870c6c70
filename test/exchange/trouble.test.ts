import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { AuthError } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { away, exchangeServer, exchangingApi, json, REFUSED, SECRET } from '../support/exchange-server.js'
import type { ExchangeAnswer } from '../support/exchange-server.js'
import { until } from '../support/until.js'

const body = (text: string, type = 'application/json'): ExchangeAnswer => (response) => { response.writeHead(200, { 'content-type': type }).end(text) }
const status = (code: number, headers: Record<string, string> = {}, text = 'leaked'): ExchangeAnswer => (response) => { response.writeHead(code, headers).end(text) }
const GOOD = '"access_token":"leaked","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer"'

t.test('a provider in trouble is a 503, never a 401, and is asked again', async (t) => {
  for (const [name, answer, hint] of [
    ['HTML', body('<!doctype html><p>leaked', 'text/html'), ': answers HTML'],
    ['HTML that says it is JSON', body('<p>leaked'), ': answers HTML instead of JSON'],
    ['JSON that says it is text', body(`{${GOOD}}`, 'text/plain'), ': answers another content type than application/json'],
    ['half of the JSON', body(`{${GOOD}`), ': answers no JSON'],
    ['a list', body('["leaked"]'), ': answers no JSON object'],
    ['nothing', body(''), ': answers no JSON'],
    ['a member twice', body(`{"access_token":"other",${GOOD}}`), ': answers a member twice'],
    ['a member twice, the second spelt otherwise', body(`{${GOOD},"token\\u005ftype":"Bearer"}`), ': answers a member twice'],
    ['a value without end', body(`{${GOOD},"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), ': answers a value nested too deep'],
    ['more than 1 MB', body(`{${GOOD},"a":"${'a'.repeat(1_100_000)}"}`), ': more than 1048576 bytes'],
    ['a redirect', status(307, { location: '/elsewhere' }), ': status 307; redirects are not followed with a secret'],
    ['a redirect after which GET is used', status(303, { location: 'https://evil.example/' }), ': status 303; redirects are not followed with a secret'],
    ['a 401 of a proxy', status(401, { 'www-authenticate': 'Basic realm="leaked"' }), ': status 401'],
    ['a 403 in JSON without an error code', json(403, { message: 'leaked' }), ': status 403'],
    ['nothing there', status(404), ': status 404'],
    ['an error', status(500), ': status 500'],
    ['an error in JSON', json(500, { error: 'invalid_grant', error_description: 'leaked' }), ': status 500'],
    ['an error code that says "not now"', json(400, { error: 'temporarily_unavailable' }), ': answers temporarily_unavailable'],
    ['too many requests, without a time', json(429, { error: 'slow_down' }), ': status 429'],
    ['a broken connection', ((response) => { response.destroy() }) as ExchangeAnswer, ': UND_ERR_SOCKET']
  ] as ReadonlyArray<[string, ExchangeAnswer, string]>) {
    await t.test(name, async (t) => {
      const server = await exchangeServer(t)
      const api = await exchangingApi(t, server)
      const token = server.issuer.token()
      server.answer = answer
      t.strictSame(await api.get(token, '/down'), away())
      t.match(api.refusals(), [{ code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', reason: 'provider_unavailable', provider: 'oidc', hint: `${server.endpoint}${hint}` }])
      for (const text of ['leaked', SECRET, token]) t.notOk(api.logs.text().includes(text), text)
      server.answer = server.token()
      t.match(await api.get(token, '/down'), { status: 200, body: { accessToken: 'downstream' } })
      t.equal(server.requests.length, 2)
    })
  }
})

t.test('an answer that is not what was asked for is a 502, and is not kept', async (t) => {
  for (const [name, members, refusal] of [
    ['no access token', { access_token: undefined }, { hint: /no access_token/ }],
    ['an empty access token', { access_token: '' }, { hint: /no access_token/ }],
    ['an access token that is no text', { access_token: ['leaked'] }, { hint: /no access_token/ }],
    ['an access token that breaks headers', { access_token: 'leaked\r\nx-admin: 1' }, { hint: /none that a header can carry/ }],
    ['an access token without end', { access_token: 'leaked'.repeat(10_000) }, { hint: /no access_token/ }],
    ['no token_type', { token_type: undefined }, { expected: 'Bearer', found: 'no token_type' }],
    ['a token bound to a key', { token_type: 'DPoP' }, { found: 'DPoP', hint: /bound to a key, and we hold none/ }],
    ['an access token that is none', { token_type: 'N_A' }, { expected: 'Bearer', found: 'another token_type' }],
    ['a token_type that is no text', { token_type: { leaked: 1 } }, { found: 'another token_type' }],
    ['no issued_token_type', { issued_token_type: undefined }, { found: 'no issued_token_type' }],
    ['another issued_token_type', { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, { expected: /:access_token$/, found: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ['an issued_token_type of its own', { issued_token_type: 'urn:leaked' }, { found: 'another issued_token_type' }],
    ['a lifetime below zero', { expires_in: -1 }, { expected: 'a whole number of seconds', found: -1 }],
    ['a lifetime with a fraction', { expires_in: 1.5 }, { found: 1.5 }],
    ['a lifetime as a text', { expires_in: '3600' }, { found: 'expires_in is no number' }],
    ['no lifetime, written out', { expires_in: null }, { found: 'expires_in is no number' }],
    ['a scope that is no text', { scope: ['leaked'] }, { found: 'another scope' }]
  ] as ReadonlyArray<[string, Record<string, unknown>, Record<string, unknown>]>) {
    await t.test(name, async (t) => {
      const server = await exchangeServer(t)
      const api = await exchangingApi(t, server)
      const token = server.issuer.token()
      server.answer = server.token(members)
      t.strictSame(await api.get(token, '/down'), REFUSED)
      t.match(api.refusals(), [{ code: 'GATEHOUSE_EXCHANGE_REFUSED', reason: 'answer_refused', provider: 'oidc', ...refusal }])
      t.notMatch(api.logs.text(), 'leaked')
      t.strictSame(await api.get(token, '/down'), REFUSED)
      t.equal(server.requests.length, 2)
    })
  }
})

t.test("a lifetime no number can say is the provider's trouble", async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  server.answer = body(`{${GOOD},"expires_in":1e400}`)
  t.strictSame(await api.get(server.issuer.token(), '/down'), REFUSED)
})

t.test("the provider's no is a 502 with its code on the error, whatever its status, and nothing else of it anywhere", async (t) => {
  const server = await exchangeServer(t)
  const seen: unknown[] = []
  const api = await exchangingApi(t, server, {
    routes: (app) => {
      app.get('/caught', async ({ auth }) => auth.exchange({ scope: 'read' }).catch((error: AuthError) => {
        seen.push([error.name, error.statusCode, error.error, error.headers])
        return 'caught'
      }))
    }
  })
  const token = server.issuer.token()
  for (const [code, error, reason, hint] of [
    [401, 'invalid_client', 'client_refused', /check clientId and its clientSecret/],
    [400, 'unauthorized_client', 'client_refused', /lets it exchange nothing/],
    [400, 'unsupported_grant_type', 'exchange_refused', /is it switched on there/],
    [400, 'invalid_target', 'exchange_refused', /no such audience or resource/],
    [400, 'invalid_scope', 'exchange_refused', /no such scope/],
    [400, 'invalid_grant', 'exchange_refused', /does not take the token/],
    [401, 'invalid_request', 'exchange_refused', /does not take the token/],
    [403, 'mfa_required', 'exchange_refused', undefined]
  ] as const) {
    server.answer = json(code, { error, error_description: 'leaked', error_uri: 'https://leaked.example' }, { 'www-authenticate': 'Bearer error="leaked"' })
    t.strictSame(await api.get(token, '/down'), REFUSED, error)
    await api.app.inject({ url: '/caught', headers: { authorization: `Bearer ${token}` } })
    t.strictSame(seen.pop(), ['ExchangeError', 502, error, {}])
    t.match(api.refusals().at(-1), { code: 'GATEHOUSE_EXCHANGE_REFUSED', reason, provider: 'oidc', found: `${error}, status ${code}`, hint })
  }
  for (const error of ['<b>leaked</b>', 'leaked'.repeat(30), 'a "leaked" one', `${token}`, { leaked: 1 }, '']) {
    server.answer = json(400, { error })
    t.strictSame(await api.get(token, '/down'), REFUSED)
    t.match(api.refusals().at(-1), { reason: 'exchange_refused', found: 'unknown_error, status 400' })
  }
  t.notMatch(api.logs.text(), 'leaked')
  t.notOk(api.logs.text().includes(token))
})

t.test('a provider that does not answer is a 503 after five seconds, and its connection is given up', async (t) => {
  const deadlines = holdDeadlines(t)
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const token = server.issuer.token()
  await api.get(token)
  deadlines.asked.length = 0
  let isGivenUp = false
  server.answer = (response) => { response.on('close', () => { isGivenUp = true }) }
  const answers = Promise.all([api.get(token, '/down'), api.get(token, '/down')])
  await until(() => server.requests.length === 1)
  t.same(deadlines.asked, [5_000])
  deadlines.come()
  t.strictSame(await answers, [away(), away()])
  await until(() => isGivenUp)
  t.match(api.refusals(), [{ reason: 'provider_unavailable', hint: `${server.endpoint}: no full answer in time` }, {}])
})

t.test('closing the app ends what is under way', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  let isGivenUp = false
  server.answer = (response) => { response.on('close', () => { isGivenUp = true }) }
  const answer = api.get(server.issuer.token(), '/down')
  await until(() => server.requests.length === 1)
  await api.app.close()
  t.strictSame(await answer, away())
  await until(() => isGivenUp)
})

t.test('a provider that is away is a 503 until it is back, its discovery document included', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const token = server.issuer.token()
  await api.get(token)
  server.issuer.behave('status-500', 'discovery')
  t.strictSame(await api.get(token, '/down'), away())
  t.match(api.refusals(), [{ hint: `${server.issuer.issuer}/.well-known/openid-configuration: status 500` }])
  server.issuer.behave('answer')
  await server.shut()
  t.strictSame(await api.get(token, '/down'), away())
  await server.reopen()
  t.match(await api.get(token, '/down'), { status: 200 })
})

t.test('an endpoint that moved is found again after it failed, and its document is not fetched with every failure', async (t) => {
  const clock = fakeClock(t)
  const server = await exchangeServer(t)
  const { issuer } = server
  const api = await exchangingApi(t, server)
  const token = issuer.token()
  issuer.metadata.token_endpoint = `${issuer.issuer}/gone`
  t.strictSame(await api.get(token, '/down'), away())
  issuer.metadata.token_endpoint = server.endpoint
  t.match(await api.get(token, '/down'), { status: 200 })
  issuer.reset()
  server.answer = json(500, {})
  for (let i = 0; i < 5; i++) await api.get(issuer.token({ jti: String(i) }), '/down')
  t.equal(issuer.requests.discovery, 0)
  clock.advance(30_001)
  for (let i = 0; i < 5; i++) await api.get(issuer.token({ jti: String(i) }), '/down')
  t.equal(issuer.requests.discovery, 1)
})

t.test('a provider that says when to come back is left alone until then, but no longer than a minute', async (t) => {
  const clock = fakeClock(t)
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const kept = server.issuer.token({ sub: 'user-2' })
  t.match(await api.get(kept, '/down'), { status: 200 })
  for (const [code, retryAfter, pause] of [[429, '20', 20], [503, '3600', 60]] as const) {
    server.answer = status(code, { 'retry-after': retryAfter })
    server.requests.length = 0
    const token = server.issuer.token({ jti: retryAfter })
    t.strictSame(await api.get(token, '/down'), away(Number(retryAfter)))
    server.answer = server.token()
    t.strictSame(await api.get(token, '/down'), away(pause))
    t.match(await api.get(kept, '/down'), { status: 200 }, 'what is kept serves on')
    clock.advance(pause * 1000 - 1)
    t.strictSame(await api.get(token, '/down'), away(1))
    t.equal(server.requests.length, 1)
    clock.advance(1)
    t.match(await api.get(token, '/down'), { status: 200 })
  }
})

t.test('a wish holds though another request, sent before it was heard, fails without one', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const responses: ServerResponse[] = []
  server.answer = (response) => { responses.push(response) }
  const [one, two] = ['1', '2'].map((jti) => api.get(server.issuer.token({ jti }), '/down'))
  await until(() => responses.length === 2)
  responses[0]!.writeHead(429, { 'retry-after': '20' }).end()
  await Promise.race([one, two])
  responses[1]!.writeHead(500).end()
  await Promise.all([one, two])
  t.match(await api.get(server.issuer.token({ jti: '3' }), '/down'), { status: 503, retryAfter: /^(19|20)$/ })
  t.equal(server.requests.length, 2)
})
