import t from 'tap'
import { oidc } from '../../lib/providers/oidc.js'
import type { OidcOptions } from '../../lib/providers/oidc.js'
import { mistake } from '../support/mistake.js'

const issuer = 'https://id.example/realms/main'
const audience = 'https://api.example'
// Calls from plain JavaScript, which the types cannot stop.
const refusal = (options: unknown) => mistake(() => oidc(options as OidcOptions))

t.test('issuer and audience are all it takes', async (t) => {
  t.match(oidc({ issuer, audience }), {
    name: 'oidc',
    issuer,
    audience: [audience],
    keys: {
      discovery: ['https://id.example/realms/main/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server/realms/main']
    },
    dangerouslyAllowHttp: false
  })
})

t.test('the settings are taken over', async (t) => {
  const keys = { jwksUri: 'http://keys.internal/jwks' }
  const settings = { name: 'internal', algorithms: ['ES256'], profile: 'rfc9068', keys, dangerouslyAllowHttp: true } as const
  t.match(oidc({ issuer, audience, ...settings }), settings)
})

t.test('an unset environment variable stops the start', async (t) => {
  const remedy = 'is its environment variable set?'
  for (const [unset, shown] of [[undefined, 'undefined'], ['', "''"], ['undefined', "'undefined'"]] as const) {
    t.equal(refusal({ issuer: unset, audience }), `oidc(): issuer: expected an https URL, got ${shown}; ${remedy}`)
    t.equal(refusal({ issuer, audience: unset }),
      `oidc(): audience: expected a text or a list of texts, none of them empty or with white space around it, got ${shown}; ${remedy} Write audience: false to accept tokens for any API`)
  }
})

t.test('audience: false must be written out', async (t) => {
  t.equal(oidc({ issuer, audience: false }).audience, false)
  t.match(refusal({ issuer }), /audience: false/)
})

t.test('options are an object of known keys', async (t) => {
  t.equal(refusal(undefined), 'oidc(): expected an object, got undefined; pass { issuer, audience }')
  t.equal(refusal(issuer), `oidc(): expected an object, got '${issuer}'; pass { issuer, audience }`)
  t.equal(refusal({ issuer, audience, algorithm: 'RS256' }), 'oidc(): unknown key "algorithm"; did you mean "algorithms"?')
  t.equal(refusal({ issuer, audience, dangerouslyAllowHTTP: true }), 'oidc(): unknown key "dangerouslyAllowHTTP"; did you mean "dangerouslyAllowHttp"?')
  t.equal(refusal({ audiences: audience }), 'oidc(): unknown key "audiences"; did you mean "audience"?')
  t.equal(refusal({ issuer, audience, jwksUri: 'https://id.example/jwks' }),
    'oidc(): unknown key "jwksUri"; known are issuer, audience, name, algorithms, profile, claims, tokenKind, keys, introspection, clientId, clientSecret, clientAuthentication, key, keyAlg, keyId, dangerouslyAllowHttp')
})
