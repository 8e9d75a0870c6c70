import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import t from 'tap'
import { entra, oidc } from '../../lib/index.js'
import { LoginError, ProviderUnavailableError } from '../../lib/login/errors.js'
import { CLIENT_ID_LOGOUT, LOGOUT_URI_LOGOUT, RETURN_TO_LOGOUT } from '../../lib/providers/logout.js'
import { clientAt, failureOf, json, loginServer, never } from '../support/login-server.js'

const redirectUri = 'http://127.0.0.1:3000/callback'

t.test('a login asks with PKCE S256, state and nonce, new ones each time', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server, { authorizationParams: { audience: 'https://api.example', resource: ['urn:a', 'urn:b'], ui_locales: 'de', unset: undefined, prompt: 'consent' } })
  const { url, transaction } = await client.start({ redirectUri }, never)
  const { origin, pathname, searchParams } = new URL(url)
  t.equal(origin + pathname, server.issuer.metadata.authorization_endpoint)
  t.strictSame(Object.fromEntries(searchParams), {
    client_id: 'web',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile',
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: createHash('sha256').update(transaction.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    audience: 'https://api.example',
    resource: 'urn:b',
    ui_locales: 'de',
    prompt: 'consent'
  })
  t.strictSame(searchParams.getAll('resource'), ['urn:a', 'urn:b'])
  t.match(transaction, { provider: 'oidc', redirectUri, state: /^[\w-]{43}$/, nonce: /^[\w-]{43}$/, codeVerifier: /^[\w-]{43}$/ })
  const { transaction: other } = await client.start({ redirectUri }, never)
  for (const member of ['state', 'nonce', 'codeVerifier'] as const) t.not(other[member], transaction[member])
  t.notMatch(url, transaction.codeVerifier)
  t.strictSame(server.requests, [])
})

t.test('what a login is asked with goes before what every login is', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server, { responseMode: 'form_post', authorizationParams: { prompt: 'consent', organization: 'a', ui_locales: 'de' } })
  const { url } = await client.start({ redirectUri, prompt: 'login', maxAge: 0, acrValues: ['a', 'b'], loginHint: 'ada@example.com', authorizationParams: { organization: 'b', prompt: 'none' } }, never)
  const { searchParams } = new URL(url)
  t.match(Object.fromEntries(searchParams), { response_mode: 'form_post', max_age: '0', acr_values: 'a b', login_hint: 'ada@example.com', organization: 'b', ui_locales: 'de' })
  t.strictSame(searchParams.getAll('prompt'), ['login'])
})

t.test('an authorization endpoint keeps its own query', async (t) => {
  const server = await loginServer(t)
  server.issuer.metadata.authorization_endpoint = 'https://id.example/authorize?tenant=1'
  const { url } = await clientAt(t, server).client.start({ redirectUri }, never)
  t.match(url, 'https://id.example/authorize?tenant=1&')
})

t.test("a user's parameters may not take the place of ours", async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server)
  for (const name of ['state', 'nonce', 'redirect_uri', 'client_id', 'response_type', 'response_mode', 'scope', 'code_challenge', 'code_challenge_method', 'code_verifier', 'request', 'request_uri', 'client_secret', 'client_assertion', 'client_assertion_type', 'dpop_jkt', 'max_age', 'acr_values']) {
    await t.rejects(client.start({ redirectUri, authorizationParams: { [name]: 'hunter2' } }, never), { name: 'TypeError', message: new RegExp(`^reply\\.login\\(\\): authorizationParams\\.${name}: cannot be set here: (?!.*hunter2)`) })
    t.throws(() => clientAt(t, server, { authorizationParams: { [name]: undefined } }), { message: `login.authorizationParams.${name}: cannot be set here: ` }, 'nor be named')
  }
  for (const params of [{ a: 1 }, { a: [1] }, { a: null }, { a: [null] }]) await t.rejects(client.start({ redirectUri, authorizationParams: params as never }, never), { message: 'reply.login(): authorizationParams.a: expected a text or a list of texts' })
  await t.rejects(client.start({ redirectUri, authorizationParams: ['a'] as never }, never), { message: /^reply\.login\(\): authorizationParams: expected an object/ })
})

