import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import t from 'tap'
import { auth0, authgear, clerk, cognito, entra, fusionauth, google, keycloak, oidc, okta, tesseral, zitadel } from '../../lib/index.js'
import type { OidcOptions, Provider } from '../../lib/index.js'
import { CLIENT_ID_LOGOUT, LOGOUT_URI_LOGOUT, RETURN_TO_LOGOUT, STANDARD_LOGOUT } from '../../lib/providers/logout.js'
import { mistake } from '../support/mistake.js'

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

// Calls from plain JavaScript, which the types cannot stop.
type Preset = (options: never) => unknown
const refusal = (options: object, preset: Preset = oidc) => mistake(() => preset({ issuer: 'https://id.example', ...options } as never))

const ask = 'is its environment variable set?'
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

t.test('what is wrong with a client is named with its remedy, and no secret', async (t) => {
  for (const [options, message] of [
    [{ ...web, clientId: '' }, `clientId: expected this app's client id at the provider, got ''; ${ask}`],
    [{ ...web, clientId: ' ' }, `clientId: expected this app's client id at the provider, got ' '; ${ask}`],
    [{ ...web, clientId: 'undefined' }, `clientId: expected this app's client id at the provider, got 'undefined'; ${ask}`],
    [{ ...web, clientId: ['web'] }, `clientId: expected this app's client id at the provider, got [ 'web' ]; ${ask}`],
    [{ ...web, clientId: null }, `clientId: expected this app's client id at the provider, got null; ${ask}`],
    [{ ...web, clientSecret: '' }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...web, clientSecret: 'undefined' }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...web, clientSecret: null }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...web, clientSecret: 'hunter2\n' }, 'clientSecret: has a line break; remove what the file it was read from ends with'],
    [{ ...web, key }, 'expected clientSecret or key, got both; leave one out'],
    [{ ...web, keyAlg: 'ES256' }, 'keyAlg: goes with a key only, and clientSecret is none'],
    [{ ...web, clientAuthentication: 'none' }, "clientAuthentication: expected 'client_secret_basic' or 'client_secret_post', with a clientSecret"],
    [{ ...web, clientAuthentication: 'private_key_jwt' }, "clientAuthentication: expected 'client_secret_basic' or 'client_secret_post', with a clientSecret; private_key_jwt takes a key"],
    [{ clientId: 'web', key, clientAuthentication: 'none' }, "clientAuthentication: expected 'private_key_jwt', or nothing, with a key"],
    [{ clientId: 'web', key: '' }, `key: expected a private key in PEM, or as JWK; ${ask}`],
    [{ clientId: 'web', key: { ...key, d: undefined } }, 'key: expected a private key as JWK'],
    [{ clientId: 'web', key, keyAlg: 'RS256' }, 'keyAlg: expected ES256, which fit the key'],
    [{ clientId: 'web', key, keyId: '' }, `keyId: expected a text; ${ask}`],
    [{ clientId: 'web', clientAuthentication: 'none', keyId: 'k' }, 'keyId: goes with a key only, and a public client has none']
  ] as ReadonlyArray<[object, string]>) {
    for (const audience of [{}, { audience: 'api' }]) t.equal(refusal({ ...options, ...audience }), `oidc(): ${message}`)
    t.notMatch(refusal(options), 'hunter2')
  }
})

t.test('a client without secret and key is a public one only where that is written out', async (t) => {
  const message = `oidc(): expected clientSecret or key with clientId, got neither; ${ask} Write clientAuthentication: 'none' for a public client`
  for (const options of [{}, { clientSecret: undefined }, { key: undefined }, { audience: 'api' }, { clientAuthentication: undefined }, { clientAuthentication: 'client_secret_post' }, { clientAuthentication: 'None' }]) {
    t.equal(refusal({ clientId: 'web', ...options }), message)
  }
  t.equal(refusal({ clientId: 'web', clientAuthentication: 'none', clientSecret: undefined }), undefined)
})

