import t from 'tap'
import { guardedApi, ACCEPTED, INVALID_TOKEN, trusting, unavailable } from './support/guarded-api.js'
import { createIssuer } from './support/issuer.js'
import { listen } from './support/issuer/server.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())

/** An issuer with a path whose server has only these documents; every other path is a 404. */
async function serverWith (t: { teardown (end: () => unknown): unknown }, documents: (origin: string) => Record<string, object>) {
  const asked: string[] = []
  const { origin, close } = await listen((request, response) => {
    asked.push(request.url!)
    const document = documents(origin)[request.url!]
    response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document ?? {}))
  })
  t.teardown(close)
  return { origin, asked, iss: `${origin}/tenant`, provider: trusting(issuer, { issuer: `${origin}/tenant` }) }
}

t.test('a server that speaks RFC 8414 and not OpenID Connect is found by itself', async (t) => {
  const { asked, iss, provider } = await serverWith(t, (origin) => ({
    '/.well-known/oauth-authorization-server/tenant': { issuer: `${origin}/tenant`, jwks_uri: `${origin}/keys` },
    '/keys': { keys: issuer.published }
  }))
  const { get } = await guardedApi(t, issuer, { provider })
  t.same(await get(issuer.token({ iss })), ACCEPTED)
  t.same(asked, ['/tenant/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/tenant', '/keys'])
  t.same(await get(issuer.token({ iss, jti: 'new' })), ACCEPTED)
  t.equal(asked.length, 3)
})

t.test('a document by RFC 8414 that names another issuer is not believed', async (t) => {
  const { origin, asked, iss, provider } = await serverWith(t, (origin) => ({
    '/.well-known/oauth-authorization-server/tenant': { issuer: origin, jwks_uri: `${origin}/keys` },
    '/keys': { keys: issuer.published }
  }))
  const { get, refusals } = await guardedApi(t, issuer, { provider })
  t.same(await get(issuer.token({ iss })), unavailable())
  t.match(refusals(), [{ hint: `${origin}/.well-known/oauth-authorization-server/tenant: its issuer differs from ${iss}` }])
  t.notOk(asked.includes('/keys'))
})

t.test('a server with neither document is away, and the operator is told both addresses', async (t) => {
  const { origin, iss, provider } = await serverWith(t, () => ({}))
  const { app, get } = await guardedApi(t, issuer, { provider })
  t.same(await get(issuer.token({ iss })), unavailable())
  t.equal(app.gatehouse.health()[0]?.lastError,
    `${origin}/tenant/.well-known/openid-configuration: status 404; ${origin}/.well-known/oauth-authorization-server/tenant: status 404`)
})

t.test('a token whose key is held, but not for its algorithm, is refused with a hint that says so', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer)
  const [key] = issuer.keys
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get(issuer.token({}, {}, { ...key!, alg: 'RS512' })), INVALID_TOKEN)
  t.same(await get(issuer.token({}, { kid: 'gone' }, { ...key!, alg: 'RS512' })), INVALID_TOKEN)
  t.same(await get(issuer.token({}, { kid: undefined }, { ...key!, alg: 'RS512' })), INVALID_TOKEN)
  t.match(refusals(), [
    { reason: 'kid_unknown', kid: key?.kid, hint: 'the provider has this key, but not for RS512' },
    { reason: 'kid_unknown', kid: 'gone', hint: 'the key was rotated away, or the token is from another server with the same issuer' },
    { reason: 'kid_unknown', hint: 'the token names no key, and not exactly one key of the provider fits it' }
  ])
})

t.test('the 503 of a server that says when to come back says it too', async (t) => {
  const busy = await createIssuer()
  t.teardown(() => busy.close())
  for (const mode of ['status-503', 'status-429'] as const) {
    busy.reset()
    busy.behave(mode)
    busy.retryAfter = 90
    const { get } = await guardedApi(t, busy)
    t.same(await get(busy.token()), unavailable(90), mode)
    t.same(await get(busy.token({ jti: 'new' })), unavailable(90))
    t.match(busy.requests, { discovery: 1, jwks: 0 })
  }
})
