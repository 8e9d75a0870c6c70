import { inspect } from 'node:util'
import t from 'tap'
import type { DownstreamToken, ExchangeOptions } from '../../lib/index.js'
import { apiKey } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { ACCESS_TOKEN, exchangeServer, exchangingApi, json, SECRET } from '../support/exchange-server.js'
import { trusting } from '../support/guarded-api.js'
import { endedToken, rotate, sessionApp } from '../support/session-app.js'
import { seconds } from '../support/session-stage.js'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

t.test('the token of the caller goes to the provider by the name of our client, and what it gives comes back', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const token = server.issuer.token()
  const before = Math.floor(Date.now() / 1000)
  const { status, body } = await api.get(token, '/down')
  t.equal(status, 200)
  const { expiresAt, ...rest } = body as DownstreamToken
  t.ok(expiresAt! >= before + 3600 && expiresAt! <= before + 3602 && Number.isInteger(expiresAt))
  t.strictSame(rest, { accessToken: 'downstream 1', scopes: [], issuedTokenType: ACCESS_TOKEN, tokenType: 'Bearer' })
  t.strictSame([...server.requests[0]!.form], [
    ['subject_token', token], ['subject_token_type', ACCESS_TOKEN], ['requested_token_type', ACCESS_TOKEN], ['audience', 'https://orders.example'], ['grant_type', TOKEN_EXCHANGE]
  ])
  const { authorization } = server.requests[0]!.headers
  t.equal(decodeURIComponent(Buffer.from(String(authorization).replace('Basic ', ''), 'base64').toString()), `api:${SECRET}`)
})

t.test('each form sends its parameters, several values as several', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const token = server.issuer.token()
  const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
  const VAULT = 'http://auth0.com/oauth/token-type/federated-connection-access-token'
  for (const [wishes, sent] of [
    [{ resource: ['https://a.example/x?y', 'urn:b'], audience: ['a', 'b', 'a'], scope: 'read write' },
      [['subject_token', token], ['subject_token_type', ACCESS_TOKEN], ['requested_token_type', ACCESS_TOKEN], ['audience', 'a'], ['audience', 'b'], ['resource', 'https://a.example/x?y'], ['resource', 'urn:b'], ['scope', 'read write'], ['grant_type', TOKEN_EXCHANGE]]],
    [{ scope: ['write', 'read'], requestedTokenType: ID_TOKEN, actorToken: { token: 'the actor', type: ID_TOKEN }, parameters: { tenant: 'acme', tag: ['x', 'y'] } },
      [['subject_token', token], ['subject_token_type', ACCESS_TOKEN], ['requested_token_type', ID_TOKEN], ['actor_token', 'the actor'], ['actor_token_type', ID_TOKEN], ['scope', 'write read'], ['tenant', 'acme'], ['tag', 'x'], ['tag', 'y'], ['grant_type', TOKEN_EXCHANGE]]],
    [{ subjectToken: 'legacy', subjectTokenType: 'urn:acme:legacy', organization: 'org_1', audience: undefined, scope: 'read' },
      [['subject_token', 'legacy'], ['subject_token_type', 'urn:acme:legacy'], ['requested_token_type', ACCESS_TOKEN], ['organization', 'org_1'], ['scope', 'read'], ['grant_type', TOKEN_EXCHANGE]]],
    [{ connection: 'google-oauth2', loginHint: 'google|1', parameters: { tenant: 'acme' } },
      [['subject_token', token], ['subject_token_type', ACCESS_TOKEN], ['requested_token_type', VAULT], ['connection', 'google-oauth2'], ['login_hint', 'google|1'], ['tenant', 'acme'], ['grant_type', 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token']]],
    [{ connection: 'github' },
      [['subject_token', token], ['subject_token_type', ACCESS_TOKEN], ['requested_token_type', VAULT], ['connection', 'github'], ['grant_type', 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token']]]
  ] as ReadonlyArray<[ExchangeOptions, string[][]]>) {
    api.wishes = wishes
    t.match(await api.get(token, '/down'), { status: 200 })
    t.strictSame([...server.requests.at(-1)!.form], sent)
  }
})

t.test('what was granted is what the provider says, or else what was asked for', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  const ask = async (wishes: ExchangeOptions, members: Record<string, unknown>) => {
    api.wishes = wishes
    server.answer = server.token(members)
    return (await api.get(server.issuer.token({ jti: Math.random() }), '/down')).body
  }
  t.match(await ask({ scope: 'read write' }, {}), { scopes: ['read', 'write'] })
  t.match(await ask({ scope: 'read write' }, { scope: ' read' }), { scopes: ['read'] })
  t.strictSame((await ask({ scope: 'read' }, { scope: '' }) as DownstreamToken).scopes, [])
  t.strictSame((await ask({ scope: 'read' }, { expires_in: undefined }) as DownstreamToken).expiresAt, undefined)
  const saml = 'urn:ietf:params:oauth:token-type:saml2'
  t.match(await ask({ scope: 'read', requestedTokenType: saml }, { token_type: 'N_A', issued_token_type: saml }), { tokenType: 'N_A', issuedTokenType: saml })
  t.match(await ask({ subjectToken: 'legacy', subjectTokenType: 'https://acme.example/legacy' }, { issued_token_type: undefined, token_type: 'bearer' }), { tokenType: 'Bearer', issuedTokenType: ACCESS_TOKEN })
  t.match(await ask({ connection: 'github' }, { issued_token_type: undefined }), { accessToken: 'downstream' })
  t.match(await ask({ connection: 'github' }, { issued_token_type: ACCESS_TOKEN }), { statusCode: 502 })
  t.match(await ask({ connection: 'github' }, { issued_token_type: undefined, token_type: 'N_A' }), { statusCode: 502 }, 'the library knows N_A in RFC 8693 only')
  t.match(api.refusals().at(-1), { hint: /^the answer is not one of RFC 8693: OAUTH_/ })
})

t.test('headers of fetchOptions go to the issuer, and not to an endpoint elsewhere', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server, { gatehouse: { fetchOptions: { headers: { 'x-gateway': 'secret' } } } })
  t.match(await api.get(server.issuer.token(), '/down'), { status: 200 })
  t.notOk('x-gateway' in server.requests[0]!.headers)
})

t.test('a provider whose keys are at hand is asked where its issuer says', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server, { provider: { keys: { jwks: { keys: server.issuer.published } } } })
  t.match(await api.get(server.issuer.token(), '/down'), { status: 200, body: { accessToken: 'downstream 1' } })
})

