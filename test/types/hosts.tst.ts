import Fastify from 'fastify'
import type { FastifyPluginAsync, FastifyTypeProvider } from 'fastify'
import gatehouse, { getAuth, oidc } from 'fastify-gatehouse'
import type { RequestAuth } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })

/** As the type providers of zod or TypeBox do it: what a schema says becomes the type of what comes in. */
interface LiteralTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends { readonly example: infer Example } ? Example : unknown
}

describe('the plugin registers, and request.auth is typed,', () => {
  test('on HTTP/2', () => {
    const app = Fastify({ http2: true })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider })
    app.get('/', async (request) => {
      expect(request.auth).type.toBe<RequestAuth>()
      expect(getAuth).type.toBeCallableWith(request)
    })
    expect(app.gatehouse.group).type.toBeCallableWith(app, { scopes: 'a' })
  })

  test('on HTTPS', () => {
    const app = Fastify({ https: {} })
    expect(app.register).type.toBeCallableWith(gatehouse, { provider })
    app.get('/', async (request) => {
      expect(request.auth).type.toBe<RequestAuth>()
      expect(getAuth).type.toBeCallableWith(request)
    })
    expect(app.gatehouse.group).type.toBeCallableWith(app, { scopes: 'a' })
  })

  test('with a type provider', () => {
    const app = Fastify().withTypeProvider<LiteralTypeProvider>()
    expect(app.register).type.toBeCallableWith(gatehouse, { provider })
    app.post('/', { config: { scopes: 'a' }, schema: { body: { example: { text: 'a' } } } }, async (request) => {
      expect(request.body).type.toBe<{ readonly text: 'a' }>()
      expect(request.auth).type.toBe<RequestAuth>()
      expect(getAuth).type.toBeCallableWith(request)
    })
    expect(app.gatehouse.group).type.toBeCallableWith(app, { scopes: 'a' })
  })

  test('inside a plugin', () => {
    const plugin: FastifyPluginAsync = async (scope) => {
      expect(scope.register).type.toBeCallableWith(gatehouse, { provider })
      expect(scope.gatehouse.group).type.toBeCallableWith(scope, { roles: 'admin' })
    }
    expect(Fastify().register).type.toBeCallableWith(plugin)
  })
})
