import t from 'tap'
import Fastify from 'fastify'
import { readBaseUrls } from '../lib/base-url.js'
import { readDpop } from '../lib/binding/options.js'
import { gatehouse, memoryStore, oidc } from '../lib/index.js'
import { readOptions } from '../lib/options.js'
import { mistake } from './support/mistake.js'

const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })
const other = oidc({ issuer: 'https://other.example', audience: 'https://api.example', name: 'other' })
const dispatcher = { dispatch: () => true }
const store = memoryStore()
const match = () => undefined
const authenticate = () => undefined

t.test('only the provider must be given', async (t) => {
  const { providers, ...others } = readOptions({ provider })
  t.strictSame([...providers], [['https://id.example', provider]])
  t.strictSame(others, {
    resolver: undefined,
    defaultAuth: 'required',
    cache: { max: 10_000, ttl: 300_000 },
    clockTolerance: 10,
    enforce: 'preHandler',
    startup: 'warm',
    authenticators: [],
    bases: [],
    resource: undefined,
    trustedOrigins: [],
    store: undefined,
    dpop: readDpop('dpop', 'allow'),
    clientCertificate: { from: 'tls' },
    ignoresBinding: false,
    fetchOptions: {}
  })
})

t.test('an option that is undefined has its default', async (t) => {
  const names = ['defaultAuth', 'cache', 'clockTolerance', 'enforce', 'startup', 'authenticators', 'trustedOrigins', 'store', 'clientCertificate', 'dangerouslyIgnoreBinding', 'fetchOptions']
  const given = Object.fromEntries(names.map((name) => [name, undefined]))
  t.strictSame(readOptions({ provider, ...given }), readOptions({ provider }))
  t.strictSame(readOptions({ provider, cache: { max: undefined, ttl: undefined } }).cache, { max: 10_000, ttl: 300_000 })
  t.strictSame(readOptions({ provider, fetchOptions: { dispatcher: undefined, headers: undefined } }).fetchOptions, {})
})

t.test('every option is taken as it was given', async (t) => {
  const defaultAuth = () => undefined
  const { providers, ...others } = readOptions({
    provider: [provider, other],
    defaultAuth,
    cache: { max: 5, ttl: 1.5 },
    clockTolerance: 60,
    enforce: 'onRequest',
    startup: 'require',
    authenticators: [{ name: 'signature', match, authenticate }],
    baseUrl: ['https://api.example', 'https://app.example/api'],
    trustedOrigins: ['https://admin.example', 'http://localhost:5173'],
    store,
    dpop: 'off',
    clientCertificate: 'tls',
    dangerouslyIgnoreBinding: true,
    fetchOptions: { dispatcher, headers: { 'x-gateway': 'api' } }
  })
  t.strictSame([...providers.keys()], ['https://id.example', 'https://other.example'])
  t.strictSame(others, {
    resolver: undefined,
    defaultAuth,
    cache: { max: 5, ttl: 1500 },
    clockTolerance: 60,
    enforce: 'onRequest',
    startup: 'require',
    authenticators: [{ name: 'signature', from: 'header', match, shape: undefined, authenticate, answers: undefined }],
    bases: readBaseUrls('baseUrl', ['https://api.example', 'https://app.example/api']),
    resource: undefined,
    trustedOrigins: ['https://api.example', 'https://app.example', 'https://admin.example', 'http://localhost:5173'],
    store,
    dpop: readDpop('dpop', 'off'),
    clientCertificate: { from: 'tls' },
    ignoresBinding: true,
    fetchOptions: { dispatcher, headers: { 'x-gateway': 'api' } }
  })
})

t.test('no provider is needed where an authenticator vouches', async (t) => {
  t.equal(readOptions({ provider: [], authenticators: [{ name: 'signature', match, authenticate }] }).providers.size, 0)
})

t.test('the bounds of a number are part of it', async (t) => {
  for (const [max, ttl, clockTolerance] of [[1, 1, 0], [1_000_000, 3600, 60]]) {
    const settings = readOptions({ provider, cache: { max, ttl }, clockTolerance })
    t.strictSame([settings.cache, settings.clockTolerance], [{ max, ttl: ttl! * 1000 }, clockTolerance])
  }
})

t.test('cache: false means no cache', async (t) => {
  t.equal(readOptions({ provider, cache: false }).cache, undefined)
})

