import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { OidcOptions } from '../../lib/index.js'
import { exchangeProvider } from '../support/exchange-provider.js'
import type { ExchangeProvider } from '../support/exchange-provider.js'
import { REFUSED } from '../support/exchange-server.js'
import { guardedApi } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'

/** An API that calls the service behind it on behalf of its callers, and that service. */
async function twoServices (t: Test, { issuer, audience, downstream }: ExchangeProvider, client: Partial<OidcOptions>) {
  const other = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => other.close())
  const orders = await guardedApi(t, other, {
    provider: oidc({ issuer, audience: downstream }),
    routes: (app) => { app.get('/who', async ({ auth }) => ({ subject: auth.subject, actor: auth.actor?.subject, scopes: auth.scopes })) }
  })
  const api = await guardedApi(t, other, {
    provider: oidc({ issuer, audience, ...client }),
    routes: (app) => {
      app.get('/orders', async ({ auth }) => (await orders.get((await auth.exchange({ audience: downstream, scope: 'write' })).accessToken, '/who')).body)
      app.get('/elsewhere', async ({ auth }) => (await auth.exchange({ audience: 'https://elsewhere.example' })).accessToken)
    }
  })
  return { api, orders }
}

const CALLED = (actor: string) => ({ status: 200, body: { subject: 'ada', actor, scopes: ['write'] }, challenge: undefined, retryAfter: undefined })

t.test('a service calls another on behalf of its caller, however it authenticates at the provider', async (t) => {
  const server = await exchangeProvider(t)
  const { secret: clientSecret, key } = server
  for (const client of [
    { clientId: 'api basic', clientSecret },
    { clientId: 'api-post', clientSecret, clientAuthentication: 'client_secret_post' },
    { clientId: 'api-key', key: { ...key.export({ format: 'jwk' }), kid: 'api-key-1' } },
    { clientId: 'api-public', clientAuthentication: 'none' }
  ] as const) {
    const { api, orders } = await twoServices(t, server, client)
    const token = await server.userToken('ada')
    t.strictSame(await api.get(token, '/orders'), CALLED(client.clientId), client.clientId)
    t.equal((await orders.get(token, '/who')).status, 401, "the caller's own token is none for that service")
    t.strictSame(api.refusals(), [])
  }
  t.equal(server.exchanges(), 4)
})

t.test('two requests with one token make one exchange; another person makes another', async (t) => {
  const server = await exchangeProvider(t)
  const { api } = await twoServices(t, server, { clientId: 'api basic', clientSecret: server.secret })
  const token = await server.userToken('ada')
  t.strictSame(await api.get(token, '/orders'), CALLED('api basic'))
  t.strictSame(await api.get(token, '/orders'), CALLED('api basic'))
  t.equal(server.exchanges(), 1)
  t.match(await api.get(await server.userToken('bob'), '/orders'), { status: 200, body: { subject: 'bob' } })
  t.equal(server.exchanges(), 2)
})

t.test("the provider's no is a 502, never our 401, and the log says what to do about it", async (t) => {
  const server = await exchangeProvider(t)
  const token = await server.userToken('ada')
  const right = await twoServices(t, server, { clientId: 'api basic', clientSecret: server.secret })
  t.strictSame(await right.api.get(token, '/elsewhere'), REFUSED)
  t.match(right.api.refusals(), [{ code: 'GATEHOUSE_EXCHANGE_REFUSED', reason: 'exchange_refused', provider: 'oidc', found: 'invalid_target, status 400', hint: /no such audience or resource/ }])
  const wrong = await twoServices(t, server, { clientId: 'api basic', clientSecret: 'hunter2' })
  t.strictSame(await wrong.api.get(token, '/orders'), REFUSED)
  t.match(wrong.api.refusals(), [{ reason: 'client_refused', clientId: 'api basic', found: 'invalid_client, status 401', hint: 'the provider refuses our client: check clientId and its clientSecret' }])
  const forbidden = await twoServices(t, server, { clientId: 'api-other', clientSecret: server.secret })
  t.strictSame(await forbidden.api.get(token, '/orders'), REFUSED)
  t.match(forbidden.api.refusals(), [{ reason: 'exchange_refused', found: 'invalid_request, status 400' }])
  for (const { api } of [right, wrong, forbidden]) {
    for (const secret of [token, server.secret, 'hunter2', 'words of the provider']) t.notOk(api.logs.text().includes(secret))
  }
})
