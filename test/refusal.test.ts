import t from 'tap'
import Fastify from 'fastify'
import { gatehouse, oidc } from '../lib/index.js'
import { loggable } from '../lib/refusal.js'

t.test('texts are shown, long ones shortened', async (t) => {
  t.equal(loggable('https://id.example/'), 'https://id.example/')
  t.equal(loggable(''), '')
  t.equal(loggable('x'.repeat(200)), 'x'.repeat(200))
  t.equal(loggable('x'.repeat(201)), `${'x'.repeat(200)}…`)
})

t.test('what looks like a token is left out', async (t) => {
  const part = 'A1-_'.repeat(5)
  for (const text of ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln', 'Bearer eyJ', `${part}.${part}`, `x ${part}.${part} y`]) {
    t.equal(loggable(text), '[left out: looks like a token]', text)
  }
  for (const text of ['api.example', 'https://tenant.eu.auth0.com/', `${part}.short`]) t.equal(loggable(text), text)
})

t.test('what is neither text nor list is shown as it is, an object by its kind only', async (t) => {
  for (const value of [1, 1.5, true, false, null, undefined]) t.equal(loggable(value), value)
  t.equal(loggable({ password: 'hunter2' }), '[an object]')
})

t.test('of a list the first ten are shown, each by the same rules', async (t) => {
  t.strictSame(loggable(['a', 1, null, 'eyJ', { b: 1 }, ['c']]), ['a', 1, null, '[left out: looks like a token]', '[an object]', '[a list]'])
  t.strictSame(loggable(Array.from({ length: 11 }, (_, index) => index)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

t.test('lists in lists are bounded too, however deep they are', async (t) => {
  const wide = Array.from({ length: 4 }).reduce<unknown>((inner) => Array.from({ length: 10 }, () => inner), 'x'.repeat(100))
  t.ok(JSON.stringify(loggable(wide)).length < 5000, 'wide')
  t.ok(JSON.stringify(loggable(nested(5000))).length < 5000, 'deep')
})

t.test('a token with lists nested deep is a 401 like any other bad token', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: oidc({ issuer: 'https://id.example', audience: 'https://api.example' }), startup: 'lazy' })
  app.get('/', async () => 'never')
  // From the deepest that JSON.stringify still takes downwards: code that has run often needs less of the stack.
  for (const depth of [5500, 5000, 4500, 4000, 3750, 3500, 3250, 3000, 2500, 2000, 1000, 10]) {
    const list = `${'['.repeat(depth)}1${']'.repeat(depth)}`
    for (const claims of [`{"iss":${list}}`, `{"iss":"https://id.example","aud":${list},"exp":4102444800}`]) {
      const authorization = `Bearer ${base64url('{"alg":"RS256"}')}.${base64url(claims)}.c2ln`
      const response = await app.inject({ url: '/', headers: { authorization } })
      t.equal(response.statusCode, 401, `${claims.slice(0, 6)}, ${depth} deep`)
      t.match(response.json(), { code: 'GATEHOUSE_TOKEN_INVALID', message: /^The access token is / })
      t.match(response.headers['www-authenticate'], /^Bearer realm="api", error="invalid_token", /)
    }
  }
})

function nested (depth: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

function base64url (text: string): string {
  return Buffer.from(text).toString('base64url')
}
