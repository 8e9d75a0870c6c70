import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type {
  AccessTokenClaims, Actor, CredentialsType, DownstreamToken, Gatehouse, GuardedRoute, Identity, ProviderHealth, RequestAuth, StandardClaims, Stats
} from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const app = Fastify()
declare const auth: RequestAuth
declare const another: FastifyInstance

// `rejectAnyType` is on: an accessor that became `any` fails here, whatever it is compared with.
describe('request.auth', () => {
  test('is there on every request, and cannot be replaced', () => {
    expect<FastifyRequest['auth']>().type.toBe<RequestAuth>()
    app.addHook('onRequest', async (request) => {
      expect(request.auth).type.toBe<RequestAuth>()
      // @ts-expect-error Cannot assign to 'auth' because it is a read-only property
      request.auth = auth
    })
  })

  test('has an exact type for each accessor', () => {
    expect(auth.isAuthenticated).type.toBe<boolean>()
    expect(auth.credentialsType).type.toBe<CredentialsType>()
    expect(auth.provider).type.toBe<string>()
    expect(auth.subject).type.toBe<string>()
    expect(auth.scopes).type.toBe<readonly string[]>()
    expect(auth.permissions).type.toBe<readonly string[]>()
    expect(auth.roles).type.toBe<readonly string[]>()
    expect(auth.organizationId()).type.toBe<string>()
    expect(auth.credentials()).type.toBe<string>()
    expect(auth.hasScope('a')).type.toBe<boolean>()
    expect(auth.hasPermission('a')).type.toBe<boolean>()
    expect(auth.hasRole('a')).type.toBe<boolean>()
    expect(auth.require({ scopes: 'a' })).type.toBe<void>()
    expect(auth.actor).type.toBe<Actor | undefined>()
    expect(auth.delegationChain).type.toBe<readonly Actor[]>()
    expect(auth.exchange({ audience: 'a' })).type.toBe<Promise<DownstreamToken>>()
    expect<CredentialsType>().type.toBeAssignableFrom<'access_token' | 'api_key' | 'webhook'>()
    expect<CredentialsType>().type.not.toBeAssignableFrom<number>()
  })

  test('has no other member', () => {
    expect<keyof RequestAuth>().type.toBe<
      'isAuthenticated' | 'credentialsType' | 'provider' | 'subject' | 'scopes' | 'permissions' | 'roles' | 'organizationId' |
      'credentials' | 'accessTokenClaims' | 'hasScope' | 'hasPermission' | 'hasRole' | 'require' | 'session' |
      'actor' | 'delegationChain' | 'exchange'
    >()
  })

  test('lists are read-only', () => {
    expect(auth.scopes).type.not.toHaveProperty('push')
    expect(auth.roles).type.not.toBeAssignableTo<string[]>()
    // @ts-expect-error Cannot assign to 'subject' because it is a read-only property
    auth.subject = 'somebody else'
  })

  test('hasScope and the like want at least one name', () => {
    expect(auth.hasScope).type.toBeCallableWith('a')
    expect(auth.hasScope).type.toBeCallableWith('a', 'b', 'c')
    expect(auth.hasScope).type.not.toBeCallableWith()
    expect(auth.hasScope).type.not.toBeCallableWith(['a'])
    expect(auth.hasScope).type.not.toBeCallableWith(42)
    expect(auth.hasPermission).type.not.toBeCallableWith()
    expect(auth.hasRole).type.not.toBeCallableWith()
  })

  test('exchange() takes one of three forms, with what the environment gives', () => {
    expect(auth.exchange).type.toBeCallableWith({ audience: process.env.AUDIENCE, resource: ['urn:a'], scope: 'a b', actorToken: { token: 'a', type: 'urn:a' }, parameters: { a: ['b'] } })
    expect(auth.exchange).type.toBeCallableWith({ subjectToken: process.env.TOKEN, subjectTokenType: 'urn:acme:legacy', organization: 'org_1' })
    expect(auth.exchange).type.toBeCallableWith({ connection: process.env.CONNECTION, loginHint: 'a' })
    expect(auth.exchange).type.not.toBeCallableWith()
    expect(auth.exchange).type.not.toBeCallableWith('audience')
    expect(auth.exchange).type.not.toBeCallableWith({ audiences: 'a' })
    expect(auth.exchange).type.not.toBeCallableWith({ subjectToken: 'a' })
    expect(auth.exchange).type.not.toBeCallableWith({ connection: 'a', audience: 'a' })
    expect(auth.exchange).type.not.toBeCallableWith({ audience: 'a', organization: 'org_1' })
  })

  test('require() wants demands it knows', () => {
    expect(auth.require).type.toBeCallableWith({ scopes: ['a'], claims: { tier: ['gold'] } })
    expect(auth.require).type.not.toBeCallableWith()
    expect(auth.require).type.not.toBeCallableWith('a')
    expect(auth.require).type.not.toBeCallableWith({ scope: 'a' })
    expect(auth.require).type.not.toBeCallableWith({ auth: 'required' })
  })
})

