import Fastify from 'fastify'
import gatehouse, { auth0 } from 'fastify-gatehouse'
import { expect, test } from 'tstyche'

// Section by section what README shows first, under strict and exactOptionalPropertyTypes.
const app = Fastify({ logger: true })

await app.register(gatehouse, {
  provider: auth0({ domain: process.env.AUTH0_DOMAIN, audience: process.env.AUTH0_AUDIENCE })
})

app.get('/api/public', { config: { auth: false } }, async () => ({ message: 'hello, world' }))

app.get('/api/private', async (request) => ({ user: request.auth.subject }))

app.get('/api/private-scoped', { config: { scopes: 'read:messages' } }, async (request) => ({
  user: request.auth.accessTokenClaims().sub
}))

test('an environment variable may be passed as it comes', () => {
  expect(process.env.AUTH0_DOMAIN).type.toBe<string | undefined>()
  expect(auth0).type.toBeCallableWith({ domain: process.env.AUTH0_DOMAIN, audience: process.env.AUTH0_AUDIENCE })
})

test('what a handler sees is typed', () => {
  app.get('/typed', async (request) => {
    expect(request.auth.subject).type.toBe<string>()
    expect(request.auth.accessTokenClaims().sub).type.toBe<string | undefined>()
    return {}
  })
})
