import Fastify from 'fastify'
import t from 'tap'
import gatehouse, { authgear, clerk, cognito, entra, fusionauth, google, keycloak, okta, zitadel } from '../../lib/index.js'
import type { Provider } from '../../lib/index.js'
import { createKey, signJws } from '../support/issuer.js'
import { captureLogs } from '../support/logs.js'
import { mistake } from '../support/mistake.js'
import { vendors } from '../support/vendor-tokens.js'

const key = await createKey('RS256')
const now = Math.floor(Date.now() / 1000)

for (const { name, provider, header, claims, identity, refused, accepted } of vendors) {
  t.test(name, async (t) => {
    const logs = captureLogs()
    const app = Fastify({ logger: { level: 'info', stream: logs.stream } })
    t.teardown(() => app.close())
    await app.register(gatehouse, { provider: provider({ jwks: { keys: [key.jwk] } }) })
    app.get('/', async ({ auth }) => ({ provider: auth.provider, subject: auth.subject }))
    const token = (changes: object = {}) => signJws(
      JSON.stringify({ alg: 'RS256', kid: key.kid, ...header }), JSON.stringify({ iat: now, exp: now + 300, ...claims, ...changes }), key)
    const status = async (changes: object) => {
      const { statusCode } = await app.inject({ url: '/', headers: { authorization: `Bearer ${token(changes)}` } })
      return statusCode
    }

    await t.test('a token as the vendor issues it is accepted, and says who is calling', async (t) => {
      t.equal(await status({}), 200)
      t.match(await app.gatehouse.verify(token()), { provider: name, type: 'access_token', ...identity })
    })
    for (const [title, changes] of accepted) {
      await t.test(`accepted: ${title}`, async (t) => { t.equal(await status(changes), 200) })
    }
    for (const [title, changes, reason] of refused) {
      await t.test(`refused: ${title}`, async (t) => {
        logs.lines.length = 0
        t.equal(await status(changes), 401)
        t.match(logs.lines.flatMap(({ gatehouse }) => gatehouse ?? []), [{ reason }])
      })
    }
  })
}

// Calls from plain JavaScript, which the types cannot stop.
type Preset = (options: never) => unknown
const refusal = (preset: Preset, options: unknown) => mistake(() => preset(options as never))

