import { createHash } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { apiKey } from '../lib/index.js'
import type { ApiKeyOptions, GatehouseOptions } from '../lib/index.js'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, unavailable } from './support/guarded-api.js'
import { issuerFor } from './support/house.js'
import { accepted, INVALID_CREDENTIAL, tooMany, TWO_CREDENTIALS } from './support/other-credentials.js'
import { send } from './support/wire.js'

const issuer = await issuerFor(t)
const KEY = 'acme_hunter2hunter2hunter2'
const sha256 = (key: string) => createHash('sha256').update(key).digest('hex')

/** An API with one stored key, whose lookups are counted. */
async function api (t: Test, options: Partial<ApiKeyOptions> = {}, gatehouse: Partial<GatehouseOptions> = {}) {
  const rows = new Map([[sha256(KEY), { hash: sha256(KEY), subject: 'service-1' }]])
  const looked: string[] = []
  const lookup = (hash: string) => { looked.push(hash); return rows.get(hash) }
  const guarded = await guardedApi(t, issuer, {
    authenticators: [apiKey({ prefix: 'acme_', lookup, ...options })],
    routes: (app) => {
      app.get('/keys', { config: { auth: { credentials: ['api_key'] } } }, async ({ auth }) => ({ subject: auth.subject, type: auth.credentialsType }))
      app.get('/tokens', { config: { auth: { credentials: ['access_token'] } } }, async ({ auth }) => ({ subject: auth.subject }))
    },
    ...gatehouse
  })
  const ask = (key: string, path = '/') => guarded.get(undefined, path, { 'x-api-key': key })
  return { ...guarded, rows, looked, ask }
}

t.test('a stored key is accepted, an unknown one refused, a malformed one not even looked up', async (t) => {
  const { ask, looked, refusals, logs } = await api(t)
  t.same(await ask(KEY), accepted('service-1'))
  t.same((await ask(KEY, '/keys')).body, { subject: 'service-1', type: 'api_key' })
  t.same(await ask(KEY, '/tokens'), INVALID_CREDENTIAL)
  t.same(await ask('acme_0123456789abcdef'), INVALID_CREDENTIAL)
  t.equal(looked.length, 2)
  for (const key of ['', 'acme_short', KEY.toUpperCase(), KEY.slice(5), `x${KEY}`, `${KEY} ${KEY}`, `${KEY},${KEY}`, 'a'.repeat(12_000), `acme_${'a'.repeat(513)}`, issuer.token(), '__proto__', `acme_${'\u00e9'.repeat(20)}`]) {
    t.same(await ask(key), INVALID_CREDENTIAL, key.slice(0, 40))
  }
  t.equal(looked.length, 2)
  t.match(refusals().map(({ reason }) => reason), ['credentials_refused', 'credential_unknown', 'credential_malformed'])
  t.notMatch(logs.text(), /hunter2|0123456789abcdef/, 'no key in any log line')
})

t.test('a lookup as lenient as it likes lets no other key in', async (t) => {
  const { ask } = await api(t, { lookup: () => ({ hash: sha256(KEY), subject: 'service-1' }) })
  t.same(await ask(KEY), accepted('service-1'))
  t.same(await ask('acme_0123456789abcdef'), INVALID_CREDENTIAL)
})

t.test('a key sent twice is a malformed request', async (t) => {
  const { app, looked } = await api(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [one, other] of [[KEY, KEY], [KEY, 'acme_0123456789abcdef'], ['', KEY]] as const) {
    const { statusCode, headers, body } = await send(app, { headers: [['X-Api-Key', one], ['x-api-key', other]] })
    t.same({ status: statusCode, body: JSON.parse(body), challenge: headers['www-authenticate'], retryAfter: undefined }, TWO_CREDENTIALS)
  }
  t.same(looked, [])
})

t.test('a key beside an access token is one credential too many', async (t) => {
  const { get } = await api(t)
  t.same(await get(issuer.token(), '/', { 'x-api-key': KEY }), TWO_CREDENTIALS)
  t.same(await get(issuer.token(), '/', { 'x-api-key': '' }), TWO_CREDENTIALS)
})

