import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { createLoginClient } from '../../lib/login/client.js'
import type { LoginClientOptions } from '../../lib/login/client.js'
import { secret } from '../../lib/providers/secret.js'
import { loginKeys } from '../support/login-keys.js'
import { AFTER_LOGOUT, loginProvider, REDIRECT_URI } from '../support/login-provider.js'
import type { LoginProvider } from '../support/login-provider.js'
import { failureOf, never } from '../support/login-server.js'

/** A client of the certified provider; the one called `web` unless told otherwise. */
function clientOf (t: Test, server: LoginProvider, more: Partial<LoginClientOptions> = {}) {
  const provider = oidc({ issuer: server.issuer, audience: 'https://api.example' })
  return createLoginClient({
    provider,
    keys: loginKeys(t, provider),
    clientId: 'web',
    clientAuthentication: { method: 'client_secret_basic', secret: secret(server.secret) },
    scope: 'openid email offline_access',
    responseMode: 'query',
    pushedAuthorizationRequests: 'auto',
    authorizationParams: { prompt: 'consent' },
    clockTolerance: 10,
    fetchOptions: {},
    ...more
  })
}

t.test('a person logs in, stays, and logs out', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server)
  const browser = server.browser()
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
  const { parameters } = await browser.visit(url)
  const result = await client.finish(parameters, transaction, never)
  const now = Date.now() / 1000
  t.match(result, { accessToken: String, refreshToken: String, idToken: /^eyJ/, scope: 'openid email offline_access', claims: { iss: server.issuer, sub: 'ada', aud: 'web', nonce: transaction.nonce } })
  t.ok(Math.abs(result.accessTokenExpiresAt! - (now + 600)) < 5)

  t.match(await client.userinfo(result.accessToken, 'ada', never), { sub: 'ada', email: 'ada@example.com' })
  t.match(await failureOf(client.userinfo(result.accessToken, 'bob', never)), { status: 400, reason: 'subject_mismatch' })
  t.match(await failureOf(client.userinfo('other', 'ada', never)), { status: 400, reason: 'access_token_refused' })

  const refreshed = await client.refresh({ refreshToken: result.refreshToken!, claims: result.claims }, never)
  t.match(refreshed, { accessToken: String, claims: { sub: 'ada' }, idToken: /^eyJ/ })
  t.not(refreshed.accessToken, result.accessToken)

  const logout = await client.logoutUrl({ idTokenHint: result.idToken, postLogoutRedirectUri: AFTER_LOGOUT, state: 'over' }, never)
  t.match(logout, `${server.issuer}/session/end?client_id=web&id_token_hint=eyJ`)
  const page = await (await browser.open(logout!)).text()
  const form = { xsrf: /name="xsrf" value="([^"]+)"/.exec(page)![1]!, logout: 'yes' }
  t.equal((await browser.open(`${server.issuer}/session/end/confirm`, form)).headers.get('location'), `${AFTER_LOGOUT}?state=over`)

  t.equal(await client.revoke(refreshed.refreshToken, never), undefined)
  t.match(await failureOf(client.refresh(refreshed as typeof refreshed & { claims: typeof result.claims }, never)), { status: 403, code: 'GATEHOUSE_LOGIN_REFUSED', error: 'invalid_grant', reason: 'grant_refused' })
})

t.test('a code works once, for the verifier it was asked with', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server)
  const browser = server.browser()
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
  const { parameters } = await browser.visit(url)
  const other = { ...transaction, codeVerifier: 'x'.repeat(43) }
  t.match(await failureOf(client.finish(parameters, other, never)), { reason: 'grant_refused', error: 'invalid_grant' })
  t.match(await client.finish(parameters, transaction, never), { claims: { sub: 'ada' } })
  t.match(await failureOf(client.finish(parameters, transaction, never)), { status: 403, reason: 'grant_refused', error: 'invalid_grant' })
})

t.test('two tabs log in at once', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server)
  const tabs = await Promise.all(['ada', 'bob'].map(async (name) => {
    const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
    return { name, transaction, ...await server.browser().visit(url, name) }
  }))
  for (const { name, parameters, transaction } of tabs) t.match(await client.finish(parameters, transaction, never), { claims: { sub: name } })
  t.match(await failureOf(client.finish(tabs[0]!.parameters, tabs[1]!.transaction, never)), { reason: 'state_mismatch' })
})

