import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { IntrospectionOptions } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { guardedApi, INVALID_TOKEN, unavailable } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { opaqueProvider } from '../support/opaque-provider.js'
import type { OpaqueProvider } from '../support/opaque-provider.js'

type More = Partial<Pick<IntrospectionOptions, 'cache' | 'signedResponseAlg'>>

/** An API that asks the provider about opaque tokens, as this client. */
async function introspectingApi (t: Test, server: OpaqueProvider, client: IntrospectionOptions) {
  const other = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => other.close())
  const provider = oidc({ issuer: server.issuer, audience: server.audience, claims: { subject: ['sub', 'client_id'] }, introspection: client })
  return guardedApi(t, other, { provider, routes: (app) => { app.get('/write', { config: { scopes: 'write' } }, async ({ auth }) => ({ subject: auth.subject, claims: auth.accessTokenClaims() })) } })
}

const basic = (server: OpaqueProvider, more: More = {}): IntrospectionOptions => ({ clientId: 'api basic', clientSecret: server.secret, ...more })
const accepted = (subject: string) => ({ status: 200, body: { subject }, challenge: undefined, retryAfter: undefined })

t.test('an opaque token is accepted on the word of its provider, however this API authenticates there', async (t) => {
  const server = await opaqueProvider(t)
  const { secret: clientSecret, key } = server
  for (const [name, client] of [
    ['client_secret_basic', basic(server)],
    ['client_secret_post', { clientId: 'api-post', clientSecret, clientAuthentication: 'client_secret_post' }],
    ['private_key_jwt', { clientId: 'api-key', key: { ...key.export({ format: 'jwk' }), kid: 'api-key-1' } }],
    ['private_key_jwt in PEM', { clientId: 'api-key', key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), keyId: 'api-key-1', keyAlg: 'ES256' }]
  ] as ReadonlyArray<[string, IntrospectionOptions]>) {
    const api = await introspectingApi(t, server, client)
    t.strictSame(await api.get(await server.userToken()), accepted('user-1'), name)
    t.strictSame(await api.get(await server.clientToken()), accepted('caller'), name)
    t.strictSame(api.refusals(), [], name)
  }
})

t.test('what the provider says of the token decides what its bearer may do', async (t) => {
  const server = await opaqueProvider(t)
  const api = await introspectingApi(t, server, basic(server))
  t.match(await api.get(await server.userToken(), '/write'), { status: 200, body: { subject: 'user-1', claims: { iss: server.issuer, aud: server.audience, client_id: 'caller', scope: 'read write', exp: Number } } })
  const { status, challenge } = await api.get(await server.clientToken(), '/write')
  t.same({ status, challenge }, { status: 403, challenge: 'Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope this request needs", scope="write"' })
})

t.test('a revoked token is refused as soon as its answer is old', async (t) => {
  const server = await opaqueProvider(t)
  const clock = fakeClock(t)
  const api = await introspectingApi(t, server, basic(server, { cache: { ttl: 20 } }))
  const token = await server.userToken()
  t.strictSame(await api.get(token), accepted('user-1'))
  t.equal(await server.revoke(token), 200)
  clock.advance(19_999)
  t.strictSame(await api.get(token), accepted('user-1'), 'remembered')
  clock.advance(1)
  t.strictSame(await api.get(token), INVALID_TOKEN)
  t.match(api.refusals(), [{ reason: 'token_inactive', provider: 'oidc' }])
  t.equal(server.introspections(), 2)
})

t.test('a refresh token is no access token, whatever the provider says of it', async (t) => {
  const server = await opaqueProvider(t)
  const api = await introspectingApi(t, server, basic(server))
  t.strictSame(await api.get(await server.refreshToken()), INVALID_TOKEN)
  t.match(api.refusals(), [{ reason: 'not_an_access_token', found: 'no token_type' }])
})

t.test('a token that is bound to its sender, or for another API, is refused', async (t) => {
  const server = await opaqueProvider(t)
  const api = await introspectingApi(t, server, basic(server))
  t.strictSame(await api.get(await server.userToken({ jkt: 'thumbprint' })), INVALID_TOKEN)
  t.strictSame(await api.get(await server.userToken({ 'x5t#S256': 'thumbprint' })), INVALID_TOKEN)
  t.strictSame(await api.get(await server.userToken({ aud: 'https://other.example' })), INVALID_TOKEN)
  t.strictSame(await api.get(await server.userToken({ aud: undefined })), INVALID_TOKEN)
  t.match(api.refusals(), [{ reason: 'binding_unverifiable' }, { reason: 'binding_unverifiable' }, { reason: 'audience_mismatch' }, { reason: 'audience_mismatch', found: 'no aud' }])
})

t.test('JWTs and opaque tokens come to one route, and no JWT is introspected', async (t) => {
  const server = await opaqueProvider(t)
  const api = await introspectingApi(t, server, basic(server))
  const jwt = await server.clientToken('jwt')
  t.strictSame(await api.get(jwt), accepted('caller'))
  t.strictSame(await api.get(`${jwt.slice(0, -4)}AAAA`), INVALID_TOKEN)
  t.equal(server.introspections(), 0)
  t.strictSame(await api.get(await server.clientToken()), accepted('caller'))
  t.equal(server.introspections(), 1)
})

t.test('a client secret that is wrong is our mistake: 503, and one line says what to check', async (t) => {
  const server = await opaqueProvider(t)
  const api = await introspectingApi(t, server, { clientId: 'api basic', clientSecret: 'hunter2' })
  const token = await server.userToken()
  t.strictSame(await api.get(token), unavailable())
  t.match(api.refusals(), [{ reason: 'introspection_failed', provider: 'oidc', hint: /: status 401; the provider refuses our client: check clientId and its secret/ }])
  t.notMatch(api.logs.text(), 'hunter2')
  t.notMatch(api.logs.text(), token)
})

t.test('RFC 9701: a signed answer is accepted, and one signed otherwise than was agreed is not', async (t) => {
  const server = await opaqueProvider(t)
  const signed: IntrospectionOptions = { clientId: 'api-signed', clientSecret: server.secret, signedResponseAlg: 'RS256' }
  const api = await introspectingApi(t, server, signed)
  t.strictSame(await api.get(await server.userToken()), accepted('user-1'))
  t.strictSame(await api.get('unknown'), INVALID_TOKEN)
  t.strictSame(api.refusals().map(({ reason }) => reason), ['token_inactive'])
  const other = await introspectingApi(t, server, { ...signed, signedResponseAlg: 'ES256' })
  t.strictSame(await other.get(await server.userToken()), unavailable())
  t.match(other.refusals(), [{ reason: 'introspection_failed', hint: 'the answer is not one of RFC 7662: OAUTH_INVALID_RESPONSE' }])
})
