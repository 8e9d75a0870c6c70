import t from 'tap'
import { catchTimers } from './support/caught-timers.js'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'
import { until } from './support/until.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.behave('answer'); issuer.reset() })

const [key] = issuer.keys
const attacker = await createKey('RS256')
const forged = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  issuer.token(claims, { kid: `forged-${Math.random()}`, ...header }, attacker)

t.test('50 concurrent first requests make one fetch', async (t) => {
  const { get } = await guardedApi(t, issuer)
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => get(issuer.token({ jti: String(index) }))))
  for (const answer of answers) t.same(answer, ACCEPTED)
  t.match(issuer.requests, { discovery: 1, jwks: 1 })
})

t.test('any number of forged key ids makes one fetch in 30 s, and one at its end', async (t) => {
  const clock = fakeClock(t)
  const timers = catchTimers(t)
  const { app, get } = await guardedApi(t, issuer)
  t.same(await get(issuer.token()), ACCEPTED)
  issuer.reset()

  for (const answer of await Promise.all(Array.from({ length: 200 }, () => get(forged())))) t.same(answer, INVALID_TOKEN)
  t.equal(issuer.requests.jwks, 1)
  for (const token of Array.from({ length: 50 }, () => forged())) t.same(await get(token), INVALID_TOKEN)
  clock.advance(29_000)
  const repeated = forged()
  for (let count = 0; count < 50; count++) t.same(await get(repeated), INVALID_TOKEN)
  t.equal(issuer.requests.jwks, 1, 'none inside the cooldown')

  const scheduled = timers(30_000)
  t.equal(scheduled.length, 1)
  clock.advance(1_001)
  scheduled[0]?.fire()
  t.same(await get(repeated), INVALID_TOKEN)
  await until(() => app.gatehouse.health()[0]?.fetches === 3)
  t.equal(issuer.requests.jwks, 2, 'one at its end')
})

t.test('a forged token whose other marks do not fit causes no fetch', async (t) => {
  const { get } = await guardedApi(t, issuer)
  t.same(await get(issuer.token()), ACCEPTED)
  issuer.reset()
  const now = Math.floor(Date.now() / 1000)
  for (const [name, claims, header] of [
    ['another issuer', { iss: 'https://evil.example' }, {}],
    ['another audience', { aud: 'https://other.example' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['expired', { exp: now - 60 }, {}],
    ['no exp', { exp: undefined }, {}],
    ['exp is no time', { exp: '9999999999' }, {}],
    ['not yet valid', { nbf: now + 60 }, {}],
    ['HS256', {}, { alg: 'HS256' }],
    ['none', {}, { alg: 'none' }],
    ['crit', {}, { crit: ['exp'] }],
    ['another type', {}, { typ: 'dpop+jwt' }],
    ['an ID token', { nonce: 'n' }, { typ: 'JWT' }],
    ['bound', { cnf: { jkt: 'x' } }, {}],
    ['a key id that is no text', {}, { kid: 42 }],
    ['an empty key id', {}, { kid: '' }],
    ['a key id without end', {}, { kid: 'k'.repeat(513) }]
  ] as const) {
    t.same(await get(forged(claims, header)), INVALID_TOKEN, name)
  }
  t.same(issuer.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.same(await get(forged()), INVALID_TOKEN)
  t.equal(issuer.requests.jwks, 1, 'one whose marks fit does')
})

t.test('addresses and keys in a header are never used', async (t) => {
  const evil = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => evil.close())
  const { get } = await guardedApi(t, issuer)
  for (const header of [
    { jku: `${evil.issuer}/jwks` }, { x5u: `${evil.issuer}/certificate` }, { jwk: attacker.jwk }, { x5c: ['AAAA'] },
    { kid: `${evil.issuer}/jwks` }, { kid: '../../jwks' }
  ]) {
    t.same(await get(issuer.token({}, { kid: attacker.kid, ...header }, attacker)), INVALID_TOKEN, JSON.stringify(header))
  }
  t.same(await get(forged({ iss: evil.issuer })), INVALID_TOKEN)
  t.same(evil.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.equal(issuer.requests.other, 0)
})

t.test('a known key never waits while an unknown key id waits for a provider that hangs', async (t) => {
  const { app, get } = await guardedApi(t, issuer)
  const seen = issuer.token()
  t.same(await get(seen), ACCEPTED)
  issuer.behave('hang')
  let isAnswered = false
  const waiting = get(forged()).finally(() => { isAnswered = true })
  await until(() => issuer.requests.jwks === 2)
  t.same(await get(seen), ACCEPTED, 'seen before')
  t.same(await get(issuer.token({ jti: 'new' })), ACCEPTED, 'never seen')
  t.same(await Promise.all(Array.from({ length: 20 }, () => get(issuer.token({ jti: String(Math.random()) })))), Array(20).fill(ACCEPTED))
  t.equal(isAnswered, false)
  await Promise.all([app.close(), waiting])
})

t.test('the rotation to a key that was just published is one fetch, whatever the number of requests', async (t) => {
  const { get } = await guardedApi(t, issuer)
  t.same(await get(issuer.token()), ACCEPTED)
  issuer.reset()
  const next = await createKey('RS256')
  issuer.published = [key!.jwk, next.jwk]
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => get(issuer.token({ jti: String(index) }, {}, next))))
  for (const answer of answers) t.same(answer, ACCEPTED)
  t.same(await get(issuer.token()), ACCEPTED, 'and the old key serves on')
  t.match(issuer.requests, { discovery: 0, jwks: 1 })
})
