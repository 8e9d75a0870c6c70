import { channel } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import t from 'tap'
import { ForbiddenError, InvalidTokenError, UnavailableError } from '../lib/errors.js'
import type { Refusal } from '../lib/refusal.js'
import { createReporter, REFUSAL_CHANNEL } from '../lib/report.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, unavailable } from './support/guarded-api.js'
import { createIssuer } from './support/issuer.js'
import { captureLogs } from './support/logs.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.behave('answer') })

const refusals = channel(REFUSAL_CHANNEL)

function reporterWithLogs () {
  const logs = captureLogs()
  return { logs, reporter: createReporter(Fastify({ logger: { level: 'trace', stream: logs.stream } }).log, () => {}) }
}

const full: Refusal = {
  reason: 'audience_mismatch', provider: 'oidc', clientId: 'client-1', kid: 'key-1', expected: ['a'], found: 'b', hint: 'a slip'
}

t.test('a refusal is one log line that says everything of it', async (t) => {
  const { logs, reporter } = reporterWithLogs()
  const error = new InvalidTokenError(full)
  t.equal(reporter.refuse(error, undefined, undefined), error, 'and is given back to be thrown')
  t.equal(logs.lines.length, 1)
  const [line] = logs.lines
  t.match(line, { level: 30, msg: 'refused: audience_mismatch' })
  t.same(line?.gatehouse, { code: 'GATEHOUSE_TOKEN_INVALID', ...full })
})

t.test("refusals that are the caller's are logged at info, what is ours at error", async (t) => {
  const { logs, reporter } = reporterWithLogs()
  reporter.refuse(new ForbiddenError({ reason: 'role_missing' }), undefined, undefined)
  reporter.refuse(new UnavailableError({ reason: 'keys_unavailable' }, 1), undefined, undefined)
  t.same(logs.lines.map(({ level }) => level), [30, 50])
})

t.test('refusals are counted by code', async (t) => {
  const { reporter } = reporterWithLogs()
  t.same(reporter.refused, {})
  for (let count = 0; count < 3; count++) reporter.refuse(new InvalidTokenError({ reason: 'token_opaque' }), undefined, undefined)
  reporter.refuse(new ForbiddenError({ reason: 'role_missing' }), undefined, undefined)
  t.same(reporter.refused, { GATEHOUSE_TOKEN_INVALID: 3, GATEHOUSE_FORBIDDEN: 1 })
})

t.test('a refusal of a request is logged by the logger of that request', async (t) => {
  const { get, logs } = await guardedApi(t, issuer)
  t.same(await get('opaque'), INVALID_TOKEN)
  const lines = logs.lines.filter(({ gatehouse }) => gatehouse !== undefined)
  t.equal(lines.length, 1)
  t.equal(lines[0]?.reqId, logs.lines.find(({ msg }) => msg === 'incoming request')?.reqId)
})

t.test('challenge and Retry-After reach the client though an error handler forgets them', async (t) => {
  const { app, get } = await guardedApi(t, issuer, {
    routes: (app) => { app.setErrorHandler((_error, _request, reply) => reply.code(418).send({ problem: true })) }
  })
  const answer = { status: 418, body: { problem: true } }
  t.same(await get('opaque'), { ...INVALID_TOKEN, ...answer })
  issuer.behave('refuse')
  t.same(await get(issuer.token()), { ...unavailable(), ...answer })
  t.match(await app.inject('/'), { headers: { 'www-authenticate': 'Bearer realm="api"' } })
})

t.test('the channel carries the refusal, its status and the id of the request, but not the request with its headers', async (t) => {
  const { app, get } = await guardedApi(t, issuer)
  const messages: unknown[] = []
  const listen = (message: unknown) => { messages.push(message) }
  refusals.subscribe(listen)
  t.teardown(() => refusals.unsubscribe(listen))
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get(issuer.token({ aud: 'https://other.example' })), INVALID_TOKEN)
  await app.gatehouse.verify('opaque').catch(() => {})
  const hint = "the token's audience is another API of yours"
  t.match(messages, [
    { code: 'GATEHOUSE_TOKEN_INVALID', statusCode: 401, reason: 'audience_mismatch', provider: 'oidc', clientId: 'client-1', expected: [issuer.audience], found: 'https://other.example', hint, requestId: /^req-/ },
    { code: 'GATEHOUSE_TOKEN_INVALID', statusCode: 401, reason: 'token_opaque', requestId: undefined }
  ])
  t.equal(messages.length, 2)
  t.notOk(messages.some((message) => typeof message === 'object' && message !== null && 'request' in message))

  refusals.unsubscribe(listen)
  t.same(await get('opaque'), INVALID_TOKEN)
  t.equal(messages.length, 2)
})

t.test('the channel costs nothing without a subscriber', async (t) => {
  t.equal(refusals.hasSubscribers, false)
  const published = t.captureFn(() => {})
  t.intercept(refusals, 'publish', { value: published })
  const { reporter } = reporterWithLogs()
  reporter.refuse(new InvalidTokenError(full), undefined, undefined)
  t.equal(published.calls.length, 0)
  t.intercept(refusals, 'hasSubscribers', { value: true })
  reporter.refuse(new InvalidTokenError(full), undefined, undefined)
  t.same(published.args(), [[{ code: 'GATEHOUSE_TOKEN_INVALID', statusCode: 401, ...full, requestId: undefined }]])
})