t.test('a wrong request is a mistake of the app', async (t) => {
  const { client } = clientAt(t, await loginServer(t))
  for (const [request, message] of [
    [{ redirectUri: '/callback' }, /^redirectUri: expected a normalized URL/], [{ redirectUri: 'https://app.example' }, /^redirectUri/], [{ redirectUri: 'https://app.example/callback?a' }, /^redirectUri/],
    [{ redirectUri: 'https://app.example/callback#' }, /^redirectUri/], [{ redirectUri, maxAge: -1 }, /^reply\.login\(\): maxAge: expected/], [{ redirectUri, maxAge: 1.5 }, /^reply\.login\(\): maxAge: expected/], [{ redirectUri, prompt: '' }, /^reply\.login\(\): prompt: expected/],
    [{ redirectUri, acrValues: [] }, /^reply\.login\(\): acrValues: expected/], [{ redirectUri, loginHint: 1 }, /^reply\.login\(\): loginHint: expected/]
  ] as const) await t.rejects(client.start(request as never, never), { name: 'TypeError', message })
})

t.test('what cannot work does not start', async (t) => {
  const server = await loginServer(t)
  const tenants = entra({ tenants: 'any', audience: 'api' })
  const keys = { usable: () => false, find: () => undefined, obtain: async () => undefined }
  const options = { keys, authorizationParams: undefined }
  t.throws(() => clientAt(t, server, { ...options, scope: 'profile' }), { name: 'TypeError', message: /^scope: expected openid among the scopes/ })
  t.throws(() => clientAt(t, server, { ...options, provider: tenants }), { message: 'login: entra stands for many issuers, and a login is with one; name the tenant' })
})

t.test('where the keys are configured, the issuer says where to log in, in one of its own documents', async (t) => {
  const server = await loginServer(t)
  const jwksUri = `${server.issuer.issuer}/jwks`
  for (const keys of [{ jwksUri }, { jwks: { keys: server.issuer.published } }, { pem: server.issuer.keys[0]!.publicKey.export({ format: 'pem', type: 'spki' }) }]) {
    const { end } = clientAt(t, server, {}, { keys: keys as never, algorithms: ['RS256'] })
    t.match(await end(), { claims: { sub: String } }, Object.keys(keys).join())
  }
})

t.test('a provider that takes no pushed requests cannot be sent any', async (t) => {
  const { client } = clientAt(t, await loginServer(t), { pushedAuthorizationRequests: 'always' })
  t.match(await failureOf(client.start({ redirectUri }, never)), { status: 503, hint: 'the metadata name no pushed_authorization_request_endpoint' })
})

t.test('a pushed request is answered by a name for it', async (t) => {
  const server = await loginServer(t)
  server.issuer.metadata.pushed_authorization_request_endpoint = `${server.origin}/par`
  server.issuer.metadata.require_pushed_authorization_requests = true
  const { client } = clientAt(t, server)
  server.answers['/par'] = json(201, { request_uri: 'urn:1', expires_in: 60 })
  const { url, transaction } = await client.start({ redirectUri, authorizationParams: { audience: 'a' } }, never)
  t.strictSame(Object.fromEntries(new URL(url).searchParams), { client_id: 'web', request_uri: 'urn:1' })
  t.match(server.requests[0]?.form, { state: transaction.state, redirect_uri: redirectUri, audience: 'a', client_id: 'web' })
  for (const [answer, expected] of [
    [json(200, { request_uri: 'urn:1', expires_in: 60 }), { status: 503, hint: /status 200$/ }],
    [json(201, { expires_in: 60 }), { status: 503, hint: /answers no request_uri and how long it lasts$/ }],
    [json(201, { request_uri: 'urn:1' }), { status: 503 }]
  ] as const) {
    server.answers['/par'] = answer
    t.match(await failureOf(client.start({ redirectUri }, never)), expected)
  }
})