t.test('a lookup that fails is a 503, and neither key nor reason reach the caller', async (t) => {
  for (const lookup of [
    () => { throw new Error(`connect ECONNREFUSED for ${KEY}`) },
    async () => { throw new Error('the table is locked') },
    () => ({ hash: sha256(KEY), subject: 'a', roles: 'admin' }),
    () => ({ hash: sha256(KEY) })
  ] as object[] as Array<ApiKeyOptions['lookup']>) {
    const { ask, refusals, logs } = await api(t, { lookup })
    t.same(await ask(KEY), unavailable())
    t.match(refusals(), [{ code: 'GATEHOUSE_UNAVAILABLE', reason: 'authenticator_failed', provider: 'api_key' }])
    t.notMatch(logs.text(), 'hunter2')
  }
})

t.test('a key that is revoked, or has ended, is refused within the time its answer is kept', async (t) => {
  const clock = fakeClock(t)
  const { ask, rows, looked } = await api(t, { cache: { ttl: 30, negativeTtl: 10 } })
  t.same(await ask(KEY), accepted('service-1'))
  rows.clear()
  clock.advance(29_999)
  t.same(await ask(KEY), accepted('service-1'))
  clock.advance(1)
  t.same(await ask(KEY), INVALID_CREDENTIAL)
  rows.set(sha256(KEY), { hash: sha256(KEY), subject: 'service-2' })
  t.same(await ask(KEY), INVALID_CREDENTIAL)
  clock.advance(10_000)
  t.same(await ask(KEY), accepted('service-2'))
  t.equal(looked.length, 3)
})

t.test('in the Authorization header keys and access tokens come side by side', async (t) => {
  const { get, looked } = await api(t, { header: 'authorization' })
  t.same(await get(KEY), accepted('service-1'))
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get('acme_0123456789abcdef'), INVALID_CREDENTIAL)
  t.same(await get('acme_short'), INVALID_CREDENTIAL)
  t.same(await get('x.y.z'), INVALID_TOKEN)
  t.same(await get(KEY, '/tokens'), INVALID_CREDENTIAL)
  t.same(await get(issuer.token(), '/keys'), INVALID_TOKEN)
  t.equal(looked.length, 2)
  t.same(await get(KEY, '/', { 'x-api-key': KEY }), accepted('service-1'), 'another header is nothing we read')
})

t.test('ten thousand invented keys cause no more lookups than the budget has; a key accepted before is served', async (t) => {
  const clock = fakeClock(t)
  const { ask, looked, refusals, app } = await api(t, { cache: { ttl: 30 }, budget: { perSecond: 10, burst: 100 } }, {})
  t.same(await ask(KEY), accepted('service-1'))
  let last
  for (let number = 0; number < 10_000; number++) last = await ask(`acme_${String(number).padStart(20, '0')}`)
  t.same(last, tooMany(1))
  t.equal(looked.length, 101)
  t.match(refusals().at(-1), { reason: 'calls_exhausted', provider: 'api_key' })
  t.match(app.gatehouse.stats().refused, { GATEHOUSE_CREDENTIAL_INVALID: 100, GATEHOUSE_TOO_MANY_REQUESTS: 9_900 })
  t.same(await ask(KEY), accepted('service-1'), 'from what is kept')
  clock.advance(30_000)
  for (let number = 10_000; number < 10_200; number++) await ask(`acme_${String(number).padStart(20, '0')}`)
  t.same(await ask(KEY), accepted('service-1'), 'and when it must be looked up anew')
  t.equal(looked.length, 202)
})

t.test('ten thousand bad keys that are all looked up leave no more behind than the cache has room for', async (t) => {
  const { ask, app, looked } = await api(t, { cache: { max: 100 }, budget: { burst: 20_000 } })
  t.same(await ask(KEY), accepted('service-1'))
  for (let number = 0; number < 10_000; number++) await ask(`acme_${String(number).padStart(20, '0')}`)
  t.equal(looked.length, 10_001)
  t.equal(app.gatehouse.stats().cacheSize, 101)
})

t.test('what a key opened is not for shared caches, unless it came in the Authorization header', async (t) => {
  const cacheControl = async (header: string, value: string) => {
    const { app } = await api(t, { header })
    const { statusCode, headers } = await app.inject({ url: '/', headers: { [header]: value } })
    return [statusCode, headers['cache-control']]
  }
  t.same(await cacheControl('x-api-key', KEY), [200, 'private'])
  t.same(await cacheControl('x-api-key', 'acme_0123456789abcdef'), [401, undefined])
  t.same(await cacheControl('authorization', `Bearer ${KEY}`), [200, undefined])
})
