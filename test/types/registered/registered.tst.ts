import Fastify from 'fastify'
import gatehouse, { oidc } from 'fastify-gatehouse'
import type { AccessTokenClaims, Demands, GatehouseOptions, GroupPolicy, Identity, RequestAuth, RoutePolicy, WebSession } from 'fastify-gatehouse'
import type { LoginDecision } from 'fastify-gatehouse/login'
import { describe, expect, test } from 'tstyche'

interface Line { article: string, count: number }

// Merging is for the whole program, so this file has one of its own.
declare module 'fastify-gatehouse' {
  interface Register {
    scopes: 'read' | 'write'
    permissions: 'messages:read' | 'messages:delete'
    roles: 'editor' | 'admin'
    claims: { tenant: { id: number }, org_id: string }
    session: { data: { cart?: Line[] }, user: { name: string, plan: 'free' | 'pro' } }
  }
}

const app = Fastify()
declare const auth: RequestAuth

describe("an app's own names, written down once in Register, are checked", () => {
  test('in route policies', () => {
    expect<RoutePolicy>().type.toBeAssignableFrom<{ scopes: 'read' | ['read', 'write'] | { any: ['read', { all: ['write'] }] } }>()
    expect<RoutePolicy>().type.toBeAssignableFrom<{ permissions: 'messages:read', roles: ['editor'] }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ scopes: 'reed' }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ scopes: ['read', 'delete'] }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ scopes: { any: ['read', { all: ['delete'] }] } }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ scopes: string }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ permissions: 'messages:write' }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ roles: 'root' }>()
    expect<RoutePolicy>().type.not.toBeAssignableFrom<{ roles: 'read' }>()
  })

  test('in what groups and require() demand', () => {
    expect<GroupPolicy>().type.toBeAssignableFrom<{ scopes: 'read' }>()
    expect<GroupPolicy>().type.not.toBeAssignableFrom<{ scopes: 'reed' }>()
    expect(app.gatehouse.group).type.not.toBeCallableWith(app, { roles: 'root' })
    expect<Demands>().type.toBeAssignableFrom<{ roles: 'admin' }>()
    expect(auth.require).type.toBeCallableWith({ permissions: ['messages:read', 'messages:delete'] })
    expect(auth.require).type.not.toBeCallableWith({ permissions: 'messages:write' })
  })

  test('in what a defaultAuth function answers', () => {
    const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider, defaultAuth: () => ({ scopes: 'read' }) })
    expect<GatehouseOptions['defaultAuth']>().type.not.toBeAssignableFrom(() => ({ scopes: 'reed' as const }))
  })

  test('in hasScope, hasPermission and hasRole', () => {
    expect(auth.hasScope).type.toBeCallableWith('read', 'write')
    expect(auth.hasScope).type.not.toBeCallableWith('reed')
    expect(auth.hasScope).type.not.toBeCallableWith('read', 'delete')
    expect(auth.hasPermission).type.toBeCallableWith('messages:delete')
    expect(auth.hasPermission).type.not.toBeCallableWith('read')
    expect(auth.hasRole).type.toBeCallableWith('admin')
    expect(auth.hasRole).type.not.toBeCallableWith('root')
  })

  test('in the claims, beside the standard ones', () => {
    const claims = auth.accessTokenClaims()
    expect(claims.tenant.id).type.toBe<number>()
    expect(claims.org_id).type.toBe<string>()
    expect(claims.sub).type.toBe<string | undefined>()
    expect(claims['another']).type.toBe<unknown>()
    expect(claims).type.toBe<Readonly<AccessTokenClaims>>()
    expect<Identity['claims']['tenant']>().type.toBe<{ id: number }>()
    // @ts-expect-error Cannot assign to 'org_id' because it is a read-only property
    claims.org_id = 'another'
  })

  test('in what a session holds, values of an interface included', () => {
    const line: Line = { article: 'apple', count: 2 }
    auth.session.data.cart = [line]
    auth.session.data = {}
    expect(auth.session.data.cart).type.toBe<Line[] | undefined>()
    expect(auth.session.user.plan).type.toBe<'free' | 'pro'>()
    expect<WebSession['data']>().type.not.toBeAssignableFrom<{ cart: string }>()
    // @ts-expect-error Property 'basket' does not exist
    auth.session.data.basket = [line]
    // @ts-expect-error Cannot assign to 'name' because it is a read-only property
    auth.session.user.name = 'Eve'
    expect<LoginDecision>().type.toBeAssignableFrom<{ data: { cart: Line[] }, user: { name: string, plan: 'pro' } }>()
    expect<LoginDecision>().type.not.toBeAssignableFrom<{ data: { cart: string } }>()
  })

  test('but not in what a token says, which may be anything', () => {
    expect(auth.scopes).type.toBe<readonly string[]>()
    expect(auth.permissions).type.toBe<readonly string[]>()
    expect(auth.roles).type.toBe<readonly string[]>()
  })

  test('and an explicit type still goes before them', () => {
    expect(auth.accessTokenClaims<{ other: true }>()).type.toBe<Readonly<{ other: true }>>()
  })
})
