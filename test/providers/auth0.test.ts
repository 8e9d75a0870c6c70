import t from 'tap'
import { auth0 } from '../../lib/providers/auth0.js'
import type { Auth0Options } from '../../lib/providers/auth0.js'
import { mistake } from '../support/mistake.js'

const domain = 'tenant.eu.auth0.com'
const audience = 'https://api.example'
// Calls from plain JavaScript, which the types cannot stop.
const refusal = (options: unknown) => mistake(() => auth0(options as Auth0Options))

t.test('the issuer is the domain with scheme and slash', async (t) => {
  t.match(auth0({ domain, audience }), {
    name: 'auth0',
    issuer: 'https://tenant.eu.auth0.com/',
    audience: [audience],
    keys: {
      discovery: ['https://tenant.eu.auth0.com/.well-known/openid-configuration', 'https://tenant.eu.auth0.com/.well-known/oauth-authorization-server']
    },
    claims: { permissions: 'permissions', organization: 'org_id' },
    dangerouslyAllowHttp: false
  })
})

t.test('a domain is any host name, with a port or without', async (t) => {
  for (const host of ['id.example.com', 'localhost', 'localhost:3000', 'my-tenant.auth0.com', '90.tenant-89.example', '10.0.0.1']) {
    t.equal(auth0({ domain: host, audience }).issuer, `https://${host}/`)
  }
})

t.test('the settings are taken over', async (t) => {
  const settings = { name: 'staff', algorithms: ['RS256'], profile: 'rfc9068', keys: { jwksUri: 'https://keys.example/' } } as const
  t.match(auth0({ domain, audience, ...settings }), settings)
})

t.test('an unset environment variable stops the start', async (t) => {
  t.equal(refusal({ domain: undefined, audience }), 'auth0({ domain }): expected a host name, got undefined; is AUTH0_DOMAIN set?')
  t.equal(refusal({ domain: '', audience }), "auth0({ domain }): expected a host name, got ''; is AUTH0_DOMAIN set?")
  t.equal(refusal({ domain: 'undefined', audience }), "auth0({ domain }): expected a host name, got 'undefined'; is AUTH0_DOMAIN set?")
  t.equal(refusal({ audience }), 'auth0({ domain }): expected a host name, got undefined; is AUTH0_DOMAIN set?')
  const sentence = 'auth0(): audience: expected a text or a list of texts, none of them empty or with white space around it, got'
  t.equal(refusal({ domain, audience: undefined }), `${sentence} undefined; is AUTH0_AUDIENCE set?`)
  t.equal(refusal({ domain, audience: 'undefined' }), `${sentence} 'undefined'; is AUTH0_AUDIENCE set?`)
  t.equal(refusal({ domain, audience: ['', audience] }), `${sentence} [ '', 'https://api.example' ]; is AUTH0_AUDIENCE set?`)
})

t.test('a domain that is more than a host name is refused with the remedy', async (t) => {
  const spelling = 'write it in lower case, without quotes, spaces, query or fragment'
  for (const [value, remedy] of [
    ['https://tenant.auth0.com', 'remove the leading https://'],
    ['HTTP://tenant.auth0.com/', 'remove the leading HTTP://'],
    ['tenant.auth0.com/', 'remove the slash and what follows it'],
    ['tenant.auth0.com/oauth', 'remove the slash and what follows it'],
    ['tenant.auth0.com/https://a', 'remove the slash and what follows it'],
    ['Tenant.auth0.com', spelling],
    ['"tenant.auth0.com"', spelling],
    [' tenant.auth0.com', spelling],
    ['tenant.auth0.com\n', spelling],
    ['tenant.auth0.com?a', spelling],
    ['tenant.auth0.com#a', spelling],
    ['user@tenant.auth0.com', spelling],
    ['tenant..auth0.com', spelling],
    ['tenant.auth0.com.', spelling],
    ['tenant.auth0.com:', spelling],
    ['tenant.example\\evil', spelling]
  ]) {
    const shown = JSON.stringify(value).replaceAll(/^"|"$/g, '').replaceAll('\\"', '"')
    t.equal(refusal({ domain: value, audience }), `auth0({ domain }): expected a host name, got '${shown}'; ${remedy}`)
  }
  for (const value of [42, null, ['tenant.auth0.com']]) {
    t.match(refusal({ domain: value, audience }), /^auth0\(\{ domain \}\): expected a host name, got .+; is AUTH0_DOMAIN set\?$/)
  }
})

t.test('a port that is none is refused', async (t) => {
  t.equal(refusal({ domain: 'localhost:99999', audience }),
    "auth0(): issuer: expected an https URL, got 'https://localhost:99999/'; is AUTH0_DOMAIN set?")
})

t.test('an API at Auth0 has an identifier: audience cannot be false', async (t) => {
  t.equal(refusal({ domain, audience: false }), "auth0({ audience }): expected the API's identifier, got false")
})

t.test('options are an object of known keys', async (t) => {
  t.equal(refusal(undefined), 'auth0(): expected an object, got undefined; pass { domain, audience }')
  t.equal(refusal({ domain, audience, Audience: audience }), 'auth0(): unknown key "Audience"; did you mean "audience"?')
  t.equal(refusal({ issuer: `https://${domain}/`, audience }),
    'auth0(): unknown key "issuer"; known are domain, audience, name, algorithms, profile, claims, tokenKind, keys, clientId, clientSecret, clientAuthentication, key, keyAlg, keyId')
})

t.test('Auth0 is never reached by plain http', async (t) => {
  t.match(refusal({ domain, audience, dangerouslyAllowHttp: true }), /^auth0\(\): unknown key "dangerouslyAllowHttp"/)
  t.match(refusal({ domain, audience, keys: { jwksUri: 'http://keys.example/' } }), /^auth0\(\): keys\.jwksUri: expected an https URL/)
})
