import Fastify from 'fastify'
import type { FastifyContextConfig } from 'fastify'
import type { ClaimRequirement, Demands, GroupPolicy, Requirement, RoutePolicy } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const app = Fastify()
const handler = async () => 'in'

describe('the compiler and an inline config', () => {
  test('a right one compiles, whatever else is in it', () => {
    expect(app.get).type.toBeCallableWith('/', { config: { auth: false } }, handler)
    expect(app.get).type.toBeCallableWith('/', { config: { scopes: ['a', { any: ['b', 'c'] }], rateLimit: { max: 1 } } }, handler)
  })

  test('a wrong one compiles too, though it should not', () => {
    // Fastify's route generic is inferred from what is written, so `auth: 42` becomes the type instead of an
    // error. That is why the boot is the real guard, and refuses all of these. Should a later Fastify close the
    // hole, this test fails: be glad and turn it round.
    expect(app.get).type.toBeCallableWith('/', { config: { auth: 42 } }, handler)
    expect(app.get).type.toBeCallableWith('/', { config: { scope: 'a' } }, handler)
    expect(app.get).type.toBeCallableWith('/', { config: { auth: { scopes: 'a' } } }, handler)
    expect(app.get).type.toBeCallableWith('/', { config: { auth: false, scopes: 'a' } }, handler)
  })

  test('satisfies RoutePolicy closes it', () => {
    const right = { auth: { mode: 'optional' }, scopes: 'a' } satisfies RoutePolicy
    expect(app.get).type.toBeCallableWith('/', { config: right }, handler)
    // @ts-expect-error Type 'number' is not assignable to type
    expect({ auth: 42 } satisfies RoutePolicy).type.toBe<{ auth: number }>()
    // @ts-expect-error 'scope' does not exist in type 'RoutePolicy'
    expect({ scope: 'a' } satisfies RoutePolicy).type.toBe<{ scope: string }>()
    // @ts-expect-error 'scopes' does not exist in type 'RouteAuth'
    expect({ auth: { scopes: 'a' } } satisfies RoutePolicy).type.toBe<{ auth: { scopes: string } }>()
  })

  test("a config annotated with Fastify's own type is checked", () => {
    expect<FastifyContextConfig['auth']>().type.toBe<RoutePolicy['auth']>()
    expect<FastifyContextConfig>().type.not.toBeAssignableFrom<{ auth: 42 }>()
    expect<FastifyContextConfig>().type.not.toBeAssignableFrom<{ scopes: number }>()
  })
})

describe('RoutePolicy', () => {
  test('auth is false, a word or the long form', () => {
    expect<RoutePolicy>().type.toBeAssignableFrom<{ auth: false | 'required' | 'optional' | undefined }>()
    expect<RoutePolicy>().type.toBeAssignableFrom({ auth: { providers: ['a'], claims: { tier: true as const }, authorize: () => true } })
    expect<RoutePolicy>().type.toBeAssignableFrom({ auth: { authorize: async () => false } })
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: true }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: 'public' }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: null }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: { mode: 'public' } }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: { providers: 'a' } }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom({ auth: { authorize: () => 'yes' } })
    expect<RoutePolicy>().type.not.toBeAssignableFrom({ auth: { authorize: () => {} } })
  })

  test('authorize sees the request, with auth on it', () => {
    const policy: RoutePolicy = {
      auth: {
        authorize: (request) => {
          expect(request.auth.subject).type.toBe<string>()
          expect(request.auth.hasRole('admin')).type.toBe<boolean>()
          return true
        }
      }
    }
    expect(policy).type.toBeAssignableTo<RoutePolicy>()
  })

  test('a list that was frozen is as good as any', () => {
    const scopes = Object.freeze(['a', 'b'])
    expect<RoutePolicy>().type.toBeAssignableFrom({ scopes })
    expect<RoutePolicy>().type.toBeAssignableFrom({ scopes: { any: scopes } })
    expect<RoutePolicy>().type.toBeAssignableFrom({ auth: { providers: scopes } })
  })
})

describe('Requirement', () => {
  test('is a name, a list, { all } or { any }, nested as needed', () => {
    expect<Requirement>().type.toBeAssignableFrom('a')
    expect<Requirement>().type.toBeAssignableFrom(['a', 'b'])
    expect<Requirement>().type.toBeAssignableFrom({ any: ['a', { all: ['b', ['c', { any: ['d'] }]] }] })
    expect<Requirement>().type.not.toBeAssignableFrom(42)
    expect<Requirement>().type.not.toBeAssignableFrom(['a', 42])
    expect<Requirement>().type.not.toBeAssignableFrom({ any: 'a' })
    expect<Requirement>().type.not.toBeAssignableFrom({ any: ['a'], all: ['b'] })
    expect<Requirement>().type.not.toBeAssignableFrom({ not: ['a'] })
  })

  test('a claim is true, a value, a list of them, or a function of what is there', () => {
    expect<ClaimRequirement>().type.toBeAssignableFrom<true | string | number | boolean | string[] | readonly number[]>()
    expect<ClaimRequirement>().type.toBeAssignableFrom((value: unknown) => value === 1)
    expect<ClaimRequirement>().type.not.toBeAssignableFrom((value: string) => value === 'a')
    expect<ClaimRequirement>().type.not.toBeAssignableFrom<null>()
    expect<ClaimRequirement>().type.not.toBeAssignableFrom<{ any: string[] }>()
  })
})

describe('what a group, and require(), may demand', () => {
  test('a group cannot open a route', () => {
    expect<GroupPolicy>().type.toBeAssignableFrom({ scopes: 'a', auth: 'required' as const })
    expect<GroupPolicy>().type.toBeAssignableFrom({ auth: { claims: { tier: 'gold' } } })
    expect<GroupPolicy>().type.not.toBeAssignableFrom<{ auth: false }>()
    expect<GroupPolicy>().type.not.toBeAssignableFrom<{ auth: 'optional' }>()
    expect(app.gatehouse.group).type.not.toBeCallableWith(app, { auth: { mode: 'optional' } })
    expect(app.gatehouse.group).type.not.toBeCallableWith(app, { scope: 'a' })
    expect(app.gatehouse.group).type.not.toBeCallableWith({ scopes: 'a' })
  })

  test('step-up names classes, and seconds', () => {
    expect<RoutePolicy>().type.toBeAssignableFrom({ auth: { acr: 'urn:mfa', maxAge: 300 } })
    expect<GroupPolicy>().type.toBeAssignableFrom({ auth: { acr: ['urn:mfa', 'urn:hwk'] as const } })
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: { maxAge: string } }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ auth: { acr: number } }>()
  })

  test('require() demands scopes, permissions, roles, claims and step-up', () => {
    expect<Demands>().type.toBeAssignableFrom({ scopes: 'a', permissions: ['b'], roles: { any: ['c'] }, claims: { d: true as const }, acr: 'e', maxAge: 5 })
    expect<Demands>().type.not.toBeAssignableFrom<{ scopes: number }>()
    expect<keyof Demands>().type.toBe<'scopes' | 'permissions' | 'roles' | 'claims' | 'acr' | 'maxAge'>()
  })
})