t.test('a function is a resolver, and no provider is known at boot', async (t) => {
  const resolver = () => provider
  const settings = readOptions({ provider: resolver, startup: 'lazy' })
  t.equal(settings.resolver, resolver)
  t.equal(settings.providers.size, 0)
})

t.test('what is read is frozen; what belongs to the user is not', async (t) => {
  const headers = { 'x-gateway': 'api' }
  const cache = { max: 5, ttl: 1 }
  const fetchOptions = { dispatcher, headers }
  const trustedOrigins = ['https://app.example']
  const authenticator = { name: 'signature', match, authenticate }
  const authenticators = [authenticator]
  const options = { provider, cache, fetchOptions, trustedOrigins, authenticators }
  const settings = readOptions(options)
  for (const part of [settings, settings.cache, settings.fetchOptions, settings.fetchOptions.headers, settings.trustedOrigins, settings.authenticators, settings.authenticators[0]]) t.ok(Object.isFrozen(part))
  for (const part of [options, cache, fetchOptions, headers, dispatcher, trustedOrigins, authenticators, authenticator]) t.notOk(Object.isFrozen(part))
  t.equal(settings.fetchOptions.dispatcher, dispatcher)
})

t.test('changing the options later changes nothing', async (t) => {
  const headers: Record<string, string> = { 'x-gateway': 'api' }
  const list = [provider]
  const trustedOrigins = ['https://app.example']
  const authenticator = { name: 'signature', match, authenticate }
  const settings = readOptions({ provider: list, fetchOptions: { headers }, trustedOrigins, authenticators: [authenticator] })
  trustedOrigins.push('https://evil.example')
  authenticator.name = 'changed'
  list.push(other)
  headers['x-gateway'] = 'changed'
  t.strictSame([...settings.providers.keys()], ['https://id.example'])
  t.strictSame(settings.fetchOptions.headers, { 'x-gateway': 'api' })
  t.strictSame(settings.trustedOrigins, ['https://app.example'])
  t.equal(settings.authenticators[0]!.name, 'signature')
})

t.test('no option is written to, at any depth', async (t) => {
  const options = {
    provider: Object.freeze([provider]),
    authenticators: Object.freeze([Object.freeze({ name: 'signature', match, authenticate, cache: Object.freeze({}), budget: Object.freeze({}) })]),
    trustedOrigins: Object.freeze(['https://app.example']),
    cache: Object.freeze({ max: 1 }),
    fetchOptions: Object.freeze({ headers: Object.freeze({ a: 'b' }), dispatcher: Object.freeze({ ...dispatcher }) })
  }
  t.equal(mistake(() => readOptions(Object.freeze(options))), undefined)
})

t.test('every option is read once: what is checked is what is used', async (t) => {
  const reads: Record<string, number> = {}
  const counting = (prefix: string, members: object): object => new Proxy(members, {
    get (target, key) {
      const name = `${prefix}${String(key)}`
      reads[name] = (reads[name] ?? 0) + 1
      return Reflect.get(target, key)
    }
  })
  readOptions(counting('', {
    provider,
    defaultAuth: 'optional',
    clockTolerance: 1,
    enforce: 'onRequest',
    startup: 'lazy',
    trustedOrigins: ['https://app.example'],
    authenticators: [counting('authenticators.', { name: 'signature', from: 'cookie', match, shape: /^a$/, authenticate, cache: counting('answers.', { ttl: 1, negativeTtl: 1, max: 1 }), budget: counting('budget.', { perSecond: 1, burst: 1 }) })],
    cache: counting('cache.', { max: 1, ttl: 1 }),
    fetchOptions: counting('fetchOptions.', { dispatcher, headers: counting('headers.', { a: 'b' }) })
  }))
  const more = Object.entries(reads).filter(([, count]) => count > 1)
  t.strictSame(more, [], 'read more than once')
  t.equal(Object.keys(reads).length, 26, 'all of them were read')
})

t.test("a registration may carry Fastify's own options", async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const logSerializers = { user: () => 'shortened' }
  await app.register(gatehouse, { provider, startup: 'lazy', prefix: '/v1', logLevel: 'warn', logSerializers })
  await app.ready()
  t.strictSame(app.gatehouse.health().map(({ issuer }) => issuer), ['https://id.example'])
})

t.test('a wrong option fails the boot', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const options: object = { provider, clockTolerance: '10' }
  app.register(gatehouse, options as { provider: typeof provider })
  await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message: "gatehouse.clockTolerance: expected 0 to 60 seconds, got '10'" })
})
