import Fastify from 'fastify'
import type { FastifyReply } from 'fastify'
import gatehouse, { fusionauth, memoryStore, redisStore } from 'fastify-gatehouse'
import type { Json, JsonMembers, Store, WebSession } from 'fastify-gatehouse'
import login from 'fastify-gatehouse/login'
import type { LoginOptions } from 'fastify-gatehouse/login'
import { Redis } from 'ioredis'
import { createClient, createClientPool } from 'redis'
import { describe, expect, test } from 'tstyche'

const app = Fastify()
const secret = process.env.SESSION_SECRET

describe('registering', () => {
  test('takes what comes from the environment', () => {
    expect(app.register).type.toBeCallableWith(gatehouse, {
      provider: fusionauth({ issuer: process.env.ISSUER, clientId: process.env.CLIENT_ID, clientSecret: process.env.CLIENT_SECRET }),
      baseUrl: process.env.BASE_URL
    })
    expect(app.register).type.toBeCallableWith(login, { session: { secret } })
    app.register(login, { session: { secret: ['new', 'old'], in: 'store', idle: 3600 }, routes: { logout: false }, afterLogin: ({ user }) => ({ user }) })
  })

  test('knows its options', () => {
    expect(app.register).type.not.toBeCallableWith(login, { session: { secret: 'a', where: 'store' } })
    expect<LoginOptions>().type.not.toBeAssignableFrom<{ scope: string }>()
    expect<LoginOptions['afterLogin']>().type.not.toBeAssignableFrom<() => true>()
    expect<LoginOptions['afterLogin']>().type.toBeAssignableFrom<() => void>()
    expect<LoginOptions['afterLogin']>().type.toBeAssignableFrom<() => Promise<void>>()
    expect<LoginOptions['afterLogin']>().type.not.toBeAssignableFrom<() => null>()
  })

  test('stores take clients of both packages', () => {
    expect(redisStore(new Redis())).type.toBe<Store>()
    expect(redisStore(createClient())).type.toBe<Store>()
    expect(redisStore(createClientPool())).type.toBe<Store>()
    expect(memoryStore({ singleProcess: true })).type.toBe<Store>()
    expect(redisStore).type.not.toBeCallableWith('redis://localhost')
  })
})

describe('in a handler', () => {
  test('the session has its members', () => {
    app.get('/', async ({ auth }) => {
      expect(auth.session).type.toBe<WebSession>()
      expect(auth.session.user).type.toBe<JsonMembers>()
      expect(auth.session.user.name).type.toBe<Json | undefined>()
      expect(auth.session.accessToken()).type.toBe<Promise<string>>()
      auth.session.data.cart = ['apple']
      // @ts-expect-error Cannot assign to 'user'
      auth.session.user = {}
      // @ts-expect-error Type 'Date' is not assignable
      auth.session.data.when = new Date()
    })
  })

  test('replies log in and out', () => {
    app.get('/', async (_request, reply) => {
      expect(reply.login({ returnTo: '/', maxAge: 0 })).type.toBe<Promise<FastifyReply>>()
      expect(reply.logout()).type.toBe<Promise<FastifyReply>>()
      expect(reply.login).type.not.toBeCallableWith({ scope: 'admin' })
    })
  })

  test('people are logged out everywhere', () => {
    expect(app.gatehouse.sessions.deleteBySubject({ issuer: 'https://id.example.com', subject: 'ada' })).type.toBe<Promise<void>>()
    expect(app.gatehouse.sessions.deleteBySubject).type.not.toBeCallableWith('ada')
  })
})
