import t from 'tap'
import { apiKey } from '../lib/api-key.js'
import { readOptions } from '../lib/options.js'
import { oidc } from '../lib/providers/index.js'
import { memoryStore } from '../lib/store/memory.js'
import { mistake } from './support/mistake.js'

const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })
const refusal = (options: unknown) => mistake(() => readOptions(options))

t.test('options are an object', async (t) => {
  t.equal(refusal(undefined), 'gatehouse: expected an object, got undefined; pass { provider: … }')
  t.match(refusal(provider.issuer), /^gatehouse: expected an object, got 'https:\/\/id\.example'; pass \{ provider/)
})

t.test('a provider itself is no registration', async (t) => {
  t.equal(refusal(provider), 'gatehouse: unknown key "name"; known are provider, defaultAuth, cache, clockTolerance, enforce, startup, authenticators, baseUrl, resource, trustedOrigins, store, dpop, clientCertificate, dangerouslyIgnoreBinding, fetchOptions')
})

t.test('unknown options are refused and near misses named', async (t) => {
  for (const [key, sentence] of [
    ['providers', 'gatehouse: unknown key "providers"; did you mean "provider"?'],
    ['clocktolerance', 'gatehouse: unknown key "clocktolerance"; did you mean "clockTolerance"?'],
    ['default_auth', 'gatehouse: unknown key "default_auth"; did you mean "defaultAuth"?'],
    ['FetchOptions', 'gatehouse: unknown key "FetchOptions"; did you mean "fetchOptions"?'],
    ['prefixes', 'gatehouse: unknown key "prefixes"; known are provider, defaultAuth, cache, clockTolerance, enforce, startup, authenticators, baseUrl, resource, trustedOrigins, store, dpop, clientCertificate, dangerouslyIgnoreBinding, fetchOptions']
  ]) t.equal(refusal({ provider, [key!]: 1 }), sentence)
})

t.test('a value of the wrong kind is refused, never repaired', async (t) => {
  for (const [option, value, sentence] of [
    ['defaultAuth', 'none', "gatehouse.defaultAuth: expected one of required, optional, public, got 'none'"],
    ['defaultAuth', false, 'gatehouse.defaultAuth: expected one of required, optional, public, got false'],
    ['defaultAuth', null, 'gatehouse.defaultAuth: expected one of required, optional, public, got null'],
    ['enforce', 'onrequest', "gatehouse.enforce: expected one of preHandler, onRequest, got 'onrequest'"],
    ['enforce', ['preHandler'], "gatehouse.enforce: expected one of preHandler, onRequest, got [ 'preHandler' ]"],
    ['startup', true, 'gatehouse.startup: expected one of warm, lazy, require, got true'],
    ['clockTolerance', -1, 'gatehouse.clockTolerance: expected 0 to 60 seconds, got -1'],
    ['clockTolerance', 60.5, 'gatehouse.clockTolerance: expected 0 to 60 seconds, got 60.5'],
    ['clockTolerance', NaN, 'gatehouse.clockTolerance: expected 0 to 60 seconds, got NaN'],
    ['clockTolerance', '10', "gatehouse.clockTolerance: expected 0 to 60 seconds, got '10'"],
    ['clockTolerance', null, 'gatehouse.clockTolerance: expected 0 to 60 seconds, got null'],
    ['cache', true, 'gatehouse.cache: expected an object, got true; write false to switch it off'],
    ['cache', null, 'gatehouse.cache: expected an object, got null; write false to switch it off'],
    ['cache', { Max: 1 }, 'gatehouse.cache: unknown key "Max"; did you mean "max"?'],
    ['cache', { max: 0 }, 'gatehouse.cache.max: expected 1 to 1000000 tokens, got 0'],
    ['cache', { max: 1_000_001 }, 'gatehouse.cache.max: expected 1 to 1000000 tokens, got 1000001'],
    ['cache', { max: Infinity }, 'gatehouse.cache.max: expected 1 to 1000000 tokens, got Infinity'],
    ['cache', { max: 1.5 }, 'gatehouse.cache.max: expected a whole number, got 1.5'],
    ['cache', { ttl: 0 }, 'gatehouse.cache.ttl: expected 1 to 3600 seconds, got 0'],
    ['cache', { ttl: 3601 }, 'gatehouse.cache.ttl: expected 1 to 3600 seconds, got 3601'],
    ['baseUrl', undefined, 'gatehouse.baseUrl: expected an origin such as https://app.example.com, got undefined; is BASE_URL set?'],
    ['baseUrl', 'http://app.example.com', "gatehouse.baseUrl: expected an https URL, got 'http://app.example.com'; plain http is for loopback"],
    ['store', 'redis', 'gatehouse.store: expected what memoryStore() or redisStore(client) returns'],
    ['store', null, 'gatehouse.store: expected what memoryStore() or redisStore(client) returns'],
    ['store', { ...memoryStore() }, 'gatehouse.store: expected what memoryStore() or redisStore(client) returns'],
    ['store', { status: 'ready', call: () => {} }, 'gatehouse.store: expected what memoryStore() or redisStore(client) returns; this is the client: write redisStore(client)'],
    ['store', { isOpen: true, sendCommand: () => {} }, 'gatehouse.store: expected what memoryStore() or redisStore(client) returns; this is the client: write redisStore(client)'],
    ['fetchOptions', [], 'gatehouse.fetchOptions: expected an object, got []'],
    ['fetchOptions', { timeout: 1 }, 'gatehouse.fetchOptions: unknown key "timeout"; known are dispatcher, headers'],
    ['fetchOptions', { dispatcher: {} }, 'gatehouse.fetchOptions.dispatcher: expected an undici dispatcher, got a value of type object'],
    ['fetchOptions', { dispatcher: null }, 'gatehouse.fetchOptions.dispatcher: expected an undici dispatcher, got null'],
    ['fetchOptions', { headers: 'x: y' }, 'gatehouse.fetchOptions.headers: expected an object of names and texts, got a value of type string']
  ] as const) t.equal(refusal({ provider, [option]: value }), sentence)
})

t.test('the provider is what a provider function made, a list of those, or a function', async (t) => {
  const kind = 'what oidc(…) or auth0(…) returns, a list of those, or a function'
  t.equal(refusal({}), `gatehouse.provider: expected ${kind}, got undefined`)
  t.equal(refusal({ provider: [] }), 'gatehouse.provider: expected at least one provider, got []; an empty list is for apps with authenticators only')
  t.equal(refusal({ authenticators: [apiKey({ lookup: () => undefined })] }), `gatehouse.provider: expected ${kind}, got undefined; write provider: [] where authenticators alone vouch`)
  t.equal(refusal({ provider: 'https://id.example' }), `gatehouse.provider: expected ${kind}, got 'https://id.example'`)
  t.match(refusal({ provider: [provider, { issuer: 'https://id.example' }] }), kind)
})

t.test('a copy of a provider is not a provider: nothing checked what was changed in it', async (t) => {
  for (const copy of [{ ...provider }, { ...provider, audience: false }, structuredClone({ ...provider })]) {
    t.match(refusal({ provider: copy }), /^gatehouse\.provider: expected what oidc/)
  }
})

t.test('a trusted origin is scheme, host and port as a browser writes them', async (t) => {
  for (const origin of [
    'https://app.example/', 'https://App.example', 'https://app.example:443', 'https://app.example/path', 'app.example', 'null', '*', '', 'file://', 'https://',
    'ftp://app.example', 'https://user@app.example', 'https://münchen.example', undefined, null, 42, ['https://app.example']
  ]) {
    t.match(refusal({ provider, trustedOrigins: [origin] }), /^gatehouse\.trustedOrigins: expected a list of origins: scheme, host and port, in lower case and without a slash at the end, got /, String(origin))
  }
  t.match(refusal({ provider, trustedOrigins: [,] }), 'gatehouse.trustedOrigins') // eslint-disable-line no-sparse-arrays
  for (const notAList of [null, 'https://app.example']) t.match(refusal({ provider, trustedOrigins: notAList }), 'gatehouse.trustedOrigins: expected a list of origins')
  t.match(refusal({ provider, trustedOrigins: ['https://*.app.example'] }), 'gatehouse.trustedOrigins')
})

t.test('an empty list of providers needs an authenticator', async (t) => {
  for (const authenticators of [undefined, [], null, {}]) t.match(refusal({ provider: [], authenticators }), 'gatehouse.provider: expected at least one provider, got []')
  const authenticators = [{ name: 'signature', match: () => undefined, authenticate: () => undefined }]
  t.match(refusal({ provider: undefined, authenticators }), 'gatehouse.provider: expected what oidc(…) or auth0(…) returns')
})

t.test('two providers cannot have one issuer', async (t) => {
  const again = oidc({ issuer: 'https://id.example', audience: 'other', name: 'again' })
  t.equal(refusal({ provider: [provider, again] }),
    'gatehouse.provider: two providers have the issuer https://id.example; give one of them, with both audiences')
  t.match(refusal({ provider: [provider, provider] }), 'two providers have the issuer')
})

t.test('two providers cannot have one name', async (t) => {
  const sibling = oidc({ issuer: 'https://sibling.example', audience: 'https://api.example' })
  t.equal(refusal({ provider: [provider, sibling] }),
    'gatehouse.provider: two providers are called "oidc"; give each a name of its own: { name: \'…\' }')
})

t.test("startup: 'require' needs providers known at boot", async (t) => {
  t.equal(refusal({ provider: () => provider, startup: 'require' }),
    "gatehouse.startup: 'require' needs providers known at boot, a resolver has none; use 'warm' or 'lazy'")
})

t.test('a header to be sent is a text under a name HTTP knows', async (t) => {
  for (const headers of [{ 'x-key': undefined }, { 'x-key': 1 }, { 'x-key': ['a'] }, { 'x key': 'a' }, { 'x-key': 'a\nb: c' }]) {
    t.match(refusal({ provider, fetchOptions: { headers } }), /^gatehouse\.fetchOptions\.headers/)
  }
})

t.test('no message shows a secret that stands in fetchOptions', async (t) => {
  for (const fetchOptions of [
    { headers: new Headers({ 'x-key': 'hunter2' }) },
    { headers: [['x-key', 'hunter2']] },
    { headers: new Map([['x-key', 'hunter2']]) },
    { dispatcher: 'http://proxy:hunter2@127.0.0.1:3128' },
    { dispatcher: { uri: 'http://proxy:hunter2@127.0.0.1:3128' } }
  ]) {
    const sentence = refusal({ provider, fetchOptions })
    t.match(sentence, /^gatehouse\.fetchOptions\.\w+: expected /)
    t.notMatch(sentence, /hunter2/)
  }
})