t.test('userinfo is of the subject, unsigned JSON, or not there', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server)
  const userinfo = (subject = 'ada') => failureOf(client.userinfo('access', subject, never))
  for (const [answer, expected] of [
    [{ sub: 'ada', name: 'Ada' }, { result: { sub: 'ada', name: 'Ada' } }],
    [{ sub: 'bob' }, { status: 400, reason: 'subject_mismatch' }],
    [{ name: 'Ada' }, { status: 503, hint: /answers no sub$/ }],
    [json(401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' }), { status: 400, reason: 'access_token_refused', found: 'status 401' }],
    [json(403, {}), { status: 400, reason: 'access_token_refused' }],
    [json(400, { error: 'invalid_request' }), { status: 503, reason: 'client_refused' }],
    [json(200, { sub: 'ada' }, { 'content-type': 'application/jwt' }), { status: 503, hint: /another content type than application\/json$/ }]
  ] as const) {
    server.answers['/userinfo'] = answer
    t.match(await userinfo(), expected)
  }
  t.equal(server.requests[0]?.headers.authorization, 'Bearer access')
  delete server.issuer.metadata.userinfo_endpoint
  const { client: other } = clientAt(t, server)
  t.equal(await other.userinfo('access', 'ada', never), undefined)
})

t.test('a refresh token is revoked, or it is said why it may not be', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server)
  for (const status of [200, 204]) {
    server.answers['/revoke'] = (response) => { response.writeHead(status).end() }
    t.equal(await client.revoke('hunter2', never), undefined)
  }
  t.match(server.requests[0], { form: { token: 'hunter2', token_type_hint: 'refresh_token' }, headers: { authorization: /^Basic / } })
  for (const status of [400, 404, 500]) {
    server.answers['/revoke'] = json(status, { error: 'hunter2' })
    t.equal(await client.revoke('hunter2', never), `provider_unavailable: ${server.origin}/revoke: status ${status}`)
  }
  delete server.issuer.metadata.revocation_endpoint
  t.equal(await clientAt(t, server).client.revoke('hunter2', never), 'the provider has no revocation_endpoint')
})

t.test('logout: at the end_session_endpoint, or where the provider has its own, or nowhere', async (t) => {
  const server = await loginServer(t)
  const { origin, issuer } = server
  const all = { idTokenHint: 'eyJ', postLogoutRedirectUri: 'https://app.example/', state: 's' }
  const standard = `${origin}/logout?client_id=web&id_token_hint=eyJ&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=s`
  const provider = oidc({ issuer: issuer.issuer, audience: 'api' })
  const at = (logout = provider.logout, request = all) => clientAt(t, server, { provider: { ...provider, logout } }).client.logoutUrl(request, never)
  t.equal(await at(), standard)
  t.equal(await at(undefined, {} as typeof all), `${origin}/logout?client_id=web`)
  t.equal(await at(CLIENT_ID_LOGOUT), standard.replace('&id_token_hint=eyJ', ''))
  t.equal(await at(RETURN_TO_LOGOUT), standard, 'an advertised one goes first')
  t.equal(await at(LOGOUT_URI_LOGOUT), `${origin}/logout?client_id=web&logout_uri=https%3A%2F%2Fapp.example%2F`)
  issuer.metadata.end_session_endpoint = `${origin}/logout?p=1`
  t.match(await at(), `${origin}/logout?p=1&client_id=web&`)
  delete issuer.metadata.end_session_endpoint
  t.equal(await at(), undefined)
  t.equal(await at(CLIENT_ID_LOGOUT), undefined)
  t.equal(await at(RETURN_TO_LOGOUT), `${issuer.issuer}/v2/logout?client_id=web&returnTo=https%3A%2F%2Fapp.example%2F`)
})

t.test('an error shows its reason to the operator alone, and has no stack anybody could make us pay for', async (t) => {
  const refusal = { provider: 'oidc', reason: 'state_mismatch', hint: 'for the operator' } as const
  for (const error of [new LoginError(refusal), new LoginError(refusal, 'access_denied'), new ProviderUnavailableError(refusal, 7)]) {
    t.equal(error.reason, 'state_mismatch')
    t.equal(error.refusal, refusal)
    t.notMatch(error.stack, /\n +at /)
    t.notMatch(JSON.stringify({ ...error }) + inspect(error, { showHidden: true }), /operator/)
  }
  t.equal(new LoginError(refusal).name, 'LoginError')
  t.strictSame(new ProviderUnavailableError(refusal, 6.2).headers, { 'retry-after': '7' })
  t.strictSame(new ProviderUnavailableError(refusal, -1).headers, { 'retry-after': '1' })
})
