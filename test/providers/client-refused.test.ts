import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { auth0, authgear, clerk, cognito, entra, fusionauth, google, keycloak, oidc, tesseral } from '../../lib/index.js'
import { mistake } from '../support/mistake.js'

// Calls from plain JavaScript, which the types cannot stop.
type Preset = (options: never) => unknown
const refusal = (options: object, preset: Preset = oidc) => mistake(() => preset({ issuer: 'https://id.example', ...options } as never))

const ask = 'is its environment variable set?'
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const web = { clientId: 'web', clientSecret: 'hunter2' }

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