t.test('every way a client authenticates', async (t) => {
  const server = await loginProvider(t)
  const ways: Array<Pick<LoginClientOptions, 'clientId' | 'clientAuthentication'>> = [
    { clientId: 'web-post', clientAuthentication: { method: 'client_secret_post', secret: secret(server.secret) } },
    { clientId: 'public', clientAuthentication: { method: 'none' } },
    { clientId: 'web-key', clientAuthentication: { method: 'private_key_jwt', key: server.key, alg: 'ES256', kid: 'web-key-1' } }
  ]
  for (const way of ways) {
    const client = clientOf(t, server, way)
    const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
    const { parameters } = await server.browser().visit(url)
    const result = await client.finish(parameters, transaction, never)
    t.match(result, { claims: { sub: 'ada', aud: way.clientId } }, way.clientId)
    t.equal(await client.revoke(result.refreshToken!, never), undefined, way.clientId)
  }
})

t.test('a wrong secret is our mistake, and nobody is told it', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server, { clientAuthentication: { method: 'client_secret_basic', secret: secret('hunter2') } })
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
  const { parameters } = await server.browser().visit(url)
  t.match(await failureOf(client.finish(parameters, transaction, never)), { status: 503, reason: 'client_refused', found: 'invalid_client, status 401' })
})

t.test('RFC 9126: requests are pushed where the provider requires it, or the app wants it', async (t) => {
  const required = await loginProvider(t, { features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } } })
  const offered = await loginProvider(t, { features: { pushedAuthorizationRequests: { enabled: true } } })
  for (const [server, mode, isPushed] of [[required, 'auto', true], [offered, 'auto', false], [offered, 'always', true], [required, 'never', false]] as const) {
    const client = clientOf(t, server, { pushedAuthorizationRequests: mode })
    const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI, loginHint: 'ada' }, never)
    t.strictSame(new URL(url).searchParams.has('request_uri'), isPushed)
    t.equal(new URL(url).searchParams.has('state'), !isPushed)
    const { parameters } = await server.browser().visit(url)
    const outcome = await failureOf(client.finish(parameters, transaction, never))
    if (mode === 'never') t.match(outcome, { status: 403, error: 'invalid_request' }, 'the provider insists')
    else t.match(outcome, { result: { claims: { sub: 'ada' } } })
  }
})

t.test('a request the provider will not take when it is pushed is our mistake', async (t) => {
  const server = await loginProvider(t, { features: { pushedAuthorizationRequests: { enabled: true } } })
  const client = clientOf(t, server, { pushedAuthorizationRequests: 'always' })
  t.match(await failureOf(client.start({ redirectUri: 'https://evil.example/callback' }, never)), { status: 503, reason: 'client_refused', found: 'invalid_request, status 400' })
})

t.test('form_post brings the answer in a form', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server, { responseMode: 'form_post' })
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
  const { method, parameters } = await server.browser().visit(url)
  t.equal(method, 'POST')
  t.match(await client.finish(parameters, transaction, never), { claims: { sub: 'ada' } })
})

t.test('RFC 9207: an answer without its issuer is refused, for this provider names itself', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server)
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
  const { parameters: { iss, ...rest } } = await server.browser().visit(url)
  t.equal(iss, server.issuer)
  t.match(await failureOf(client.finish(rest, transaction, never)), { status: 400, reason: 'issuer_missing' })
  t.match(await failureOf(client.finish({ ...rest, iss: 'https://evil.example' }, transaction, never)), { reason: 'issuer_mismatch', found: 'https://evil.example' })
})

t.test('a login that nobody may be asked for is refused by the provider', async (t) => {
  const server = await loginProvider(t)
  const client = clientOf(t, server, { authorizationParams: {} })
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI, prompt: 'none' }, never)
  const { parameters } = await server.browser().visit(url)
  t.match(await failureOf(client.finish(parameters, transaction, never)), { status: 403, code: 'GATEHOUSE_LOGIN_REFUSED', error: 'login_required', reason: 'authorization_refused', message: 'The login was refused' })
})

t.test('maxAge and acrValues are asked for, and looked for in the ID token', async (t) => {
  const server = await loginProvider(t, { acrValues: ['urn:gold'] })
  const client = clientOf(t, server)
  const browser = server.browser()
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI, maxAge: 60, acrValues: ['urn:gold', 'urn:silver'] }, never)
  t.match(Object.fromEntries(new URL(url).searchParams), { max_age: '60', acr_values: 'urn:gold urn:silver' })
  const { parameters } = await browser.visit(url)
  t.match(await failureOf(client.finish(parameters, transaction, never)), { status: 400, reason: 'acr_mismatch', expected: 'urn:gold urn:silver', found: 'no acr' })
  const again = await client.start({ redirectUri: REDIRECT_URI, maxAge: 60 }, never)
  t.match(await client.finish((await browser.visit(again.url)).parameters, again.transaction, never), { claims: { auth_time: Number } })
})
