import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import gatehouse, { apiKey, auth0, oidc } from 'fastify-gatehouse'
import type { DefaultAuth, GatehouseOptions, OidcOptions, Provider, ProviderResolver, RouteDescription } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const app = Fastify()
const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })

describe('app.register(gatehouse, options)', () => {
  test('wants a provider, several, or a resolver', () => {
    expect(app.register).type.toBeCallableWith(gatehouse, { provider })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider: [provider, provider] })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider: Object.freeze([provider]) })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider: () => provider })
    expect(app.register).type.not.toBeCallableWith(gatehouse, {})
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider: undefined })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider: 'https://id.example' })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider: { issuer: 'https://id.example', audience: 'a' } })
  })

  test('takes every option, each of which may be undefined', () => {
    expect(app.register).type.toBeCallableWith(gatehouse, {
      provider,
      defaultAuth: 'required',
      cache: { max: 10, ttl: 60 },
      clockTolerance: 5,
      enforce: 'onRequest',
      startup: 'require',
      authenticators: [apiKey({ lookup: () => undefined })],
      trustedOrigins: ['https://app.example'],
      fetchOptions: { headers: { 'x-gateway': 'a' }, dispatcher: {} }
    })
    expect(app.register).type.toBeCallableWith(gatehouse, {
      provider,
      defaultAuth: undefined,
      cache: undefined,
      clockTolerance: undefined,
      enforce: undefined,
      startup: undefined,
      authenticators: undefined,
      trustedOrigins: undefined,
      fetchOptions: undefined
    })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider, cache: false, prefix: '/v1', logLevel: 'warn' })
  })

  test('refuses wrong values and names that are nobody\'s', () => {
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, defaultAuth: 'private' })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, defaultAuth: false })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, cache: true })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, clockTolerance: '10' })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, enforce: 'preValidation' })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, startup: 'eager' })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, defaultauth: 'public' })
  })

  test('may be written down beforehand, and is not changed', () => {
    expect<GatehouseOptions>().type.toBeAssignableFrom<Readonly<{ provider: readonly Provider[] }>>()
    expect<GatehouseOptions>().type.not.toBeAssignableFrom<{ provider: Provider, enforce: string }>()
  })
})

describe('defaultAuth', () => {
  test('is a word, or a function of the route', () => {
    expect<DefaultAuth>().type.toBeAssignableFrom<'required' | 'optional' | 'public'>()
    expect<DefaultAuth>().type.toBeAssignableFrom(({ url }: RouteDescription) => url === '/docs' ? { auth: false as const } : undefined)
    expect<DefaultAuth>().type.toBeAssignableFrom(() => ({ scopes: ['a', 'b'] }))
    expect<DefaultAuth>().type.not.toBeAssignableFrom(async () => ({ auth: false as const }))
    expect<DefaultAuth>().type.not.toBeAssignableFrom(() => 'public')
    expect<DefaultAuth>().type.not.toBeAssignableFrom(() => ({ auth: true }))
  })

  test('sees method, URL and prefix, and may not change them', () => {
    expect<RouteDescription>().type.toBe<{ readonly method: string | readonly string[], readonly url: string, readonly prefix: string }>()
  })
})

describe('a resolver', () => {
  test('answers with a provider, undefined, or a promise of either', () => {
    expect<ProviderResolver>().type.toBeAssignableFrom(() => provider)
    expect<ProviderResolver>().type.toBeAssignableFrom(() => undefined)
    expect<ProviderResolver>().type.toBeAssignableFrom(async (issuer: string) => issuer === 'a' ? provider : undefined)
    expect<ProviderResolver>().type.toBeAssignableFrom((issuer: string, request: FastifyRequest | undefined) => request?.host === issuer ? provider : undefined)
    expect<ProviderResolver>().type.not.toBeAssignableFrom(() => 'https://id.example')
    expect<ProviderResolver>().type.not.toBeAssignableFrom(() => [provider])
    expect<ProviderResolver>().type.not.toBeAssignableFrom(() => null)
  })

  test('must reckon with verify(), which has no request', () => {
    expect<ProviderResolver>().type.not.toBeAssignableFrom((_issuer: string, request: FastifyRequest) => request.host === 'a' ? provider : undefined)
  })
})

describe('providers', () => {
  test('oidc() wants issuer and audience, and takes them from the environment', () => {
    expect(oidc).type.toBeCallableWith({ issuer: process.env.ISSUER, audience: process.env.AUDIENCE })
    expect(oidc).type.toBeCallableWith({ issuer: 'a', audience: ['b', 'c'] })
    expect(oidc).type.toBeCallableWith({ issuer: 'a', audience: Object.freeze(['b', 'c']) })
    expect(oidc).type.toBeCallableWith({ issuer: 'a', audience: false })
    expect(oidc).type.not.toBeCallableWith({ issuer: 'a' })
    expect(oidc).type.not.toBeCallableWith({ audience: 'a' })
    expect(oidc).type.not.toBeCallableWith({ issuer: 'a', audience: true })
    expect(oidc).type.not.toBeCallableWith()
  })

  test('auth0() wants domain and audience', () => {
    expect(auth0).type.toBeCallableWith({ domain: 'tenant.auth0.com', audience: 'a' })
    expect(auth0).type.not.toBeCallableWith({ domain: 'tenant.auth0.com' })
    expect(auth0).type.not.toBeCallableWith({ domain: 'tenant.auth0.com', audience: false })
    expect(auth0).type.not.toBeCallableWith({ domain: 'tenant.auth0.com', audience: 'a', dangerouslyAllowHttp: true })
    expect(auth0).type.not.toBeCallableWith({ issuer: 'https://tenant.auth0.com/', audience: 'a' })
  })

  test('refuse symmetric algorithms, and two places for keys', () => {
    const required = { issuer: 'a', audience: 'b' }
    expect(oidc).type.toBeCallableWith({ ...required, algorithms: ['RS256', 'Ed25519'] })
    expect(oidc).type.not.toBeCallableWith({ ...required, algorithms: ['HS256'] })
    expect(oidc).type.not.toBeCallableWith({ ...required, algorithms: ['none'] })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { jwksUri: 'https://id.example/jwks' } })
    expect(oidc).type.toBeCallableWith({ ...required, keys: { discovery: 'https://id.example/d' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: { jwksUri: 'a', discovery: 'b' } })
    expect(oidc).type.not.toBeCallableWith({ ...required, keys: {} })
    expect(oidc).type.not.toBeCallableWith({ ...required, profile: 'strict' })
    expect(oidc).type.not.toBeCallableWith({ ...required, dangerouslyAllowHTTP: true })
  })

  test('map claims by name, path, function, or a list of those', () => {
    const claims = { roles: [{ path: ['realm_access', 'roles'] }, 'roles', (claims: { sub?: string }) => claims.sub] } as const
    expect<OidcOptions['claims']>().type.toBeAssignableFrom(claims)
    expect<OidcOptions['claims']>().type.toBeAssignableFrom<{ subject: 'oid' }>()
    expect<OidcOptions['claims']>().type.not.toBeAssignableFrom<{ roles: number }>()
    expect<OidcOptions['claims']>().type.not.toBeAssignableFrom<{ roles: { path: 'realm_access.roles' } }>()
  })

  test('are read-only values', () => {
    expect(provider).type.toBe<Provider>()
    expect<Provider['audience']>().type.toBe<readonly string[] | false>()
    expect<Provider>().type.not.toBeAssignableTo<{ audience: string[] }>()
  })
})