describe('accessTokenClaims()', () => {
  test('gives the standard claims, and unknown for the others', () => {
    const claims = auth.accessTokenClaims()
    expect(claims).type.toBe<Readonly<AccessTokenClaims>>()
    expect(claims.iss).type.toBe<string | undefined>()
    expect(claims.exp).type.toBe<number | undefined>()
    expect(claims.sub).type.toBe<string | undefined>()
    expect(claims.aud).type.toBe<string | readonly string[] | undefined>()
    expect(claims['https://example.com/tenant']).type.toBe<unknown>()
    // @ts-expect-error Cannot assign to 'sub' because it is a read-only property
    claims.sub = 'somebody else'
  })

  test('takes the word of the app for more', () => {
    interface Ours { tenant: { id: number } }
    expect(auth.accessTokenClaims<Ours>()).type.toBe<Readonly<Ours>>()
    expect(auth.accessTokenClaims<Ours & StandardClaims>().tenant.id).type.toBe<number>()
    expect(auth.accessTokenClaims<Ours>().tenant).type.toBe<{ id: number }>()
    expect(auth.accessTokenClaims<Ours>()).type.not.toHaveProperty('sub')
    // @ts-expect-error Type 'string' does not satisfy the constraint 'object'
    auth.accessTokenClaims<string>()
  })
})

describe('app.gatehouse', () => {
  test('is there on every instance, and cannot be replaced', () => {
    expect<FastifyInstance['gatehouse']>().type.toBe<Gatehouse>()
    // @ts-expect-error Cannot assign to 'gatehouse' because it is a read-only property
    app.gatehouse = another.gatehouse
  })

  test('has an exact type for each member', () => {
    expect(app.gatehouse.verify('token')).type.toBe<Promise<Identity>>()
    expect(app.gatehouse.ready()).type.toBe<Promise<void>>()
    expect(app.gatehouse.health()).type.toBe<ProviderHealth[]>()
    expect(app.gatehouse.stats()).type.toBe<Stats>()
    expect(app.gatehouse.routes()).type.toBe<GuardedRoute[]>()
    expect(app.gatehouse.group(app, { scopes: 'a' })).type.toBe<void>()
    expect(app.gatehouse.jwks.getPublicKey).type.toBeCallableWith({ domain: 'a', alg: 'RS256', kid: 'b' })
    expect<keyof Gatehouse>().type.toBe<'verify' | 'ready' | 'health' | 'stats' | 'routes' | 'sessions' | 'group' | 'jwks'>()
  })

  test('an identity is read-only, and says all there is', () => {
    expect<Identity>().type.toBe<{
      readonly type: CredentialsType
      readonly provider: string
      readonly issuer: string | undefined
      readonly subject: string
      readonly clientId: string | undefined
      readonly organizationId: string | undefined
      readonly scopes: readonly string[]
      readonly permissions: readonly string[]
      readonly roles: readonly string[]
      readonly claims: AccessTokenClaims
      readonly expiresAt: number | undefined
    }>()
    expect(app.gatehouse.verify).type.not.toBeCallableWith()
    expect(app.gatehouse.verify).type.not.toBeCallableWith(undefined)
  })
})
