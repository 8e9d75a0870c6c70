import { once } from 'node:events'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import gatehouse, { oidc } from 'fastify-gatehouse'
import { buildApp } from '../../examples/downstream.js'
import { freePort } from '../../examples/demo/free-port.js'
import { exchangeProvider } from '../support/exchange-provider.js'
import { exchangeServer, json } from '../support/exchange-server.js'
import { runExample } from './run-example.js'

const SCOPE = 'read:orders'

/** The service behind: it says whom it believes to serve, and who asks. */
async function ordersService (t: Test, issuer: string, audience: string) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: oidc({ issuer, audience }) })
  app.get('/orders', { config: { scopes: SCOPE } }, async ({ auth }) => [{ of: auth.subject, askedBy: auth.actor?.subject }])
  return app.listen({ host: '127.0.0.1', port: 0 })
}

t.test('an API calls another on behalf of its callers, at a real provider', async (t) => {
  const server = await exchangeProvider(t, { scope: SCOPE })
  const { issuer, audience, downstream, secret } = server
  const provider = oidc({ issuer, audience, clientId: 'api basic', clientSecret: secret })
  const app = await buildApp({ provider }, { url: await ordersService(t, issuer, downstream), audience: downstream })
  t.teardown(() => app.close())
  const get = async (url: string, token?: string) => {
    const response = await app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'], body: response.json() }
  }

  const orders = (subject: string) => ({ status: 200, challenge: undefined, body: { user: subject, orders: [{ of: subject, askedBy: 'api basic' }] } })
  const token = await server.userToken('ada')
  t.strictSame(await get('/api/orders', token), orders('ada'))
  t.strictSame(await get('/api/orders', token), orders('ada'))
  t.equal(server.exchanges(), 1)
  t.strictSame(await get('/api/orders', await server.userToken('bob')), orders('bob'))
  t.strictSame(await get('/api/whoami', token), { status: 200, challenge: undefined, body: { user: 'ada', actor: null } })
  t.strictSame(await get('/health'), { status: 200, challenge: undefined, body: { status: 'ok' } })
  t.match(await get('/api/orders'), { status: 401, challenge: `Bearer realm="api", scope="${SCOPE}"` })
})

t.test('what goes wrong behind it is never a 401 of ours', async (t) => {
  const server = await exchangeServer(t)
  const { issuer } = server
  let answer = json(200, [])
  const behind = Fastify()
  t.teardown(() => behind.close())
  behind.get('/orders', (_request, reply) => { reply.hijack(); answer(reply.raw) })
  const url = await behind.listen({ host: '127.0.0.1', port: 0 })
  const provider = oidc({ issuer: issuer.issuer, audience: issuer.audience, clientId: 'api', clientSecret: 'hunter2' })
  const app = await buildApp({ provider }, { url, audience: 'orders' })
  t.teardown(() => app.close())
  const ask = async () => {
    const response = await app.inject({ url: '/api/orders', headers: { authorization: `Bearer ${issuer.token({ scope: SCOPE, jti: Math.random() })}` } })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'], retryAfter: response.headers['retry-after'], body: response.json() }
  }
  const plain = { challenge: undefined, retryAfter: undefined }
  const none = { ...plain, status: 502, body: { message: 'The orders cannot be had right now' } }

  t.strictSame(await ask(), { ...plain, status: 200, body: { user: 'user-1', orders: [] } })
  for (const status of [401, 404, 500, 302]) {
    answer = json(status, {}, { location: 'https://evil.example/' })
    t.strictSame(await ask(), none, `${status}`)
  }
  answer = (response) => { response.destroy() }
  t.strictSame(await ask(), none)
  answer = (response) => { response.end('<p>hunter2 in a page of its proxy') }
  t.strictSame(await ask(), none)
  answer = json(403, {})
  t.strictSame(await ask(), { ...plain, status: 403, body: { message: 'You may not see these orders' } })

  server.answer = json(400, { error: 'interaction_required' })
  t.strictSame(await ask(), { ...plain, status: 403, body: { error: 'interaction_required', message: 'Log in again to see the orders' } })
  server.answer = json(401, { error: 'invalid_client' })
  t.strictSame(await ask(), { ...plain, status: 502, body: { statusCode: 502, code: 'GATEHOUSE_EXCHANGE_REFUSED', error: 'Bad Gateway', message: 'The identity provider gave no token for another service' } })
  server.answer = json(503, {}, { 'retry-after': '7' })
  t.strictSame(await ask(), { challenge: undefined, retryAfter: '7', status: 503, body: { statusCode: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', error: 'Service Unavailable', message: 'The identity provider cannot be reached right now' } })
})

t.test('run directly, it reads its environment, and says what is missing', async (t) => {
  const port = await freePort()
  const environment = { ISSUER: 'http://127.0.0.1:1', AUDIENCE: 'https://api.example', CLIENT_ID: 'api', CLIENT_SECRET: 'hunter2', DOWNSTREAM_AUDIENCE: 'orders', PORT: String(port) }
  const { log, listening } = runExample(t, 'downstream.ts', { ...environment, DOWNSTREAM_URL: 'http://127.0.0.1:1' })
  await listening()
  t.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
  t.equal((await fetch(`http://127.0.0.1:${port}/api/orders`)).status, 401)
  t.notMatch(log.text, 'hunter2')

  const { CLIENT_SECRET, ...without } = environment
  const { DOWNSTREAM_AUDIENCE, ...nameless } = environment
  for (const [env, complaint] of [[environment, 'Set DOWNSTREAM_URL'], [{ ...nameless, DOWNSTREAM_URL: 'http://127.0.0.1:1' }, 'Set DOWNSTREAM_AUDIENCE'], [{ ...without, DOWNSTREAM_URL: 'http://127.0.0.1:1' }, /expected clientSecret or key with clientId/]] as ReadonlyArray<[Record<string, string>, string | RegExp]>) {
    const { child, log: said } = runExample(t, 'downstream.ts', env)
    t.strictSame(await once(child, 'close'), [1, null])
    t.match(said.text, complaint)
  }
})
