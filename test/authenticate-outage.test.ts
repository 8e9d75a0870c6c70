import t from 'tap'
import { fakeClock } from './support/clock.js'
import { holdDeadlines } from './support/deadlines.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, unavailable } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'
import type { Behaviour } from './support/issuer.js'
import { until } from './support/until.js'
import { send } from './support/wire.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.behave('answer'); issuer.reset() })

const failures: Array<[mode: Behaviour, cause: string]> = [
  ['hang', 'no full answer in time'],
  ['hang-body', 'no full answer in time'],
  ['drip', 'no full answer in time'],
  ['huge', 'more than 1048576 bytes'],
  ['status-500', 'status 500'],
  ['status-429', 'status 429'],
  ['html', 'answers HTML instead of JSON'],
  ['truncated', 'answers no JSON'],
  ['empty-set', 'has no usable key'],
  ['redirect', 'redirects to another origin'],
  ['refuse', 'UND_ERR_SOCKET']
]

for (const [mode, cause] of failures) {
  const isEndless = cause.startsWith('no full answer')
  const endpoints = mode === 'empty-set' ? ['jwks'] as const : ['discovery', 'jwks'] as const
  for (const endpoint of endpoints) {
    t.test(`${endpoint} that answers like ${mode}: 503 while no key is held, and service as soon as it is over`, async (t) => {
      const clock = fakeClock(t)
      const deadlines = holdDeadlines(t)
      const { get, logs, refusals } = await guardedApi(t, issuer)
      issuer.behave(mode, endpoint)
      const first = get(issuer.token())
      await until(() => issuer.requests[endpoint] === 1)
      if (isEndless) deadlines.come()
      t.same(await first, unavailable())
      t.same(await get(issuer.token()), unavailable(), 'inside the back-off')
      t.equal(issuer.requests[endpoint], 1, 'without another fetch')
      t.equal(issuer.requests.elsewhere, 0)
      const hint = `${issuer.issuer}/${endpoint === 'jwks' ? 'jwks' : '.well-known/openid-configuration'}: ${cause}`
      const refusal = { code: 'GATEHOUSE_UNAVAILABLE', reason: 'keys_unavailable', provider: 'oidc', hint }
      t.same(refusals(), [refusal, refusal])
      t.match(logs.lines.filter(({ msg }) => msg === 'keys of the provider cannot be fetched'), [{ level: 40, reason: hint, heldKeys: 0 }])

      issuer.behave('answer')
      clock.advance(1_001)
      t.same(await get(issuer.token()), ACCEPTED)
    })
  }

  t.test(`a key server that answers like ${mode}: held keys serve on`, async (t) => {
    const clock = fakeClock(t)
    const deadlines = holdDeadlines(t)
    const { app, get } = await guardedApi(t, issuer)
    const seen = issuer.token()
    t.same(await get(seen), ACCEPTED)
    issuer.behave(mode)
    clock.advance(600_000)
    t.same(await get(seen), ACCEPTED, 'while a refresh is under way')
    await until(() => issuer.requests.jwks === 2)
    if (isEndless) deadlines.come()
    await until(() => app.gatehouse.health()[0]?.failures === 1)
    t.same(await get(issuer.token()), ACCEPTED, 'and after it failed')
    t.same(await get(seen), ACCEPTED)
    t.match(app.gatehouse.health(), [{ state: 'stale', keys: [issuer.keys[0]?.kid] }])
  })
}

t.test('a key server that redirects inside its origin serves', async (t) => {
  const { get } = await guardedApi(t, issuer)
  issuer.behave('redirect-same')
  t.same(await get(issuer.token()), ACCEPTED)
  t.match(issuer.requests, { discovery: 1, jwks: 1, other: 2, elsewhere: 0 })
})

t.test('with last good keys an outage is survived for an hour past their age, then it is a 503, for tokens seen before too', async (t) => {
  const clock = fakeClock(t)
  t.intercept(Math, 'random', { value: () => 0 })
  const { app, get } = await guardedApi(t, issuer, { cache: { ttl: 3600 } })
  const token = issuer.token({ exp: clock.now() / 1000 + 86_400 })
  t.same(await get(token), ACCEPTED)
  issuer.behave('status-500')
  clock.advance(4_199_000)
  t.same(await get(token), ACCEPTED)
  await until(() => app.gatehouse.health()[0]?.failures === 1)
  t.same(await get(token), ACCEPTED)
  t.match(app.gatehouse.stats(), { accepted: 3, cached: 1 }, 'the last time from the cache')

  clock.advance(1_001)
  t.same(await get(token), unavailable())
  t.same(await get(issuer.token()), unavailable())
  t.match(app.gatehouse.health(), [{ state: 'away' }])

  issuer.behave('answer')
  clock.advance(60_000)
  t.same(await get(token), ACCEPTED, 'until the provider is back')
  t.match(app.gatehouse.health(), [{ state: 'fresh' }])
})

t.test('while the provider is away an unknown key id is a 503, and what is wrong by itself stays a 401', async (t) => {
  const clock = fakeClock(t)
  const { get } = await guardedApi(t, issuer)
  t.same(await get(issuer.token()), ACCEPTED)
  issuer.behave('status-500')
  const next = await createKey('RS256')
  t.same(await get(issuer.token({}, {}, next)), unavailable())
  t.same(await get(issuer.token({ aud: 'https://other.example' }, {}, next)), INVALID_TOKEN)
  t.same(await get(issuer.token({ exp: clock.now() / 1000 - 60 })), INVALID_TOKEN)
  t.same(await get('opaque'), INVALID_TOKEN)
  t.same(await get(issuer.token()), ACCEPTED)
})

t.test('two tokens in one request are a 400 while the keys cannot be fetched', async (t) => {
  const { app } = await guardedApi(t, issuer)
  await app.listen({ host: '127.0.0.1', port: 0 })
  issuer.behave('refuse')
  const authorization = ['Authorization', `Bearer ${issuer.token()}`] as const
  const both = await send(app, { headers: [authorization, authorization] })
  t.match(both, { statusCode: 400, headers: { 'www-authenticate': /error="invalid_request"/ }, body: /GATEHOUSE_CREDENTIAL_MALFORMED/ })
  t.match(await send(app, { headers: [authorization] }), { statusCode: 503, headers: { 'retry-after': '1' }, body: /GATEHOUSE_UNAVAILABLE/ })
})
