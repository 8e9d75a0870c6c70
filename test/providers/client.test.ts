import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import t from 'tap'
import { auth0, authgear, clerk, cognito, entra, fusionauth, google, keycloak, oidc, okta, tesseral, zitadel } from '../../lib/index.js'
import type { OidcOptions, Provider } from '../../lib/index.js'
import { CLIENT_ID_LOGOUT, LOGOUT_URI_LOGOUT, RETURN_TO_LOGOUT, STANDARD_LOGOUT } from '../../lib/providers/logout.js'

const web = { clientId: 'web', clientSecret: 'hunter2' }
const at = (options: Omit<OidcOptions, 'issuer' | 'clientId'>) => oidc({ issuer: 'https://id.example', clientId: 'web', ...options }).client
const tenantId = '72f988bf-86f1-41af-91ab-2d7cd011db47'

const presets: ReadonlyArray<readonly [make: (more: object) => Provider, logout: Provider['logout']]> = [
  [(more) => auth0({ domain: 'tenant.eu.auth0.com', ...web, ...more }), RETURN_TO_LOGOUT],
  [(more) => authgear({ domain: 'my-app.authgear.cloud', ...web, ...more }), STANDARD_LOGOUT],
  [(more) => cognito({ userPoolId: 'eu-west-1_AbCdEf123', ...web, ...more }), LOGOUT_URI_LOGOUT],
  [(more) => entra({ tenantId, ...web, ...more }), STANDARD_LOGOUT],
  [(more) => fusionauth({ issuer: 'https://auth.example.com', ...web, ...more }), CLIENT_ID_LOGOUT],
  [(more) => google({ ...web, ...more }), STANDARD_LOGOUT],
  [(more) => keycloak({ issuer: 'https://sso.example.com/realms/main', ...web, ...more }), STANDARD_LOGOUT],
  [(more) => oidc({ issuer: 'https://id.example', ...web, ...more }), STANDARD_LOGOUT],
  [(more) => okta({ domain: 'dev-123.okta.com', ...web, ...more }), STANDARD_LOGOUT],
  [(more) => zitadel({ issuer: 'https://example.zitadel.cloud', ...web, ...more }), STANDARD_LOGOUT]
]

t.test('a provider has a client where it was given one', async (t) => {
  t.equal(oidc({ issuer: 'https://id.example', audience: 'api' }).client, undefined)
  t.equal(oidc({ issuer: 'https://id.example', audience: 'api', clientId: undefined }).client, undefined)
  t.match(oidc({ issuer: 'https://id.example', audience: 'api', ...web }), { audience: ['api'], client: { clientId: 'web' } })
})

t.test('a client proves which one it is by a secret, a key, or not at all', async (t) => {
  const { authentication } = at({ clientSecret: 'hunter2' })!
  t.match(authentication, { method: 'client_secret_basic' })
  t.equal('secret' in authentication && authentication.secret.reveal(), 'hunter2')
  t.match(at({ clientSecret: 'hunter2', clientAuthentication: 'client_secret_post' }), { authentication: { method: 'client_secret_post' } })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ format: 'jwk' })
  t.match(at({ key: { ...key, kid: 'k1' } }), { authentication: { method: 'private_key_jwt', alg: 'ES256', kid: 'k1' } })
  t.match(at({ key, keyAlg: 'ES256', keyId: 'k2', clientAuthentication: 'private_key_jwt' }), { authentication: { kid: 'k2' } })
  t.strictSame(at({ clientAuthentication: 'none' }), { clientId: 'web', authentication: { method: 'none' } })
})

t.test('neither secret nor key is shown by a provider that is printed', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ format: 'jwk' })
  for (const options of [{ clientSecret: 'hunter2' }, { key }]) {
    const provider = oidc({ issuer: 'https://id.example', clientId: 'web', ...options })
    const printed = JSON.stringify(provider) + inspect(provider, { depth: Infinity, showHidden: true })
    t.notOk(printed.includes('hunter2') || printed.includes(key.d!))
  }
})

t.test('a client without an audience vouches for sessions only, whatever the default is', async (t) => {
  for (const [make, logout] of presets) {
    const provider = make({})
    t.match(provider, { client: { clientId: 'web', authentication: { method: 'client_secret_basic' } } }, provider.name)
    t.strictSame(provider.audience, [], provider.name)
    t.ok(Object.isFrozen(provider.audience))
    t.strictSame(make({ audience: 'api' }).audience, ['api'], 'and with one for tokens too')
    t.equal(provider.logout, logout, 'its session ends as its data say')
    t.ok(Object.isFrozen(logout) && Object.isFrozen(logout.names))
  }
})

t.test('any audience is accepted beside a client, where that is written out', async (t) => {
  t.equal(oidc({ issuer: 'https://id.example', audience: false, ...web }).audience, false)
})

t.test("Clerk's authorized parties are its audience beside a client too", async (t) => {
  t.strictSame(clerk({ domain: 'clerk.example.com', ...web }).audience, [])
  t.strictSame(clerk({ domain: 'clerk.example.com', authorizedParties: 'https://app.example.com', ...web }).audience, ['https://app.example.com'])
})

t.test('every tenant of a list has the client', async (t) => {
  const providers = entra({ tenants: [tenantId, '9188040d-6c67-4c5b-b112-36a304b66dad'], ...web })
  t.strictSame(providers.map(({ client }) => client?.clientId), ['web', 'web'])
})

t.test('the clientId of Google and Cognito is an audience where it stands alone', async (t) => {
  for (const provider of [google({ clientId: ['a', 'b'] }), cognito({ userPoolId: 'eu-west-1_AbCdEf123', clientId: ['a', 'b'] })]) {
    t.match(provider, { audience: ['a', 'b'], client: undefined })
  }
  t.match(cognito({ userPoolId: 'eu-west-1_AbCdEf123', clientId: 'web', clientAuthentication: 'none' }), { audience: [], client: { authentication: { method: 'none' } } })
})

t.test('the clientId of Keycloak names roles, and a client where it has a secret or is all there is', async (t) => {
  const issuer = 'https://sso.example.com/realms/main'
  const roles = [{ path: ['realm_access', 'roles'] }, { path: ['resource_access', 'web', 'roles'] }]
  t.match(keycloak({ issuer, audience: 'api', clientId: 'web' }), { client: undefined, claims: { roles } })
  t.match(keycloak({ issuer, audience: 'api', clientId: undefined }), { client: undefined })
  t.match(keycloak({ issuer, audience: 'api', ...web }), { client: { clientId: 'web' }, claims: { roles } })
})

t.test('nobody logs in to Tesseral with it', async (t) => {
  t.equal(tesseral({ publishableKey: 'publishable_key_a' }).client, undefined)
})
