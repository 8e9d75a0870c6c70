import t from 'tap'
import type { Test } from 'tap'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting, unavailable } from '../support/guarded-api.js'
import { active, introspectionServer, status } from '../support/introspection-server.js'
import type { IntrospectionAnswer, IntrospectionServer } from '../support/introspection-server.js'
import { createIssuer } from '../support/issuer.js'
import { until } from '../support/until.js'

const SECRET = 'hunter2-and-more'

/** An API that asks the stand-in about opaque tokens. */
async function introspectingApi (t: Test, server: IntrospectionServer) {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const provider = trusting(issuer, { introspection: { endpoint: server.endpoint, clientId: 'api', clientSecret: SECRET } })
  return { ...await guardedApi(t, issuer, { provider }), issuer }
}

const html: IntrospectionAnswer = (response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>opaque-0') }
const body = (text: string, type = 'application/json'): IntrospectionAnswer => (response) => { response.writeHead(200, { 'content-type': type }).end(text) }
const NOT_RFC = 'the answer is not one of RFC 7662: OAUTH_INVALID_RESPONSE'

t.test('an endpoint in trouble is a 503, never a 401, and is asked again', async (t) => {
  for (const [name, answer, hint] of [
    ['HTML', html, ': answers HTML'],
    ['HTML that says it is JSON', body('<p>'), ': answers HTML instead of JSON'],
    ['JSON that says it is text', body('{"active":false}', 'text/plain'), ': answers another content type than application/json'],
    ['JSON without a type', ((response) => { response.end('{"active":false}') }) as IntrospectionAnswer, ': answers another content type than application/json'],
    ['a JWT that was not asked for', body('eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.', 'application/token-introspection+jwt'), ': answers another content type than application/json'],
    ['no JSON', body('active'), ': answers no JSON'],
    ['a list', body('[]'), ': answers no JSON object'],
    ['nothing', body(''), ': answers no JSON'],
    ['no active', { token_type: 'Bearer' }, NOT_RFC],
    ['active as a text', active({ active: 'true' }), NOT_RFC],
    ['active as a number', active({ active: 1 }), NOT_RFC],
    ['a member twice', body('{"active":false,"active":true}'), ': answers a member twice'],
    ['a value without end', body(`{"active":true,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), ': answers a value nested too deep'],
    ['too much', body(`{"active":true,"a":"${'a'.repeat(1_100_000)}"}`), ': more than 1048576 bytes'],
    ['a redirect', status(307, { location: '/elsewhere' }), ': status 307; redirects are not followed with a secret: name the endpoint they lead to'],
    ['the wrong secret', status(401, { 'www-authenticate': 'Basic' }, '{"error":"invalid_client","error_description":"opaque-0"}'), ': status 401; the provider refuses our client: check clientId and its secret, and that it may introspect'],
    ['not our token to ask about', status(403), ': status 403; the provider refuses our client: check clientId and its secret, and that it may introspect'],
    ['nothing there', status(404), ': status 404; is this its introspection endpoint?'],
    ['an error', status(500, {}, 'opaque-0'), ': status 500'],
    ['a broken connection', ((response) => { response.destroy() }) as IntrospectionAnswer, ': UND_ERR_SOCKET']
  ] as ReadonlyArray<[string, IntrospectionAnswer, string]>) {
    await t.test(name, async (t) => {
      const server = await introspectionServer(t)
      const api = await introspectingApi(t, server)
      server.answer = answer
      t.strictSame(await api.get('opaque-0'), unavailable())
      t.match(api.refusals(), [{ reason: 'introspection_failed', provider: 'oidc', hint: hint.startsWith(':') ? `${server.endpoint}${hint}` : hint }])
      for (const secret of ['opaque-0', SECRET]) t.notMatch(api.logs.text(), secret)
      server.answer = active()
      t.strictSame(await api.get('opaque-0'), ACCEPTED)
      t.equal(server.questions.length, 2)
    })
  }
})

t.test('an endpoint that is away is a 503 until it is back', async (t) => {
  const server = await introspectionServer(t)
  const api = await introspectingApi(t, server)
  await server.shut()
  t.strictSame(await api.get('opaque'), unavailable())
  t.match(api.refusals(), [{ reason: 'introspection_failed', hint: `${server.endpoint}: ECONNREFUSED` }])
  await server.reopen()
  t.strictSame(await api.get('opaque'), ACCEPTED)
})

t.test('an endpoint that does not answer is a 503 after five seconds, and its connection is given up', async (t) => {
  const deadlines = holdDeadlines(t)
  const server = await introspectionServer(t)
  const api = await introspectingApi(t, server)
  let isGivenUp = false
  server.answer = (response) => { response.on('close', () => { isGivenUp = true }) }
  const answer = api.get('opaque')
  await until(() => server.questions.length === 1)
  t.same(deadlines.asked, [5_000])
  deadlines.come()
  t.strictSame(await answer, unavailable())
  t.match(api.refusals(), [{ reason: 'introspection_failed', provider: 'oidc' }])
  await until(() => isGivenUp)
  server.answer = active()
  t.strictSame(await api.get('opaque'), ACCEPTED)
})

t.test('an answer whose body does not end is one that does not come', async (t) => {
  const deadlines = holdDeadlines(t)
  const server = await introspectionServer(t)
  const api = await introspectingApi(t, server)
  server.answer = (response) => { response.writeHead(200, { 'content-type': 'application/json' }).write('{"active":true,') }
  const answer = api.get('opaque')
  await until(() => server.questions.length === 1)
  deadlines.come()
  t.strictSame(await answer, unavailable())
})

t.test('an endpoint that says when to come back is left in peace until then, for a minute at most', async (t) => {
  for (const [code, retryAfter, seconds] of [[429, '7', 7], [503, '7', 7], [503, '86400', 60]] as const) {
    const clock = fakeClock(t)
    const server = await introspectionServer(t)
    const api = await introspectingApi(t, server)
    server.answer = status(code, { 'retry-after': retryAfter })
    t.strictSame(await api.get('opaque-1'), unavailable(seconds))
    server.answer = active()
    clock.advance(1_500)
    t.strictSame(await api.get('opaque-2'), unavailable(seconds - 1))
    t.match(api.refusals(), [{ hint: `${server.endpoint}: status ${code}` }, { hint: 'whoever judges wants to be asked later' }])
    t.equal(server.questions.length, 1)
    clock.advance((seconds - 1) * 1_000)
    t.strictSame(await api.get('opaque-2'), ACCEPTED)
  }
})

t.test('while an invented token made it ask for peace, tokens accepted before are asked about', async (t) => {
  const clock = fakeClock(t)
  const server = await introspectionServer(t)
  const api = await introspectingApi(t, server)
  t.strictSame(await api.get('known'), ACCEPTED)
  clock.advance(30_000)
  server.answer = status(429, { 'retry-after': '60' })
  t.strictSame(await api.get('invented'), unavailable(60))
  server.answer = active()
  t.strictSame(await api.get('new'), unavailable(60))
  t.strictSame(await api.get('known'), ACCEPTED)
  t.equal(server.questions.length, 3)
})

t.test('a Retry-After of any other answer says nothing', async (t) => {
  const server = await introspectionServer(t)
  const api = await introspectingApi(t, server)
  server.answer = status(500, { 'retry-after': '7' })
  t.strictSame(await api.get('opaque-1'), unavailable())
  server.answer = active()
  t.strictSame(await api.get('opaque-2'), ACCEPTED)
})

t.test('while the endpoint is in trouble JWTs are accepted, and known opaque tokens as long as they are remembered', async (t) => {
  const clock = fakeClock(t)
  const server = await introspectionServer(t)
  const { issuer, ...api } = await introspectingApi(t, server)
  t.strictSame(await api.get('known'), ACCEPTED)
  server.answer = status(500)
  clock.advance(29_999)
  t.strictSame(await api.get('known'), ACCEPTED)
  t.strictSame(await api.get(issuer.token()), ACCEPTED)
  t.strictSame(await api.get('new'), unavailable())
  clock.advance(1)
  t.strictSame(await api.get('known'), unavailable())
  server.answer = { active: false }
  t.strictSame(await api.get('known'), INVALID_TOKEN)
})
