import t from 'tap'
import type { Test } from 'tap'
import { entra } from '../../lib/index.js'
import type { GatehouseOptions, Provider } from '../../lib/index.js'
import { guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import { createIssuer, createKey, signJws } from '../support/issuer.js'
import type { IssuerKey, TestIssuer } from '../support/issuer.js'

const [ONE, TWO, PERSONAL] = ['11111111-86f1-41af-91ab-2d7cd011db47', '22222222-86f1-41af-91ab-2d7cd011db47', '9188040d-6c67-4c5b-b112-36a304b66dad']
const audience = '6e74172b-be56-4843-9ff4-e66a39bb12e3'
const KEYS = 'https://login.microsoftonline.com/common/discovery/v2.0/keys'
const issuerOf = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`
const any: Provider = entra({ tenants: 'any', audience })

/** Microsoft's key server: the address they are fetched from is theirs, what answers is ours. */
async function keyServer (t: Test): Promise<TestIssuer & { readonly addresses: string[] }> {
  const issuer = await createIssuer({ algorithms: ['ES256', 'ES256', 'ES256', 'ES256'] })
  t.teardown(() => issuer.close())
  const names = [issuerOf('{tenantid}'), issuerOf(TWO), undefined, issuerOf(PERSONAL)]
  issuer.published = issuer.keys.map(({ jwk }, index) => ({ ...jwk, issuer: names[index] }))
  const addresses: string[] = []
  const { fetch } = globalThis
  t.intercept(globalThis, 'fetch', {
    value: (url: URL | string, init?: RequestInit) => {
      addresses.push(String(url))
      return fetch(`${issuer.issuer}/jwks`, init)
    }
  })
  return Object.assign(issuer, { addresses })
}

function token (tenant: string, key: IssuerKey, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1000)
  return signJws(JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'JWT' }),
    JSON.stringify({ iss: issuerOf(tenant), aud: audience, sub: 's', tid: tenant, azp: 'web', iat: now, exp: now + 300, ...claims }), key)
}

async function guarded (t: Test, issuer: TestIssuer, provider: GatehouseOptions['provider'] = any) {
  return guardedApi(t, issuer, { provider, routes: (app) => { app.get('/who', async ({ auth }) => ({ provider: auth.provider, organization: auth.organizationId() })) } })
}

t.test('it is one provider, with one address for the keys of all tenants', async (t) => {
  t.match(any, { name: 'entra', issuer: issuerOf('{tenantid}'), issuerTemplate: { claim: 'tid' }, audience: [audience], keys: { jwksUri: KEYS }, fixedClaims: {}, tokenKind: { required: ['azp'] } })
  for (const part of [any, any.issuerTemplate, any.keys]) t.ok(Object.isFrozen(part))
  t.equal(entra({ tenants: 'any', audience, name: 'everybody' }).name, 'everybody')
  t.same(entra({ tenants: 'any', audience, keys: { jwksUri: 'https://keys.example/jwks' } }).keys, { jwksUri: 'https://keys.example/jwks' })
})

t.test('users of every tenant are accepted, each under the issuer of the token', async (t) => {
  const issuer = await keyServer(t)
  const { app, get } = await guarded(t, issuer)
  for (const tenant of [ONE, TWO, PERSONAL]) {
    for (let times = 0; times < 2; times++) {
      t.same(await get(token(tenant, issuer.keys[0]!), '/who'), { status: 200, body: { provider: 'entra', organization: tenant }, challenge: undefined, retryAfter: undefined })
    }
    t.match(await app.gatehouse.verify(token(tenant, issuer.keys[0]!)), { issuer: issuerOf(tenant), organizationId: tenant, provider: 'entra', clientId: 'web' })
  }
  t.same(issuer.addresses, [KEYS], 'the keys of all of them were fetched once')
  t.match(app.gatehouse.health(), [{ provider: 'entra', issuer: issuerOf('{tenantid}'), state: 'fresh' }])
})

t.test('the tenant must be the one of the issuer, and a name', async (t) => {
  const issuer = await keyServer(t)
  const { get, refusals } = await guarded(t, issuer)
  const [key] = issuer.keys
  for (const bad of [
    token(ONE, key!, { tid: TWO }), token(ONE, key!, { tid: undefined }), token(ONE, key!, { tid: [ONE] }), token(ONE, key!, { tid: ONE.toUpperCase() }), token(ONE, key!, { tid: null }),
    token('{tenantid}', key!), token('', key!), token('a/b', key!), token('..', key!), token('%7Btenantid%7D', key!), token('a.b', key!), token('a@evil.example', key!),
    token(ONE, key!, { iss: `${issuerOf(ONE)}/` }), token(ONE, key!, { iss: issuerOf(ONE).replace('login', 'evil') }), token(ONE, key!, { iss: issuerOf(ONE).replace('https', 'http') }),
    token(ONE, key!, { iss: `https://sts.windows.net/${ONE}/` }), token('a'.repeat(400), key!)
  ]) {
    t.same(await get(bad), INVALID_TOKEN)
    t.equal(refusals().at(-1)?.reason, 'issuer_mismatch')
  }
  t.match(refusals()[0], { expected: `tid: ${ONE}`, found: TWO, hint: 'tid does not fit the issuer' })
  t.same(issuer.addresses, [], 'and none was worth a fetch')
})