t.test('a provider a resolver names is asked by its own client', async (t) => {
  const server = await exchangeServer(t)
  const provider = trusting(server.issuer, { clientId: 'tenant-1', clientSecret: 'x', clientAuthentication: 'client_secret_post' })
  let isKnown = true
  const api = await exchangingApi(t, server, {
    gatehouse: { provider: async () => isKnown ? provider : undefined },
    routes: (app) => { app.get('/late', async ({ auth }) => { isKnown = false; return auth.exchange({ audience: 'x' }) }) }
  })
  t.match(await api.get(server.issuer.token(), '/down'), { status: 200 })
  t.equal(server.requests[0]!.form.get('client_id'), 'tenant-1')
  t.match(await api.get(server.issuer.token(), '/late'), { status: 401, body: { code: 'GATEHOUSE_TOKEN_INVALID' } })
  t.match(api.refusals().at(-1), { reason: 'issuer_mismatch' })
})

t.test('a provider without a client is a mistake in the app: 500, naming provider and remedy', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server, { gatehouse: { provider: trusting(server.issuer, { name: 'internal' }) } })
  t.strictSame(await api.get(server.issuer.token(), '/down'), {
    status: 500,
    body: { statusCode: 500, error: 'Internal Server Error', message: 'request.auth.exchange(): internal has no client to ask with: give it { clientId, clientSecret }, beside its audience' },
    challenge: undefined,
    retryAfter: undefined
  })
})

t.test('an API key, or what an authenticator reads, cannot be exchanged', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server, { gatehouse: { authenticators: [apiKey({ hash: (key) => key, lookup: (hash) => ({ hash, subject: 'a program' }) })] } })
  t.strictSame(await api.get(undefined, '/down', { 'x-api-key': 'a-key-of-more-than-twenty-characters' }), {
    status: 403,
    body: { statusCode: 403, code: 'GATEHOUSE_NOT_AN_ACCESS_TOKEN', error: 'Forbidden', message: 'This needs an access token' },
    challenge: undefined,
    retryAfter: undefined
  })
  t.match(api.refusals(), [{ reason: 'accessor_refused', provider: 'api_key', found: 'api_key', hint: /credentialsType first$/ }])
  t.equal(server.requests.length, 0)
})

