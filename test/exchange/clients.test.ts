import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { OidcOptions } from '../../lib/index.js'
import { createExchangeClients } from '../../lib/exchange/clients.js'
import { away, exchangeServer, exchangingApi, json } from '../support/exchange-server.js'
import { trusting } from '../support/guarded-api.js'

const SAME: Partial<OidcOptions> = { clientId: 'tenant-1', clientSecret: 'hunter2', clientAuthentication: 'client_secret_post' }

t.test('a resolver that makes a new provider for every request has its address looked up once, and its wish heeded', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server, { gatehouse: { provider: async () => trusting(server.issuer, SAME) } })
  const ask = (jti: string) => api.get(server.issuer.token({ jti }), '/down')
  await api.get(server.issuer.token())
  server.issuer.reset()
  for (const jti of ['1', '2', '3']) t.match(await ask(jti), { status: 200 })
  t.equal(server.issuer.requests.discovery, 1)
  server.answer = json(429, {}, { 'retry-after': '30' })
  t.strictSame(await ask('4'), away(30))
  t.match(await ask('5'), { status: 503, challenge: undefined, retryAfter: /^(29|30)$/ })
  t.equal(server.requests.length, 4)
})

t.test('callers who come at once, before the address is known, share one look-up', async (t) => {
  const server = await exchangeServer(t)
  const api = await exchangingApi(t, server)
  await api.get(server.issuer.token())
  server.issuer.reset()
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => api.get(server.issuer.token({ sub: `person ${index}` }), '/down')))
  t.ok(answers.every(({ status }) => status === 200))
  t.strictSame([server.issuer.requests.discovery, server.requests.length], [1, 20])
})

t.test('callers of two issuers, or of two clients, never share what the same text was exchanged for', async (t) => {
  const servers = [await exchangeServer(t), await exchangeServer(t)]
  let clientId = 'tenant-1'
  const resolver = (issuer: string) => trusting(servers.find((server) => server.issuer.issuer === issuer)!.issuer, { ...SAME, clientId })
  const api = await exchangingApi(t, servers[0]!, { gatehouse: { provider: resolver } })
  api.wishes = { subjectToken: 'legacy', subjectTokenType: 'urn:acme:legacy' }
  for (const [index, server] of servers.entries()) {
    server.answer = (response, { form }) => { json(200, server.token({ access_token: `${index} for ${form.get('client_id')}` }))(response) }
  }
  for (let round = 0; round < 2; round++) {
    for (clientId of ['tenant-1', 'tenant-2']) {
      for (const [index, { issuer }] of servers.entries()) t.match(await api.get(issuer.token(), '/down'), { status: 200, body: { accessToken: `${index} for ${clientId}` } })
    }
  }
  t.strictSame(servers.map(({ requests }) => requests.length), [2, 2])
})

t.test('whoever is asked otherwise, or elsewhere, is asked by a client of its own', async (t) => {
  const server = await exchangeServer(t)
  const clientOf = createExchangeClients({})
  const clientFor = (changes: Partial<OidcOptions>) => {
    const provider = trusting(server.issuer, { ...SAME, ...changes })
    return clientOf(provider, provider.client!)
  }
  const [key, other] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
  const byKey = { clientSecret: undefined, clientAuthentication: undefined, keyAlg: 'ES256' } as const
  const different: ReadonlyArray<Partial<OidcOptions>> = [
    {}, { clientId: 'tenant-2' }, { clientSecret: 'hunter3' }, { clientAuthentication: 'client_secret_basic' }, { clientSecret: undefined, clientAuthentication: 'none' },
    { ...byKey, key }, { ...byKey, key: other }, { ...byKey, key, keyId: 'k' }, { keys: { discovery: `${server.issuer.issuer}/elsewhere` } }, { dangerouslyAllowHttp: true }
  ]
  const clients = different.map(clientFor)
  t.equal(new Set(clients).size, different.length)
  t.strictSame(different.map(clientFor), clients, 'and each is found again')
})
