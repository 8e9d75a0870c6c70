import t from 'tap'
import { clerk, cognito, entra, fusionauth, google, oidc, zitadel } from '../../lib/index.js'
import type { Provider, ProviderSettings } from '../../lib/index.js'
import { guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import { createIssuer, createKey, signJws } from '../support/issuer.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.reset() })

const web = { clientId: 'web', clientSecret: 'hunter2' }
const REFUSAL = { reason: 'audience_mismatch', expected: [], hint: 'this provider vouches for sessions only: give it an audience' }

t.test('every token is refused before a key is fetched, and the operator is told why', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer, { provider: oidc({ issuer: issuer.issuer, ...web }) })
  const tokens = [{}, { aud: 'web' }, { aud: ['web', issuer.audience] }, { aud: [] }, { aud: '' }, { aud: undefined }, { aud: 'undefined' }, { aud: issuer.issuer }].map((claims) => issuer.token(claims))
  for (const token of tokens) t.same(await get(token), INVALID_TOKEN)
  t.match(refusals(), tokens.map(() => REFUSAL))
  t.match(issuer.requests, { discovery: 0, jwks: 0 })
})

t.test('and where the keys are there already', async (t) => {
  const { app, get, refusals } = await guardedApi(t, issuer, { provider: oidc({ issuer: issuer.issuer, ...web }), startup: 'require' })
  t.equal(app.gatehouse.health()[0]?.keys.length, 1)
  t.same(await get(issuer.token({ aud: 'web' })), INVALID_TOKEN)
  t.match(refusals(), [REFUSAL])
  await t.rejects(app.gatehouse.verify(issuer.token({ aud: 'web' })), { code: 'GATEHOUSE_TOKEN_INVALID' })
})

t.test('a resolver that names it opens nothing', async (t) => {
  const provider = oidc({ issuer: issuer.issuer, ...web })
  const { get, refusals } = await guardedApi(t, issuer, { provider: async () => provider })
  t.same(await get(issuer.token({ aud: 'web' })), INVALID_TOKEN)
  t.match(refusals(), [REFUSAL])
})

t.test('an opaque token is refused without asking anybody', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer, { provider: oidc({ issuer: issuer.issuer, ...web }) })
  t.same(await get('opaque'), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'token_opaque' }])
  t.match(issuer.requests, { discovery: 0, jwks: 0, other: 0 })
})

t.test('another provider beside it goes on', async (t) => {
  const other = await createIssuer()
  t.teardown(() => other.close())
  const { get } = await guardedApi(t, issuer, { provider: [oidc({ issuer: other.issuer, name: 'login', ...web }), oidc({ issuer: issuer.issuer, audience: issuer.audience })] })
  t.match(await get(issuer.token()), { status: 200 })
  t.match(await get(other.token()), { status: 401 })
})

t.test('with an audience it takes tokens as well', async (t) => {
  const { get } = await guardedApi(t, issuer, { provider: oidc({ issuer: issuer.issuer, audience: issuer.audience, ...web }) })
  t.match(await get(issuer.token()), { status: 200 })
})

const key = await createKey('RS256')
const tid = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const vendors: Readonly<Record<string, readonly [make: (settings: Pick<ProviderSettings, 'keys'>) => Provider, claims: object]>> = {
  'clerk, by azp': [(settings) => clerk({ domain: 'clerk.example.com', ...web, ...settings }), { azp: 'web' }],
  'cognito, by client_id': [(settings) => cognito({ userPoolId: 'eu-west-1_AbCdEf123', ...web, ...settings }), { client_id: 'web', token_use: 'access' }],
  'entra, of one tenant': [(settings) => entra({ tenantId: tid, ...web, ...settings }), { aud: 'web', azp: 'web', tid }],
  fusionauth: [(settings) => fusionauth({ issuer: 'https://auth.example.com', ...web, ...settings }), { aud: 'web' }],
  'google, whose ID tokens it would take': [(settings) => google({ ...web, ...settings }), { aud: 'web', azp: 'web' }],
  zitadel: [(settings) => zitadel({ issuer: 'https://example.zitadel.cloud', ...web, ...settings }), { aud: ['web', 'project'] }]
}

for (const [name, [make, claims]] of Object.entries(vendors)) {
  t.test(`a login's own tokens open no API: ${name}`, async (t) => {
    const provider = make({ keys: { jwks: { keys: [key.jwk] } } })
    const { get, refusals } = await guardedApi(t, issuer, { provider })
    const token = signJws(JSON.stringify({ alg: 'RS256', kid: key.kid }), JSON.stringify({ iss: provider.issuer, sub: 'user-1', exp: Math.floor(Date.now() / 1000) + 300, ...claims }), key)
    t.same(await get(token), INVALID_TOKEN)
    t.match(refusals(), [REFUSAL])
  })
}

t.test('nothing is said of it at boot', async (t) => {
  const { logs } = await guardedApi(t, issuer, { provider: oidc({ issuer: issuer.issuer, ...web }) })
  t.strictSame(logs.lines.filter(({ level }) => Number(level) >= 40), [])
})