t.test('what only a client has needs its id, also where an environment variable is not set', async (t) => {
  for (const [name, value] of Object.entries({ clientSecret: 'hunter2', clientAuthentication: 'none', key, keyAlg: 'ES256', keyId: 'k' })) {
    const message = `oidc(): clientId: expected the id of the client that ${name} goes with, got undefined; ${ask}`
    for (const options of [{ [name]: value }, { [name]: undefined }, { clientId: undefined, [name]: value }, { clientId: undefined, [name]: undefined }]) {
      t.equal(refusal(options), message)
      t.equal(refusal({ audience: 'api', ...options }), message, 'also beside an audience')
    }
  }
})

t.test('a clientId that is not set is no clientId left out, unless an audience says what else there is', async (t) => {
  const message = `clientId: expected the id of the client, got undefined; ${ask}`
  t.equal(refusal({ clientId: undefined }, fusionauth), `fusionauth(): ${message}`)
  t.equal(refusal({ clientId: undefined, audience: undefined }), `oidc(): ${message}`)
  t.equal(mistake(() => authgear({ domain: 'my-app.authgear.cloud', clientId: undefined })), `authgear(): ${message}`, 'a default says nothing')
  t.equal(refusal({ clientId: undefined, audience: 'api' }), undefined)
})

t.test('an audience that is not set is no audience left out', async (t) => {
  const message = (found: string) => `audience: expected a text or a list of texts, none of them empty or with white space around it, got ${found}; ${ask} Leave it out where the provider vouches for sessions only`
  for (const [audience, found] of [[undefined, 'undefined'], [[], '[]'], ['', "''"], [null, 'null'], [[undefined], '[ undefined ]']] as const) {
    t.equal(refusal({ ...web, audience }), `oidc(): ${message(found)}`)
  }
  t.equal(mistake(() => authgear({ domain: 'my-app.authgear.cloud', ...web, audience: undefined })), `authgear(): ${message('undefined')}`)
  t.equal(mistake(() => clerk({ domain: 'clerk.example.com', ...web, authorizedParties: undefined })), `clerk(): ${message('undefined')}`)
})

t.test("where the vendor's audience cannot be false it cannot be beside a client either", async (t) => {
  for (const [name, preset, options] of [
    ['auth0', auth0, { domain: 'tenant.eu.auth0.com' }],
    ['cognito', cognito, { userPoolId: 'eu-west-1_AbCdEf123' }],
    ['google', google, {}]
  ] as ReadonlyArray<[string, Preset, object]>) {
    t.match(mistake(() => preset({ ...options, ...web, audience: false } as never)), `${name}({ audience }): expected `)
  }
})

t.test('the clientId of Google and Cognito is a client as soon as anything of one is written', async (t) => {
  for (const [name, preset, options] of [['google', google, {}], ['cognito', cognito, { userPoolId: 'eu-west-1_AbCdEf123' }]] as ReadonlyArray<[string, Preset, object]>) {
    const refused = (more: object) => mistake(() => preset({ ...options, ...more } as never))
    t.match(refused({ clientId: 'web', clientSecret: undefined }), `${name}(): expected clientSecret or key with clientId, got neither`)
    t.match(refused({ clientId: 'web', audience: 'web' }), `${name}(): expected clientSecret or key with clientId, got neither`)
    t.match(refused({ clientId: ['web', 'app'], clientSecret: 'hunter2' }), `${name}(): clientId: expected this app's client id at the provider, got [ 'web', 'app' ]`)
    t.match(refused({ clientId: undefined, clientSecret: 'hunter2' }), `${name}(): clientId: expected the id of the client that clientSecret goes with`)
  }
})

t.test('the clientId of Keycloak is a client as soon as anything of one is written, or no audience', async (t) => {
  for (const options of [{ clientSecret: undefined, audience: 'api' }, {}]) t.match(refusal({ clientId: 'web', ...options }, keycloak), 'keycloak(): expected clientSecret or key with clientId, got neither')
  t.match(refusal({ clientId: 'web', audience: undefined }, keycloak), 'add an audience mapper', 'one that is not set is missed')
})

t.test('who stands for many issuers has no client', async (t) => {
  t.equal(mistake(() => entra({ tenants: 'any', audience: 'api', ...web } as never)), 'entra(): clientId: a client logs users in at one issuer, and this provider stands for many; name the tenant')
  t.match(mistake(() => tesseral({ publishableKey: 'publishable_key_a', ...web } as never)), 'tesseral(): unknown key "clientId"')
})
