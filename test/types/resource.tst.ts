import Fastify from 'fastify'
import type { FastifyPluginAsync } from 'fastify'
import gatehouse, { oidc, protectedResource } from 'fastify-gatehouse'
import type { GatehouseOptions, Localized, ResourceMetadata, ResourceOptions } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const app = Fastify()
const resource = 'https://api.example.com/orders'
const provider = oidc({ issuer: 'https://id.example', audience: resource })

describe('resource', () => {
  test('is an identifier, which may come from the environment, or metadata', () => {
    expect<GatehouseOptions['resource']>().type.toBe<string | ResourceOptions | undefined>()
    expect(app.register).type.toBeCallableWith(gatehouse, { provider, baseUrl: 'https://api.example.com', resource: process.env.RESOURCE })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider, baseUrl: 'https://api.example.com', resource: { resource: process.env.RESOURCE, resourceName: { en: 'Orders' }, scopesSupported: ['read'], rootMetadata: true, differentAudience: true } })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider, resource: { resource, metadataUrl: 'https://api.example.com/metadata' } })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, resource: {} })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, resource: { resource, scopes_supported: ['read'] } })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, resource: { resource, bearerMethodsSupported: ['body'] } })
    expect(app.register).type.not.toBeCallableWith(gatehouse, { provider, resource: { resource, dpopSigningAlgValuesSupported: ['HS256'] } })
  })

  test('takes whatever describes a resource', () => {
    expect<ResourceOptions>().type.toBeAssignableFrom<ResourceMetadata>()
    expect<ResourceMetadata['resourceName']>().type.toBe<Localized | undefined>()
  })
})

describe('protectedResource', () => {
  test('gives a plugin', () => {
    expect(protectedResource({ resource })).type.toBe<FastifyPluginAsync>()
    expect(app.register).type.toBeCallableWith(protectedResource({ resource }), { prefix: '' })
    expect(protectedResource).type.toBeCallableWith(Object.freeze({ resource, authorizationServers: Object.freeze(['https://id.example']) }))
  })

  test('takes metadata only', () => {
    expect(protectedResource).type.not.toBeCallableWith(resource)
    expect(protectedResource).type.not.toBeCallableWith({})
    expect(protectedResource).type.not.toBeCallableWith({ resource, differentAudience: true })
    expect(protectedResource).type.not.toBeCallableWith({ resource, metadataUrl: 'https://api.example.com/metadata' })
  })
})
