import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import gatehouse, { apiKey, oidc } from 'fastify-gatehouse'
import type { ApiKeyOptions, Authenticator, CallBudget, IntrospectionOptions, RouteAuth, StoredApiKey, Vouched } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const app = Fastify()
const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })
const value: string | undefined = process.env.VALUE

describe('an authenticator', () => {
  test('answers at once or by a promise, with whom it vouches for or with nobody', () => {
    expect<Authenticator>().type.toBeAssignableFrom({ name: 'a', match: () => undefined, authenticate: () => undefined })
    expect<Authenticator>().type.toBeAssignableFrom({ name: 'a', match: () => 'b', authenticate: async () => ({ subject: 'c' }) })
    expect<Authenticator>().type.toBeAssignableFrom({ name: 'a', match: () => 'b', authenticate: async () => null })
    expect<Authenticator>().type.not.toBeAssignableFrom({ name: 'a', match: () => 'b', authenticate: async () => true })
    expect<Authenticator>().type.not.toBeAssignableFrom({ name: 'a', match: async () => 'b', authenticate: () => undefined })
    expect<Authenticator>().type.not.toBeAssignableFrom({ name: 'a', authenticate: () => undefined })
  })

  test('may be the one of the docstring, and says where it looks', () => {
    const match = (request: FastifyRequest) => request.headers['x-signature']?.toString()
    const authenticate = async (signature: string, request: FastifyRequest) => signature === request.url ? { subject: 'cdn' } : undefined
    for (const from of ['header', 'authorization', 'cookie'] as const) expect<Authenticator>().type.toBeAssignableFrom({ name: 'signed_url', from, match, authenticate })
    expect<Authenticator>().type.not.toBeAssignableFrom({ name: 'signed_url', from: 'query' as const, match, authenticate })
    expect<Authenticator>().type.not.toBeAssignableFrom({ name: 'signed_url', match: (request: FastifyRequest) => request.headers['x-signature'], authenticate })
  })

  test('sees credential, request and signal', () => {
    expect<Authenticator>().type.toBeAssignableFrom({
      name: 'a',
      match: (request: { readonly headers: object }) => 'x' in request.headers ? 'b' : undefined,
      authenticate: async (credential: string, request: { readonly url: string }, context: { readonly signal: AbortSignal }) => context.signal.aborted ? undefined : { subject: credential + request.url }
    })
  })

  test('vouches for a subject, and nothing is demanded beside it', () => {
    expect<Vouched>().type.toBeAssignableFrom({ subject: 'a' })
    expect<Vouched>().type.toBeAssignableFrom({ subject: 'a', scopes: ['b'] as const, claims: { plan: 'pro' }, expiresAt: 1 })
    expect<Vouched>().type.not.toBeAssignableFrom({ scopes: ['b'] })
    expect<Vouched>().type.not.toBeAssignableFrom({ subject: 'a', scopes: 'b' })
  })

  test('is given to the plugin in a list', () => {
    expect(app.register).type.toBeCallableWith(gatehouse, { provider: [], authenticators: [apiKey({ lookup: () => undefined })] })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, authenticators: apiKey({ lookup: () => undefined }) })
  })
})

describe('apiKey()', () => {
  test('is an authenticator', () => {
    expect(apiKey({ lookup: async () => undefined })).type.toBe<Authenticator>()
  })

  test('needs a lookup that gives the stored hash beside whom the key speaks for', () => {
    expect(apiKey).type.toBeCallableWith({ lookup: (hash: string) => ({ hash, subject: 'a' }) })
    expect(apiKey).type.toBeCallableWith({ hash: async (key: string) => key, lookup: (hash: string) => ({ hash, subject: 'a', _id: 1 }) })
    expect(apiKey).type.not.toBeCallableWith({ lookup: () => ({ subject: 'a' }) })
    expect(apiKey).type.not.toBeCallableWith({})
    expect<StoredApiKey>().type.toBeAssignableTo<Vouched>()
  })

  test('takes options that were left out as undefined', () => {
    expect<ApiKeyOptions>().type.toBeAssignableFrom({ lookup: () => undefined, name: undefined, header: undefined, prefix: value, hash: undefined, cache: undefined, budget: undefined })
    expect<CallBudget>().type.toBeAssignableFrom({ perSecond: 1, burst: undefined })
  })
})

describe('introspection', () => {
  test('is by a secret or by a key, taken from the environment', () => {
    expect<IntrospectionOptions>().type.toBeAssignableFrom({ clientId: value, clientSecret: value })
    expect<IntrospectionOptions>().type.toBeAssignableFrom({ clientId: value, key: value })
    expect<IntrospectionOptions>().type.not.toBeAssignableFrom({ clientId: value, clientSecret: 'a', key: 'b' })
    expect<IntrospectionOptions>().type.not.toBeAssignableFrom({ clientId: value })
    expect<IntrospectionOptions>().type.not.toBeAssignableFrom({ clientId: value, clientSecret: 'a', clientAuthentication: 'private_key_jwt' as const })
  })

  test('may do without an audience only if that is written out', () => {
    expect<IntrospectionOptions>().type.toBeAssignableFrom({ clientId: 'a', clientSecret: 'b', audience: false as const })
    expect<IntrospectionOptions>().type.not.toBeAssignableFrom({ clientId: 'a', clientSecret: 'b', audience: true as const })
  })

  test('is taken by providers whose issuer is a URL of the user', () => {
    expect(oidc).type.toBeCallableWith({ issuer: 'a', audience: 'b', introspection: { clientId: value, clientSecret: value } })
    expect(oidc).type.not.toBeCallableWith({ issuer: 'a', audience: 'b', introspection: true })
  })
})

test('a route names the credentials it accepts', () => {
  expect<RouteAuth>().type.toBeAssignableFrom({ credentials: ['access_token', 'api_key', 'webhook'] as const })
  expect<RouteAuth>().type.not.toBeAssignableFrom({ credentials: 'access_token' })
})