t.test('of a session the access token is exchanged, refreshed where it ended', async (t) => {
  const stage = await sessionApp(t, { routes: (app) => { app.get('/down', async ({ auth }) => (await auth.exchange({ audience: 'https://orders.example' })).accessToken) } })
  const { server, seat } = stage
  let exchanges = 0
  const { shown } = rotate(server)
  const refresh = server.answers['/token'] as (...args: unknown[]) => void
  server.answers['/token'] = (response, asked) => {
    if (asked.form.grant_type !== TOKEN_EXCHANGE) return refresh(response, asked)
    json(200, { access_token: `for ${asked.form.subject_token} ${++exchanges}`, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 3600 })(response)
  }
  const browser = await seat()
  t.equal((await browser.get('/down')).body, 'for access 0 1')
  t.equal((await browser.get('/down')).body, 'for access 0 1')
  const ended = await seat(endedToken())
  t.equal((await ended.get('/down')).body, 'for access 1 2')
  t.strictSame(shown, ['refresh 0'])
  const over = await seat({ accessToken: 'over', accessTokenExpiresAt: seconds() - 1 })
  const answer = await over.get('/down')
  t.match([answer.status, answer.headers['www-authenticate'], answer.json().code], [401, 'Bearer realm="api"', 'GATEHOUSE_LOGIN_REQUIRED'])
  t.equal(stage.logs.lines.filter(({ msg }) => msg === 'refused: access_token_ended').length, 1, 'told once')
})

t.test("what was made of a session's token is kept as long as the provider said that one lasts", async (t) => {
  const clock = fakeClock(t)
  const { server, seat } = await sessionApp(t, { routes: (app) => { app.get('/down', async ({ auth }) => (await auth.exchange({ audience: 'x' })).accessToken) } })
  let exchanges = 0
  server.answers['/token'] = (response) => { json(200, { access_token: `downstream ${++exchanges}`, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 36_000 })(response) }
  for (const [lifetime, later, first, second] of [[3_600, 120_000, 'downstream 1', 'downstream 1'], [undefined, 60_000, 'downstream 2', 'downstream 3']] as const) {
    const browser = await seat({ accessToken: `access ${lifetime}`, accessTokenExpiresAt: lifetime === undefined ? undefined : seconds() + lifetime })
    t.equal((await browser.get('/down')).body, first)
    clock.advance(later)
    t.equal((await browser.get('/down')).body, second)
  }
})

t.test('no way of printing a token shows it, and it cannot be changed', async (t) => {
  const server = await exchangeServer(t)
  const texts: string[] = []
  const api = await exchangingApi(t, server, {
    routes: (app) => {
      app.get('/print', async ({ auth, log }) => {
        const token = await auth.exchange({ scope: 'read' })
        log.info(token, 'itself')
        log.info({ token, deeper: { token } }, 'a member')
        log.error(new Error('a cause', { cause: token }))
        texts.push(JSON.stringify(token), JSON.stringify({ token }), inspect(token), inspect(token, { customInspect: false, showHidden: true, depth: Infinity }), inspect({ ...token }), inspect(structuredClone(token)), `${token as unknown as string}`)
        t.throws(() => { (token as { other?: string }).other = 'x' }, TypeError)
        t.throws(() => { (token as { accessToken: string }).accessToken = 'x' }, TypeError)
        t.throws(() => { (token.scopes as string[]).push('admin') }, TypeError)
        t.strictSame(JSON.parse(JSON.stringify(token)), { expiresAt: token.expiresAt, scopes: ['read'], issuedTokenType: ACCESS_TOKEN, tokenType: 'Bearer' })
        t.equal(inspect(token), inspect({ expiresAt: token.expiresAt, scopes: ['read'], issuedTokenType: ACCESS_TOKEN, tokenType: 'Bearer' }))
        return { token }
      })
    }
  })
  t.match(await api.get(server.issuer.token(), '/print'), { status: 200, body: { token: { scopes: ['read'] } } })
  for (const text of [...texts, api.logs.text()]) t.notOk(/downstream \d/.test(text), text.slice(0, 100))
})
