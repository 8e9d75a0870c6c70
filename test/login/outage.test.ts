import t from 'tap'
import type { Test } from 'tap'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { clientAt, failureOf, json, loginServer, never } from '../support/login-server.js'
import type { EndpointAnswer } from '../support/login-server.js'
import { until } from '../support/until.js'

const redirectUri = 'http://127.0.0.1:3000/callback'
const unavailable = { status: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', reason: 'provider_unavailable', message: 'The identity provider cannot be reached right now' }

async function away (t: Test) {
  const server = await loginServer(t)
  const { client, begin, end } = clientAt(t, server)
  return { server, client, begin, end, start: (signal = never) => client.start({ redirectUri }, signal) }
}

t.test('a token endpoint that answers anything else than tokens is away, and not told on', async (t) => {
  const { server, client } = await away(t)
  const page: EndpointAnswer = (response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<title>hunter2</title>') }
  const raw = (text: string): EndpointAnswer => (response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(text) }
  for (const [name, answer, hint] of [
    ['a page', page, /answers HTML$/],
    ['a page with an error', (response) => { response.writeHead(400, { 'content-type': 'text/html' }).end('<title>hunter2</title>') }, /status 400$/],
    ['no type', (response) => { response.writeHead(200).end('{"access_token":"hunter2","token_type":"Bearer"}') }, /another content type/],
    ['no JSON', raw('hunter2'), /answers no JSON$/],
    ['no object', raw('["hunter2"]'), /answers no JSON object$/],
    ['an error that is no JSON', (response) => { response.writeHead(400, { 'content-type': 'application/json' }).end('hunter2') }, /answers no JSON$/],
    ['a member twice', raw('{"access_token":"hunter2","access_token":"hunter2","token_type":"Bearer"}'), /answers a member twice$/],
    ['too deep', raw(`{"access_token":"a","token_type":"Bearer","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /nested too deep$|answers no JSON/],
    ['no access token', json(200, { token_type: 'Bearer', id_token: 'hunter2' }), /answers no access token$/],
    ['an empty one', json(200, { access_token: '', token_type: 'Bearer' }), /answers no access token$/],
    ['no type of token', json(200, { access_token: 'hunter2' }), /another token_type than Bearer$/],
    ['a token bound to a key of nobody', json(200, { access_token: 'hunter2', token_type: 'DPoP' }), /another token_type than Bearer$/],
    ['a refresh token that is none', json(200, server.tokens({ refresh_token: null })), /answers a malformed refresh_token$/],
    ['an ID token that is none', json(200, server.tokens({ id_token: '' })), /answers a malformed id_token$/],
    ['scopes in a list', json(200, server.tokens({ scope: ['hunter2'] })), /answers a malformed scope$/],
    ...['soon', -1, null, true, ''].map((lifetime) => [`a lifetime of ${lifetime}`, json(200, server.tokens({ expires_in: lifetime })), /answers a malformed expires_in$/]),
    ['another success', json(201, server.tokens()), /status 201$/],
    ['a redirect', (response) => { response.writeHead(302, { location: `${server.origin}/elsewhere` }).end() }, /status 302$/],
    ['a redirect that keeps the body', (response) => { response.writeHead(307, { location: `${server.origin}/elsewhere` }).end() }, /status 307$/],
    ['trouble', json(502, { error: 'invalid_grant' }), /status 502$/],
    ['a broken connection', (response) => { response.destroy() }, /token: /],
    ['too much', (response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(`{"x":"${'x'.repeat(1_100_000)}"}`) }, /more than 1048576 bytes$/]
  ] as ReadonlyArray<[string, EndpointAnswer, RegExp]>) {
    server.answers['/token'] = answer
    const outcome = await failureOf(client.refresh({ refreshToken: 'hunter2', claims: {} }, never))
    t.match(outcome, { ...unavailable, hint }, name)
    t.notMatch(JSON.stringify(outcome), /hunter2/)
  }
  t.notOk(server.requests.some(({ path }) => path === '/elsewhere'), 'a redirect is not followed with a secret')
})

t.test('an endpoint that hangs is given up after 5 s', async (t) => {
  const deadlines = holdDeadlines(t)
  const { server, client } = await away(t)
  let closed = false
  server.answers['/token'] = (response) => { response.on('close', () => { closed = true }) }
  const failure = failureOf(client.refresh({ refreshToken: 'r', claims: {} }, never))
  await until(() => server.requests.length === 1)
  t.ok(deadlines.asked.every((ms) => ms === 5000))
  deadlines.come()
  t.match(await failure, { ...unavailable, hint: /token: no full answer in time$/ })
  await until(() => closed)
})

t.test('whoever asked may go: what they asked for ends', async (t) => {
  const { server, client } = await away(t)
  const controller = new AbortController()
  let closed = false
  server.answers['/token'] = (response) => { response.on('close', () => { closed = true }) }
  const failure = failureOf(client.refresh({ refreshToken: 'r', claims: {} }, controller.signal))
  await until(() => server.requests.length === 1)
  controller.abort()
  t.match(await failure, unavailable)
  await until(() => closed)
  t.match(await failureOf(client.refresh({ refreshToken: 'r', claims: {} }, controller.signal)), unavailable, 'nor does anything begin')
  t.equal(server.requests.length, 1)
})

t.test('a provider that says when to come back is not asked before', async (t) => {
  const clock = fakeClock(t)
  const { server, client } = await away(t)
  server.answers['/token'] = json(429, {}, { 'retry-after': '30' })
  const refresh = () => failureOf(client.refresh({ refreshToken: 'r', claims: {} }, never))
  t.match(await refresh(), { ...unavailable, headers: { 'retry-after': '30' } })
  clock.advance(10_000)
  t.match(await refresh(), { ...unavailable, hint: 'the provider wants to be asked later', headers: { 'retry-after': '20' } })
  t.equal(server.requests.length, 1)
  server.answers['/userinfo'] = { sub: 'ada' }
  t.match(await client.userinfo('access', 'ada', never), { sub: 'ada' }, 'its other endpoints said nothing')
  clock.advance(20_001)
  server.answers['/token'] = server.tokens()
  t.match(await refresh(), { result: { accessToken: 'access' } })
})

t.test('metadata that cannot be had, or are those of somebody else, are a 503', async (t) => {
  const { server: { issuer }, client, start } = await away(t)
  for (const [mode, hint] of [['status-500', /status 500$/], ['html', /HTML/], ['truncated', /no JSON/], ['redirect', /redirects to another origin$/], ['refuse', /openid-configuration: /]] as const) {
    issuer.behave(mode, 'discovery')
    t.match(await failureOf(start()), { ...unavailable, hint }, mode)
    t.match(await failureOf(client.logoutUrl({}, never)), unavailable, mode)
    t.match(await client.revoke('hunter2', never), /^provider_unavailable: /)
  }
  issuer.behave('answer', 'discovery')
  const { issuer: own, token_endpoint: endpoint, authorization_endpoint: page } = issuer.metadata
  for (const [member, value, hint] of [
    ['issuer', `${String(own)}/`, /its issuer differs/], ['issuer', undefined, /its issuer differs/],
    ['token_endpoint', undefined, /has no token_endpoint$/], ['token_endpoint', 'http://192.0.2.1/', /plain http$/], ['authorization_endpoint', 'javascript:alert(1)', /plain http$/],
    ['userinfo_endpoint', 'relative', /has no userinfo_endpoint$/], ['revocation_endpoint', 'https://a:b@id.example/', /user name or password$/]
  ] as const) {
    const { [member]: before } = issuer.metadata
    issuer.metadata[member] = value
    t.match(await failureOf(start()), { ...unavailable, hint }, member)
    issuer.metadata[member] = before
  }
  t.match(issuer.metadata, { token_endpoint: endpoint, authorization_endpoint: page })
  t.match(await start(), { url: `${String(page)}?` })
})

t.test('metadata are fetched once by many, and kept for an hour; for a day while they cannot be had', async (t) => {
  const clock = fakeClock(t)
  const { server: { issuer }, start } = await away(t)
  await Promise.all(Array.from({ length: 50 }, () => start()))
  t.equal(issuer.requests.discovery, 1)
  clock.advance(3_599_000)
  await start()
  t.equal(issuer.requests.discovery, 1)
  await issuer.shut()
  clock.advance(2000)
  t.match(await start(), { url: String })
  clock.advance(82_000_000)
  t.match(await start(), { url: String })
  clock.advance(10_000_000)
  t.match(await failureOf(start()), unavailable)
  await issuer.reopen()
  t.match(await start(), { url: String })
})

t.test('one who goes while metadata are fetched takes nobody along; the last one ends the fetch', async (t) => {
  const { server: { issuer }, start } = await away(t)
  issuer.behave('hang', 'discovery')
  const controllers = [new AbortController(), new AbortController()]
  const failures = controllers.map(({ signal }) => failureOf(start(signal)))
  await until(() => issuer.requests.discovery === 1)
  controllers[0]!.abort()
  t.match(await failures[0], unavailable)
  const third = start()
  issuer.behave('answer', 'discovery')
  controllers[1]!.abort()
  t.match(await failures[1], unavailable)
  t.equal(issuer.requests.discovery, 1, 'the third waits with them')
  t.match(await failureOf(Promise.race([third, new Promise((resolve) => setTimeout(resolve, 50))])), { result: undefined })
  issuer.behave('hang', 'discovery')
  await issuer.shut()
  t.match(await failureOf(third), unavailable)
  await issuer.reopen()
  issuer.behave('answer', 'discovery')
  t.match(await start(), { url: String })
})

t.test('an endpoint that moved is found again, and a broken one does not cause a look each time', async (t) => {
  const clock = fakeClock(t)
  const { server, client, start } = await away(t)
  const refresh = () => failureOf(client.refresh({ refreshToken: 'r', claims: {} }, never))
  await start()
  server.issuer.reset()
  for (let times = 0; times < 4; times++) t.match(await refresh(), unavailable)
  t.equal(server.issuer.requests.discovery, 1)
  server.issuer.metadata.token_endpoint = `${server.origin}/new`
  server.answers['/new'] = server.tokens()
  clock.advance(30_001)
  t.match(await refresh(), unavailable, 'doubted')
  t.match(await refresh(), { result: { accessToken: 'access' } })
})

t.test('headers of fetchOptions go to the host of the discovery document only', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server, { fetchOptions: { headers: { 'X-Gateway': 'pass' } } })
  server.answers['/token'] = server.tokens()
  await client.refresh({ refreshToken: 'r', claims: {} }, never)
  t.equal(server.requests[0]?.headers['x-gateway'], undefined)
})
