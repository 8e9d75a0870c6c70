import Fastify from 'fastify'
import t from 'tap'
import gatehouse, { entra, oidc } from '../../lib/index.js'
import type { EntraTenantsOptions, GatehouseOptions, Provider } from '../../lib/index.js'
import { createKeySource } from '../../lib/token/key-source.js'
import { vetKeys } from '../../lib/token/jwks.js'
import { captureLogs } from '../support/logs.js'
import { mistake } from '../support/mistake.js'
import { createIssuer, createKey, signJws } from '../support/issuer.js'

const [ONE, TWO, THREE] = ['11111111-86f1-41af-91ab-2d7cd011db47', '22222222-86f1-41af-91ab-2d7cd011db47', '33333333-86f1-41af-91ab-2d7cd011db47']
const audience = '6e74172b-be56-4843-9ff4-e66a39bb12e3'
const key = await createKey('RS256')
const keys = { jwks: { keys: [key.jwk] } }
const issuerOf = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`

async function guarded (provider: GatehouseOptions['provider']) {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'info', stream: logs.stream } })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider })
  app.get('/', async ({ auth }) => ({ provider: auth.provider, organization: auth.organizationId() }))
  return async (tenant: string, claims: object = {}) => {
    logs.lines.length = 0
    const now = Math.floor(Date.now() / 1000)
    const token = signJws(JSON.stringify({ alg: 'RS256', kid: key.kid, typ: 'JWT' }),
      JSON.stringify({ iss: issuerOf(tenant), aud: audience, sub: 's', tid: tenant, azp: 'web', iat: now, exp: now + 300, ...claims }), key)
    const response = await app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })
    return response.statusCode === 200 ? response.json() : [response.statusCode, ...logs.lines.flatMap(({ gatehouse: refusal }) => (refusal as { reason: string } | undefined)?.reason ?? [])]
  }
}

t.test('of the tenants listed each is a provider of its own, others are refused', async (t) => {
  const ask = await guarded(entra({ tenants: [ONE, TWO], audience, keys }))
  t.same(await ask(ONE), { provider: `entra:${ONE}`, organization: ONE })
  t.same(await ask(TWO), { provider: `entra:${TWO}`, organization: TWO })
  t.same(await ask(THREE), [401, 'issuer_mismatch'])
  t.same(await ask(ONE, { tid: TWO }), [401, 'issuer_mismatch'], 'the tenant must fit the issuer')
})

t.test('with a name of its own the providers of a list are told apart by tenant', async (t) => {
  t.strictSame(entra({ tenants: [ONE, TWO], audience, name: 'staff' }).map(({ name }) => name), [`staff:${ONE}`, `staff:${TWO}`])
})

t.test('a wrong tenant, or a mistake in the settings, fails the boot', async (t) => {
  const refusal = (options: object) => mistake(() => entra({ audience, ...options } as EntraTenantsOptions))
  t.equal(refusal({ tenants: [] }), "entra({ tenants }): expected a list of tenant ids, or 'any', got []")
  for (const tenants of ['all', 'ANY', 'common', '*']) t.equal(refusal({ tenants }), `entra({ tenants }): expected a list of tenant ids, or 'any', got '${tenants}'`)
  t.match(refusal({ tenants: ['any'] }), "entra({ tenants }): expected a tenant's id, in lower case, got 'any'")
  t.match(refusal({ tenants: [ONE, 'common'] }), "entra({ tenants }): expected a tenant's id, in lower case, got 'common'")
  t.match(refusal({ tenants: [ONE.toUpperCase().replace('1', 'A')] }), 'in lower case')
  t.equal(refusal({ tenants: [ONE], tenantId: ONE }), 'entra(): expected either tenantId or tenants')
  t.match(refusal({ tenants: [ONE], algorithms: ['HS256'] }), 'entra(): algorithms')
  for (const wrong of [false, 'api://orders', ['api://orders']]) t.match(refusal({ tenants: [ONE], audience: wrong }), 'entra({ audience })')
})

t.test('a key that names other issuers is left out: the keys of all tenants stand in one set', async (t) => {
  const vet = (issuer: unknown) => vetKeys([{ ...key.jwk, issuer }], ['RS256'], issuerOf(ONE))
  for (const issuer of [undefined, issuerOf(ONE), 'https://login.microsoftonline.com/{tenantid}/v2.0', 42]) t.equal(vet(issuer).keys.length, 1, String(issuer))
  for (const issuer of [issuerOf(TWO), 'https://login.microsoftonline.com/{tenantid}/', 'https://evil.example/{tenantid}/v2.0', '', 'https://login.microsoftonline.com//v2.0']) {
    t.same(vet(issuer).dropped, ['key 0: is for another issuer'], issuer)
  }
  t.equal(vetKeys([{ ...key.jwk, issuer: issuerOf(TWO) }], ['RS256']).keys.length, 1, 'where nobody says which issuer it should be')
})

t.test('of the set that serves every tenant only the keys for the tenant are taken; other providers do not look', async (t) => {
  const issuer = await createIssuer({ algorithms: ['RS256', 'ES256'] })
  t.teardown(() => issuer.close())
  const [own, foreign] = issuer.keys.map(({ kid }) => kid)
  issuer.published = issuer.keys.map(({ jwk }, index) => ({ ...jwk, issuer: issuerOf(index === 0 ? '{tenantid}' : TWO) }))
  const location = { jwksUri: `${issuer.issuer}/jwks` }
  const load = (provider: Provider) => createKeySource(provider, {})(new AbortController().signal)
  t.match(await load(entra({ tenantId: ONE, audience, keys: location })), { keys: [{ kid: own }], dropped: ['key 1: is for another issuer'] })
  t.match(await load(oidc({ issuer: issuer.issuer, audience, keys: location })), { keys: [{ kid: own }, { kid: foreign }], dropped: [] })
})
