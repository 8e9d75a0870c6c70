import t from 'tap'
import { clientAt, failureOf, loginServer, never } from '../support/login-server.js'

t.test('a callback that does not answer the login is refused before anything is sent', async (t) => {
  const server = await loginServer(t)
  const { client, begin } = clientAt(t, server)
  const transaction = await begin()
  const { state } = transaction
  const iss = server.issuer.issuer
  const failed = { status: 400, code: 'GATEHOUSE_LOGIN_FAILED' }
  for (const [name, parameters, expected] of [
    ['another state', { code: 'c', state: 'other' }, { ...failed, reason: 'state_mismatch' }],
    ['no state', { code: 'c' }, { ...failed, reason: 'state_mismatch' }],
    ['an empty state', { code: 'c', state: '' }, { ...failed, reason: 'state_mismatch' }],
    ['two states', { code: 'c', state: [state, state] }, { ...failed, reason: 'callback_malformed', hint: 'state came more than once' }],
    ['two codes', { code: ['c', 'd'], state }, { ...failed, reason: 'callback_malformed', hint: 'code came more than once' }],
    ['a code that is an object', { code: { c: 1 }, state }, { ...failed, reason: 'callback_malformed' }],
    ['a code of any length', { code: 'c'.repeat(8193), state }, { ...failed, reason: 'callback_malformed' }],
    ['no code', { state }, { ...failed, reason: 'callback_malformed', hint: 'there is no code' }],
    ['a code from nowhere', Object.create({ code: 'c', state }), { ...failed, reason: 'state_mismatch' }],
    ['another issuer', { code: 'c', state, iss: 'https://evil.example' }, { ...failed, reason: 'issuer_mismatch', expected: iss, found: 'https://evil.example' }],
    ['an issuer that differs by a slash', { code: 'c', state, iss: `${iss}/` }, { ...failed, reason: 'issuer_mismatch' }],
    ['two issuers', { code: 'c', state, iss: [iss, iss] }, { ...failed, reason: 'callback_malformed' }],
    ['an error under another state', { error: 'access_denied', state: 'other' }, { ...failed, reason: 'state_mismatch', error: undefined }],
    ['an error of another issuer', { error: 'access_denied', state, iss: 'https://evil.example' }, { ...failed, reason: 'issuer_mismatch', error: undefined }]
  ] as const) t.match(await failureOf(client.finish(parameters, transaction, never)), expected, name)
  t.match(await failureOf(client.finish({ code: 'c', state }, { ...transaction, provider: 'other' }, never)), { ...failed, reason: 'provider_mismatch', expected: 'other', found: 'oidc' })
  t.strictSame(server.requests, [])
})

t.test('the provider says no: its error code is told, and nothing else of its words', async (t) => {
  const server = await loginServer(t)
  const { client, begin } = clientAt(t, server)
  const transaction = await begin()
  const { state } = transaction
  const jwt = server.idToken()
  for (const [error, expected] of [
    ['access_denied', { status: 403, code: 'GATEHOUSE_LOGIN_REFUSED', reason: 'authorization_refused', error: 'access_denied', found: 'access_denied' }],
    ['a code of ours!', { status: 403, error: 'a code of ours!' }],
    ['<script>"', { status: 403, error: 'unknown_error' }],
    ['line\nbreak', { status: 403, error: 'unknown_error' }],
    ['é', { status: 403, error: 'unknown_error' }],
    ['x'.repeat(101), { status: 403, error: 'unknown_error' }],
    [jwt.slice(0, 90), { status: 403, error: 'unknown_error' }],
    ['temporarily_unavailable', { status: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', error: undefined, hint: 'the provider answers temporarily_unavailable' }],
    ['server_error', { status: 503 }]
  ] as const) {
    const outcome = await failureOf(client.finish({ error, error_description: 'hunter2', error_uri: 'https://hunter2.example', code: 'c', state }, transaction, never))
    t.match(outcome, expected, error)
    t.notMatch(JSON.stringify(outcome), /hunter2|script|eyJ/)
  }
  t.match(await failureOf(client.finish({ error: ['access_denied', 'x'], state }, transaction, never)), { status: 400, reason: 'callback_malformed' })
  t.strictSame(server.requests, [])
})

t.test("members nobody asked for are not looked at: FusionAuth's locale and userState, tokens of other flows", async (t) => {
  const server = await loginServer(t)
  const { client, begin } = clientAt(t, server)
  const transaction = await begin()
  server.answers['/token'] = server.tokens({ id_token: server.idToken({ nonce: transaction.nonce }) })
  const more = { locale: 'de', userState: 'Authenticated', session_state: 'x', scope: ['a', 'b'], id_token: 'eyJ', token: 'x', response: 'x' }
  t.match(await client.finish({ ...more, code: 'c&d=e', state: transaction.state, iss: server.issuer.issuer }, transaction, never), { claims: { sub: 'user-1' } })
  t.equal(server.requests[0]?.form.code, 'c&d=e')
})

t.test('RFC 9207: an issuer is demanded where the provider says that it names itself', async (t) => {
  const server = await loginServer(t)
  server.issuer.metadata.authorization_response_iss_parameter_supported = true
  const { client, begin } = clientAt(t, server)
  const transaction = await begin()
  for (const parameters of [{ code: 'c' }, { code: 'c', iss: '' }, { error: 'access_denied' }]) {
    t.match(await failureOf(client.finish({ ...parameters, state: transaction.state }, transaction, never)), { status: 400, reason: 'issuer_missing' })
  }
})
