import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { createKey } from '../support/issuer.js'
import { clientAt, failureOf, json, loginServer, never } from '../support/login-server.js'

const before = { iss: '', sub: 'user-1', aud: 'web', auth_time: 1000, nonce: 'n' }

async function atServer (t: Parameters<typeof loginServer>[0]) {
  const server = await loginServer(t)
  const { client } = clientAt(t, server)
  const claims = { ...before, iss: server.issuer.issuer }
  return { server, claims, refresh: (session = claims) => client.refresh({ refreshToken: 'old', claims: session }, never) }
}

t.test('a refresh token that is not replaced is kept, and one that is, is', async (t) => {
  const clock = fakeClock(t)
  const { server, refresh } = await atServer(t)
  server.answers['/token'] = server.tokens({ access_token: 'new', expires_in: 60 })
  t.strictSame(await refresh(), { refreshToken: 'old', accessToken: 'new', accessTokenExpiresAt: Math.floor(clock.now() / 1000 + 60), scope: undefined })
  t.strictSame(server.requests[0]?.form, { refresh_token: 'old', grant_type: 'refresh_token' })
  server.answers['/token'] = server.tokens({ access_token: 'new', expires_in: '60' })
  t.match(await refresh(), { accessTokenExpiresAt: Math.floor(clock.now() / 1000 + 60) }, 'a lifetime may be a text')
  server.answers['/token'] = server.tokens({ refresh_token: 'new', scope: 'openid' })
  t.match(await refresh(), { refreshToken: 'new', scope: 'openid', accessTokenExpiresAt: undefined, idToken: undefined })
})

t.test('an ID token that comes along is verified, and continues the login', async (t) => {
  const { server, claims, refresh } = await atServer(t)
  for (const again of [{}, { auth_time: 1000, nonce: 'n', sid: 's' }, { aud: ['web'], azp: 'web' }]) {
    server.answers['/token'] = server.tokens({ id_token: server.idToken(again) })
    t.match(await refresh(), { accessToken: 'access', claims: { sub: 'user-1' }, idToken: /^eyJ/ })
  }
  t.match(await refresh({ ...claims, aud: ['web'] } as never), { claims: { sub: 'user-1' } })
  const foreign = await createKey('RS256', { kid: server.issuer.keys[0]!.kid })
  for (const [changed, expected, key] of [
    [{ sub: 'user-2' }, { reason: 'login_changed', found: 'sub' }],
    [{ auth_time: 2000 }, { reason: 'login_changed', found: 'auth_time' }],
    [{ nonce: 'other' }, { reason: 'login_changed', found: 'nonce' }],
    [{ iss: 'https://evil.example' }, { reason: 'answer_refused' }],
    [{ aud: 'other' }, { reason: 'answer_refused' }],
    [{ exp: 1 }, { reason: 'answer_refused' }],
    [{}, { reason: 'signature_invalid' }, foreign]
  ] as const) {
    server.answers['/token'] = server.tokens({ id_token: server.idToken(changed, {}, key) })
    t.match(await failureOf(refresh()), { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', ...expected })
  }
  server.answers['/token'] = server.tokens({ id_token: server.idToken({ azp: 'web' }) })
  t.match(await failureOf(refresh({ ...claims, aud: ['web', 'other'] } as never)), { status: 400, reason: 'login_changed', found: 'aud' })
  t.match(await failureOf(refresh({ ...claims, iss: 'https://evil.example' })), { status: 400, reason: 'login_changed', found: 'iss' })
})

t.test('a login that is over is told from a provider that is away', async (t) => {
  const { server, refresh } = await atServer(t)
  for (const error of ['invalid_grant', 'access_denied', 'interaction_required']) {
    for (const status of [400, 401, 403]) {
      server.answers['/token'] = json(status, { error, error_description: 'old hunter2' }, { 'www-authenticate': 'Basic realm="hunter2"' })
      const outcome = await failureOf(refresh())
      t.match(outcome, { status: 403, code: 'GATEHOUSE_LOGIN_REFUSED', reason: 'grant_refused', error, found: error })
      t.notMatch(JSON.stringify(outcome), /hunter2/)
    }
  }
  for (const [answer, expected] of [
    [json(400, { error: 'invalid_request' }), { reason: 'client_refused', found: 'invalid_request, status 400' }],
    [json(401, { error: 'invalid_client' }), { reason: 'client_refused', found: 'invalid_client, status 401', hint: /check clientId/ }],
    [json(400, { error: { hunter2: 1 } }), { reason: 'client_refused', found: 'unknown_error, status 400' }],
    [json(400, { error: 'temporarily_unavailable' }), { reason: 'provider_unavailable', hint: /answers temporarily_unavailable$/ }],
    [json(400, {}), { reason: 'provider_unavailable', hint: /status 400$/ }],
    [json(500, { error: 'invalid_grant' }), { reason: 'provider_unavailable', hint: /status 500$/ }]
  ] as const) {
    server.answers['/token'] = answer
    t.match(await failureOf(refresh()), { status: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', error: undefined, ...expected })
  }
})

t.test('a refresh token that is empty is a mistake of ours, and never sent', async (t) => {
  const { server, claims } = await atServer(t)
  const { client } = clientAt(t, server)
  await t.rejects(client.refresh({ refreshToken: '', claims }, never), TypeError)
  t.strictSame(server.requests, [])
})
