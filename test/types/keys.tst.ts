import { auth0, oidc } from 'fastify-gatehouse'
import type { JsonWebKeySet, KeyLocation, KeyOptions, OidcOptions, Provider } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const required = { issuer: 'a', audience: 'b' }
const set = { keys: [{ kty: 'RSA', n: 'n', e: 'AQAB', key_ops: ['verify'] }] }

describe('keys', () => {
  test('are found by discovery, one document or several', () => {
    expect(oidc).type.toBeCallableWith({ ...required, keys: { discovery: 'https://id.example/d' } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { discovery: ['https://id.example/d', 'https://id.example/e'] } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { discovery: Object.freeze(['https://id.example/d']) } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { discovery: [undefined] } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { discovery: new URL('https://id.example/d') } })
  })

  test('are in a set at an address, or at hand', () => {
    expect(oidc).type.toBeCallableWith({ ...required, keys: { jwksUri: 'https://id.example/jwks' } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { jwks: set } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { jwks: Object.freeze({ keys: Object.freeze([Object.freeze({ kty: 'RSA' })]) }) } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { pem: '-----BEGIN PUBLIC KEY-----' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { jwksUri: ['https://id.example/jwks'] } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { jwks: set.keys } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { jwks: 'https://id.example/jwks' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { jwks: undefined } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { pem: ['-----BEGIN PUBLIC KEY-----'] } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { pem: Buffer.from('') } })
  })

  test('may be named by the environment, which is checked at boot', () => {
    expect(oidc).type.toBeCallableWith({ ...required, keys: { pem: process.env.PUBLIC_KEY } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { jwksUri: process.env.JWKS_URI } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { discovery: process.env.DISCOVERY } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: undefined })
  })

  test('are in one place only', () => {
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: {} })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { pem: 'a', kid: 'b' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { jwks_uri: 'a' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { pem: 'a', jwksUri: 'b' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { pem: 'a', jwks: set } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { discovery: 'a', jwks: set } })
  })

  test('are told to every provider alike', () => {
    expect(auth0).type.toBeCallableWith({ domain: 'tenant.auth0.com', audience: 'a', keys: { pem: process.env.PUBLIC_KEY } })
    expect<OidcOptions['keys']>().type.toBe<KeyOptions | undefined>()
  })
})

describe('where keys are, checked', () => {
  test('is documents, an address or a set, of which the others are undefined', () => {
    expect<Provider['keys']>().type.toBe<KeyLocation>()
    expect<KeyLocation['discovery']>().type.toBe<readonly string[] | undefined>()
    expect<KeyLocation['jwksUri']>().type.toBe<string | undefined>()
    expect<KeyLocation['jwks']>().type.toBe<JsonWebKeySet | undefined>()
    expect<KeyLocation>().type.not.toBeAssignableFrom<{ jwksUri: string, discovery: string[] }>()
  })

  test('may be given again, but for those of a project', () => {
    expect<KeyOptions>().type.toBeAssignableFrom<Exclude<KeyLocation, { readonly project: object }>>()
  })

  test('is read-only', () => {
    expect<JsonWebKeySet>().type.toBe<{ readonly keys: ReadonlyArray<Readonly<Record<string, unknown>>> }>()
    expect<JsonWebKeySet>().type.not.toBeAssignableTo<{ keys: unknown[] }>()
  })
})
