import { randomBytes } from 'node:crypto'
import t from 'tap'
import { oidc } from 'fastify-gatehouse'
import { buildApp } from '../../examples/dpop-api.js'
import { createClient } from '../../examples/dpop-client.js'
import { dpopProvider } from '../support/dpop-provider.js'
import { captureLogs } from '../support/logs.js'
import { refusalsIn } from '../support/guarded-api.js'

const server = await dpopProvider(t)
const secret = randomBytes(32).toString('base64')
const provider = oidc({
  issuer: server.issuer,
  audience: server.audience,
  claims: { subject: ['sub', 'client_id'] },
  introspection: { clientId: 'api', clientSecret: server.secret }
})

for (const algorithm of ['ES256', 'Ed25519', 'PS256', 'RS256'] as const) {
  for (const format of ['jwt', 'opaque'] as const) {
    t.test(`a client with an ${algorithm} key gets a bound token, ${format === 'jwt' ? 'a JWT' : 'which is opaque'}, and nobody else can use it`, async (t) => {
      const logs = captureLogs()
      const app = await buildApp({ provider, dpop: { nonce: { secret } } }, { logger: { level: 'info', stream: logs.stream } })
      t.teardown(() => app.close())
      const api = await app.listen({ port: 0, host: '127.0.0.1' })
      const newClient = () => createClient({ tokenEndpoint: server.tokenEndpoint, clientId: 'client', clientSecret: server.secret, resource: server.resource(format), algorithm })
      const client = await newClient()
      const token = await client.getToken('orders:read')
      t.equal(token.split('.').length, format === 'jwt' ? 3 : 1)
      const orders = [200, { client: 'client', orders: ['a bicycle'] }]
      for (let count = 0; count < 3; count++) {
        const response = await client.fetch(`${api}/orders?page=1#top`, {}, token)
        t.strictSame([response.status, await response.json()], orders)
      }
      t.strictSame(refusalsIn(logs).map(({ reason }) => reason), ['nonce_missing'], 'the dance is danced once')

      const forbidden = await client.fetch(`${api}/orders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"item":"a bell"}' }, token)
      t.equal(forbidden.status, 403)
      t.match(forbidden.headers.get('www-authenticate'), /^DPoP error="insufficient_scope", .*scope="orders:write", algs="ES256 /)

      const thief = await newClient()
      const stolen = await thief.fetch(`${api}/orders`, {}, token)
      t.strictSame([stolen.status, (await stolen.json() as { code: string }).code], [401, 'GATEHOUSE_TOKEN_INVALID'])
      t.match(stolen.headers.get('www-authenticate'), /^DPoP error="invalid_token"/)
      t.match(refusalsIn(logs).at(-1), { reason: 'binding_mismatch' })

      const bare = await fetch(`${api}/orders`, { headers: { authorization: `Bearer ${token}` } })
      t.strictSame([bare.status, (await bare.json() as { code: string }).code], [401, 'GATEHOUSE_TOKEN_INVALID'])
      t.match(bare.headers.get('www-authenticate'), /^Bearer realm="api", error="invalid_token", .*, DPoP algs="/)
      t.notMatch(logs.text(), /eyJ/)
      t.notOk(logs.text().includes(token))
    })
  }
}