const presets: ReadonlyArray<readonly [name: string, preset: Preset, good: Readonly<Record<string, unknown>>]> = [
  ['authgear', authgear, { domain: 'my-app.authgear.cloud' }],
  ['clerk', clerk, { domain: 'clerk.example.com', authorizedParties: 'https://app.example.com' }],
  ['cognito', cognito, { userPoolId: 'eu-west-1_AbCdEf123', clientId: 'c' }],
  ['entra', entra as Preset, { tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47', audience: 'a' }],
  ['fusionauth', fusionauth, { issuer: 'https://auth.example.com', audience: 'a' }],
  ['google', google, { clientId: 'c' }],
  ['keycloak', keycloak, { issuer: 'https://sso.example.com/realms/main', audience: 'a' }],
  ['okta', okta, { domain: 'dev-123.okta.com', audience: 'api://default' }],
  ['zitadel', zitadel, { issuer: 'https://example.zitadel.cloud', audience: 'a' }]
]

for (const [name, preset, good] of presets) {
  t.test(`${name}: every option of its own is checked at boot`, async (t) => {
    t.equal(refusal(preset, good), undefined)
    t.match(refusal(preset, undefined), `${name}(): expected an object`)
    t.match(refusal(preset, { ...good, scope: 'a' }), `${name}(): unknown key "scope"`)
    for (const option of Object.keys(good)) {
      for (const value of [undefined, '', 'undefined', 42]) {
        t.match(refusal(preset, { ...good, [option]: value }), new RegExp(`^${name}\\(`), `${option}: ${String(value)}`)
      }
    }
  })

  t.test(`${name}: the settings of every provider are taken over`, async (t) => {
    const settings = { name: 'staff', algorithms: ['ES256'], profile: 'rfc9068', keys: { jwksUri: 'https://keys.example/' }, claims: { subject: 'uid' } }
    t.match((preset as (options: object) => object)({ ...good, ...settings }), settings)
  })
}

t.test('an unset environment variable is named, or what to do about it', async (t) => {
  t.match(refusal(clerk, { domain: undefined, authorizedParties: 'a' }), 'clerk({ domain }): expected a host name, got undefined; is CLERK_DOMAIN set?')
  t.match(refusal(okta, { domain: 'https://dev-123.okta.com', audience: 'a' }), 'remove the leading https://')
  t.match(refusal(cognito, { userPoolId: 'AbCdEf123', clientId: 'c' }), /cognito\(\{ userPoolId \}\): expected a user pool's id, like eu-west-1_AbCdEf123, got 'AbCdEf123'/)
  t.match(refusal(cognito, { userPoolId: 'eu-west-1_AbCdEf123', clientId: undefined }), 'pass clientId, the id of an app client')
  t.match(refusal(keycloak, { issuer: 'https://sso.example.com/realms/main', audience: undefined }), 'add an audience mapper to a client scope in Keycloak')
  t.match(refusal(keycloak, { issuer: 'https://sso.example.com/realms/main', audience: 'a', clientId: '' }), 'keycloak({ clientId })')
  t.match(refusal(fusionauth, { issuer: 'acme.com', audience: 'a' }), "set the tenant's issuer to FusionAuth's URL")
  for (const authorizationServer of ['a/b', '', 'undefined']) t.match(refusal(okta, { domain: 'dev-123.okta.com', audience: 'a', authorizationServer }), 'okta({ authorizationServer })')
  t.match(refusal(keycloak, { issuer: 'https://sso.example.com/realms/main', audience: 'a', clientId: 'undefined' }), 'keycloak({ clientId })')
})

t.test('any audience is accepted only where the issuer is a server of your own', async (t) => {
  for (const [name, preset, good] of presets) {
    const audience = ['clientId', 'authorizedParties', 'audience'].find((option) => option in good && !(name === 'keycloak' && option === 'clientId')) ?? 'audience'
    const found = refusal(preset, { ...good, [audience]: false })
    if (['fusionauth', 'keycloak', 'zitadel'].includes(name)) t.equal(found, undefined, name)
    else t.match(found, new RegExp(`^${name}\\(\\{ ${audience} \\}\\): expected `), name)
  }
})

t.test('the project of Authgear is its own audience, unless another is named', async (t) => {
  t.same(authgear({ domain: 'my-app.authgear.cloud' }).audience, ['https://my-app.authgear.cloud'])
  t.same(authgear({ domain: 'my-app.authgear.cloud', audience: 'https://api.example.com' }).audience, ['https://api.example.com'])
})

t.test('the authorization server of Okta is the one called default, unless another is named', async (t) => {
  t.equal(okta({ domain: 'dev-123.okta.com', audience: 'a' }).issuer, 'https://dev-123.okta.com/oauth2/default')
  t.equal(okta({ domain: 'dev-123.okta.com', audience: 'a', authorizationServer: 'aus1' }).issuer, 'https://dev-123.okta.com/oauth2/aus1')
})

t.test('without clientId the roles of Keycloak are those of the realm', async (t) => {
  t.strictSame(keycloak({ issuer: 'https://sso.example.com/realms/main', audience: 'a' }).claims.roles, [{ path: ['realm_access', 'roles'] }])
})

t.test('metadata is looked for where the vendor keeps it', async (t) => {
  for (const [name, url] of Object.entries({
    authgear: 'https://my-app.authgear.cloud/.well-known/openid-configuration',
    clerk: 'https://clerk.example.com/.well-known/openid-configuration',
    cognito: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/.well-known/openid-configuration',
    entra: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/.well-known/openid-configuration',
    fusionauth: 'https://auth.example.com/.well-known/openid-configuration',
    google: 'https://accounts.google.com/.well-known/openid-configuration',
    keycloak: 'https://sso.example.com/realms/main/.well-known/openid-configuration',
    okta: 'https://dev-123.okta.com/oauth2/default/.well-known/openid-configuration',
    zitadel: 'https://example.zitadel.cloud/.well-known/openid-configuration'
  })) {
    const [, preset, good] = presets.find(([preset]) => preset === name)!
    t.equal((preset as (options: object) => Provider)(good).keys.discovery?.[0], url)
  }
})

t.test("what a user adds to a provider's marks does not take the provider's own away; an empty list does", async (t) => {
  const options = { domain: 'clerk.example.com', authorizedParties: 'https://app.example.com' }
  t.match(clerk({ ...options, tokenKind: { others: { typ: ['Session'] } } }).tokenKind, { others: { sts: ['pending'], typ: ['Session'], token_use: ['id'] } })
  t.match(clerk({ ...options, tokenKind: { others: { sts: [] } } }).tokenKind, { others: { sts: [], typ: ['ID', 'Refresh', 'Logout'] } })
})