t.test('other checks are those of every tenant', async (t) => {
  const issuer = await keyServer(t)
  const { get, refusals } = await guarded(t, issuer)
  for (const [claims, reason] of [
    [{ aud: '00000003-0000-0000-c000-000000000000' }, 'audience_mismatch'],
    [{ aud: issuerOf(ONE) }, 'audience_mismatch'],
    [{ exp: 1 }, 'token_expired'],
    [{ azp: undefined }, 'not_an_access_token'],
    [{ nonce: 'n' }, 'id_token']
  ] as const) {
    t.same(await get(token(ONE, issuer.keys[0]!, claims)), INVALID_TOKEN)
    t.equal(refusals().at(-1)?.reason, reason)
  }
})

t.test('a key speaks for the tenant it names, for all where it names none or the template', async (t) => {
  const issuer = await keyServer(t)
  const { get, refusals } = await guarded(t, issuer)
  const [ofAll, ofTwo, ofNobody, ofPersons] = issuer.keys
  for (const [tenant, key, isAccepted] of [
    [ONE, ofAll, true], [ONE, ofNobody, true], [ONE, ofTwo, false], [ONE, ofPersons, false],
    [TWO, ofTwo, true], [TWO, ofPersons, false], [PERSONAL, ofPersons, true], [PERSONAL, ofTwo, false], [PERSONAL, ofAll, true]
  ] as const) {
    for (let times = 0; times < 2; times++) {
      const answer = await get(token(tenant, key!))
      if (isAccepted) t.equal(answer.status, 200)
      else t.same(answer, INVALID_TOKEN)
    }
  }
  t.match(refusals()[0], { reason: 'issuer_mismatch', expected: [issuerOf(TWO)], found: issuerOf(ONE) })
  t.equal(issuer.addresses.length, 1)
})

t.test('twelve hundred invented tenants cause no fetches of their own', async (t) => {
  const issuer = await keyServer(t)
  const { get } = await guarded(t, issuer)
  t.equal((await get(token(ONE, issuer.keys[0]!))).status, 200)
  issuer.addresses.length = 0
  const stranger = await createKey('ES256')
  const invented = Array.from({ length: 1_200 }, (_, number) => `${String(number).padStart(8, '0')}-86f1-41af-91ab-2d7cd011db47`)
  const answers = await Promise.all(invented.map((tenant) => get(token(tenant, stranger))))
  t.same(new Set(answers.map(({ status }) => status)), new Set([401]))
  t.ok(issuer.addresses.length <= 1, `${issuer.addresses.length} fetches`)
  issuer.addresses.length = 0
  const forged = await createKey('ES256', { kid: issuer.keys[0]!.kid })
  for (const tenant of invented.slice(0, 100)) t.equal((await get(token(tenant, forged))).status, 401)
  t.same(issuer.addresses, [])
  t.equal((await get(token(TWO, issuer.keys[0]!))).status, 200)
})

t.test('beside it a tenant of its own is asked first', async (t) => {
  const issuer = await keyServer(t)
  const own = entra({ tenantId: ONE, audience: 'other-audience', name: 'own', keys: { jwks: { keys: [issuer.keys[0]!.jwk] } } })
  for (const provider of [[own, any], [any, own]]) {
    const { get, refusals } = await guarded(t, issuer, provider)
    t.match((await get(token(ONE, issuer.keys[0]!, { aud: 'other-audience' }), '/who')).body, { provider: 'own', organization: ONE })
    t.match((await get(token(TWO, issuer.keys[0]!), '/who')).body, { provider: 'entra', organization: TWO })
    t.same(await get(token(ONE, issuer.keys[0]!)), INVALID_TOKEN, 'and what it refuses the other does not accept')
    t.match(refusals(), [{ reason: 'audience_mismatch', provider: 'own' }])
    t.same(await get(token('{tenantid}', issuer.keys[0]!)), INVALID_TOKEN, 'a template is no issuer')
    t.same(await get(token(ONE, issuer.keys[0]!, { iss: 'https://evil.example' })), INVALID_TOKEN)
  }
})

t.test('a resolver may return it, for issuers it fits', async (t) => {
  const issuer = await keyServer(t)
  const asked: string[] = []
  const { get, refusals } = await guarded(t, issuer, async (iss) => { asked.push(iss); return any })
  for (const tenant of [ONE, TWO, ONE]) t.match((await get(token(tenant, issuer.keys[0]!), '/who')).body, { provider: 'entra', organization: tenant })
  t.same(asked, [ONE, TWO, ONE].map(issuerOf))
  t.equal(issuer.addresses.length, 1, 'with one ring for all')
  t.same(await get(token('{tenantid}', issuer.keys[0]!)), INVALID_TOKEN)
  t.same(await get(token(ONE, issuer.keys[0]!, { iss: 'https://evil.example' })), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'issuer_mismatch', expected: [issuerOf('{tenantid}')] }, { reason: 'issuer_mismatch', found: 'https://evil.example' }])
})
