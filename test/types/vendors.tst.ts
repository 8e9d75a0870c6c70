import { expect, test } from 'tstyche'
import { auth0, authgear, clerk, cognito, entra, fusionauth, google, keycloak, oidc, okta, tesseral, zitadel } from 'fastify-gatehouse'
import type { GatehouseOptions, Provider, RequestAuth, TesseralAccessTokenClaims } from 'fastify-gatehouse'

test('what entra gives fits its options, and each of them fits provider', () => {
  expect(entra({ tenantId: process.env.TENANT_ID, audience: process.env.CLIENT_ID })).type.toBe<Provider>()
  expect(entra({ tenants: ['a', 'b'], audience: 'api' })).type.toBe<readonly Provider[]>()
  expect<GatehouseOptions['provider']>().type.toBeAssignableFrom<Provider | readonly Provider[]>()
  expect(entra).type.not.toBeCallableWith({ audience: 'api' })
  expect(entra({ tenants: 'any', audience: 'api' })).type.toBe<Provider>()
  expect(entra).type.not.toBeCallableWith({ tenants: 'all', audience: 'api' })
})

test('options that come from the environment may be undefined to the compiler; the boot is what checks them', () => {
  const value = process.env.ANY
  expect(authgear({ domain: value })).type.toBe<Provider>()
  expect(clerk({ domain: value, authorizedParties: value })).type.toBe<Provider>()
  expect(cognito({ userPoolId: value, clientId: value })).type.toBe<Provider>()
  expect(fusionauth({ issuer: value, audience: value })).type.toBe<Provider>()
  expect(google({ clientId: value })).type.toBe<Provider>()
  expect(keycloak({ issuer: value, audience: value, clientId: value })).type.toBe<Provider>()
  expect(okta({ domain: value, audience: value, authorizationServer: value })).type.toBe<Provider>()
  expect(tesseral({ publishableKey: value, backendApiKey: value, apiKeys: true })).type.toBe<Provider>()
  expect(zitadel({ issuer: value, audience: value })).type.toBe<Provider>()
})

test('a client takes the place of an audience, and its settings come from the environment', () => {
  const value = process.env.ANY
  const client = { clientId: value, clientSecret: value }
  expect(auth0({ domain: value, ...client })).type.toBe<Provider>()
  expect(authgear({ domain: value, ...client })).type.toBe<Provider>()
  expect(clerk({ domain: value, ...client })).type.toBe<Provider>()
  expect(cognito({ userPoolId: value, ...client, audience: value })).type.toBe<Provider>()
  expect(entra({ tenantId: value, ...client })).type.toBe<Provider>()
  expect(entra({ tenants: ['a'], ...client })).type.toBe<readonly Provider[]>()
  expect(fusionauth({ issuer: value, ...client })).type.toBe<Provider>()
  expect(google({ ...client, audience: [''] })).type.toBe<Provider>()
  expect(keycloak({ issuer: value, ...client })).type.toBe<Provider>()
  expect(okta({ domain: value, ...client })).type.toBe<Provider>()
  expect(zitadel({ issuer: value, ...client, audience: value })).type.toBe<Provider>()
  expect(oidc({ issuer: value, clientId: value, key: value, keyAlg: 'ES256', keyId: value, audience: false })).type.toBe<Provider>()
  expect(oidc({ issuer: value, clientId: value, clientSecret: undefined, clientAuthentication: 'none' })).type.toBe<Provider>()
})

test('without an audience a client is needed, and it is of one issuer', () => {
  expect(fusionauth).type.not.toBeCallableWith({ issuer: 'a', clientSecret: 'b' })
  expect(clerk).type.not.toBeCallableWith({ domain: 'a' })
  expect(google).type.not.toBeCallableWith({ audience: 'a' })
  expect(oidc).type.not.toBeCallableWith({ issuer: 'a', clientId: 'b', clientAuthentication: 'client_secret_jwt' })
  expect(oidc).type.not.toBeCallableWith({ issuer: 'a', clientId: ['b'], clientSecret: 'c' })
  expect(entra).type.not.toBeCallableWith({ tenants: 'any', audience: 'a', clientId: 'b', clientSecret: 'c' })
  expect(tesseral).type.not.toBeCallableWith({ publishableKey: 'a', clientId: 'b' })
})

test('what always comes by https takes no leave for plain http, and no audience of false', () => {
  expect(cognito).type.not.toBeCallableWith({ userPoolId: 'a', clientId: 'b', dangerouslyAllowHttp: true })
  expect(okta).type.not.toBeCallableWith({ domain: 'a', audience: false })
  expect(keycloak).type.toBeCallableWith({ issuer: 'a', audience: false, dangerouslyAllowHttp: true })
})

test("a Tesseral token's claims are typed, the ones that may be missing too", () => {
  const claims = (auth: RequestAuth) => auth.accessTokenClaims<TesseralAccessTokenClaims>()
  expect(claims).type.toBe<(auth: RequestAuth) => Readonly<TesseralAccessTokenClaims>>()
  expect<TesseralAccessTokenClaims['organization']['id']>().type.toBe<string>()
  expect<TesseralAccessTokenClaims['actions']>().type.toBe<readonly string[] | undefined>()
  expect<TesseralAccessTokenClaims['impersonator']>().type.toBe<{ readonly email: string } | undefined>()
})

test('tesseral takes API keys as a word or with their settings, and no audience', () => {
  expect(tesseral).type.toBeCallableWith({ publishableKey: 'a', apiKeys: { prefix: 'acme_', cache: { ttl: 10 }, budget: { burst: 5 } } })
  expect(tesseral).type.not.toBeCallableWith({ publishableKey: 'a', audience: 'b' })
  expect(tesseral).type.not.toBeCallableWith({})
})

test('what takes opaque tokens takes introspection; whose access tokens are JWTs only does not', () => {
  const introspection = { clientId: process.env.ID, clientSecret: process.env.SECRET }
  expect(keycloak).type.toBeCallableWith({ issuer: 'a', audience: 'b', introspection })
  expect(okta).type.toBeCallableWith({ domain: 'a', audience: 'b', introspection })
  expect(cognito).type.not.toBeCallableWith({ userPoolId: 'a', clientId: 'b', introspection })
})
