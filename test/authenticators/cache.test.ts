import t from 'tap'
import type { Vouched } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { guardedApi } from '../support/guarded-api.js'
import { issuerFor } from '../support/house.js'
import { accepted, INVALID_CREDENTIAL, signatures, tooMany } from '../support/other-credentials.js'

const issuer = await issuerFor(t)

t.test('without a cache every request is asked about, and sees its own answer', async (t) => {
  let times = 0
  const { authenticator } = signatures({ authenticate: (_credential, request) => ({ subject: `${request.url} ${++times}` }) })
  const { app, get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.same(await get(undefined, '/?a', { 'x-signature': 'good' }), accepted('/?a 1'))
  t.same(await get(undefined, '/?b', { 'x-signature': 'good' }), accepted('/?b 2'))
  const both = await Promise.all(['/?c', '/?d'].map((path) => get(undefined, path, { 'x-signature': 'good' })))
  t.same(both.map(({ body }) => body), [{ subject: '/?c 3' }, { subject: '/?d 4' }], 'also at once')
  t.match(app.gatehouse.stats(), { accepted: 4, cached: 0, cacheSize: 0 })
})

t.test('with a cache one answer serves every request with the credential, until it is old', async (t) => {
  const clock = fakeClock(t)
  const { authenticator, asked } = signatures({ cache: { ttl: 30, negativeTtl: 10 } })
  const { app, get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  const ask = (sent: string) => get(undefined, '/', { 'x-signature': sent })
  for (let times = 0; times < 3; times++) {
    t.same(await ask('good'), accepted('good'))
    t.same(await ask('bad'), INVALID_CREDENTIAL)
  }
  t.same(asked, ['good', 'bad'])
  t.match(app.gatehouse.stats(), { accepted: 3, cached: 2, refused: { GATEHOUSE_CREDENTIAL_INVALID: 3 }, cacheSize: 2 })
  clock.advance(10_000)
  await ask('good')
  await ask('bad')
  t.same(asked, ['good', 'bad', 'bad'])
  clock.advance(20_000)
  await ask('good')
  t.same(asked, ['good', 'bad', 'bad', 'good'])
})

t.test('requests with one credential share one question; stats count each of them', async (t) => {
  const { authenticator, asked } = signatures({ cache: {} })
  const { app, get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  const answers = await Promise.all(Array.from({ length: 50 }, () => get(undefined, '/', { 'x-signature': 'good' })))
  t.same(answers, Array.from({ length: 50 }, () => accepted('good')))
  t.same(asked, ['good'])
  t.match(app.gatehouse.stats(), { accepted: 50, cached: 0 })
})

t.test('what a handler does to an identity, or an authenticator to its answer, the next request does not see', async (t) => {
  const answer = { subject: 'user-1', scopes: ['read'], roles: [] as string[], claims: { plan: { name: 'free' } } }
  const { authenticator } = signatures({ cache: {}, authenticate: () => answer })
  const { get } = await guardedApi(t, issuer, {
    authenticators: [authenticator],
    routes: (app) => {
      app.get('/spoil', async ({ auth }) => [
        () => { (auth.scopes as string[]).push('write') },
        () => { Reflect.set(auth, 'subject', 'admin') || (() => { throw new TypeError('refused') })() },
        () => { (auth.roles as string[])[0] = 'admin' }
      ].map((attempt) => { try { attempt(); return 'done' } catch { return 'refused' } }))
      app.get('/scopes', async ({ auth }) => ({ scopes: auth.scopes, roles: auth.roles, subject: auth.subject }))
      app.get('/pro', { config: { auth: { claims: { plan: (plan: unknown) => (plan as { name: string }).name === 'pro' } } } }, async () => 'in')
    }
  })
  const headers = { 'x-signature': 'good' }
  t.same((await get(undefined, '/spoil', headers)).body, ['refused', 'refused', 'refused'])
  answer.scopes.push('write')
  answer.roles.push('admin')
  answer.claims.plan.name = 'pro'
  t.same((await get(undefined, '/scopes', headers)).body, { scopes: ['read'], roles: [], subject: 'user-1' })
  t.equal((await get(undefined, '/pro', headers)).status, 403)
})

t.test('an error handler that writes on an error does not change the answer of another request', async (t) => {
  const { authenticator } = signatures({ cache: {} })
  const { app, get } = await guardedApi(t, issuer, {
    authenticators: [authenticator],
    routes: (app) => {
      app.setErrorHandler((error: Error & { seen?: number, statusCode?: number }, _request, reply) => {
        error.seen = (error.seen ?? 0) + 1
        return reply.code(error.statusCode ?? 500).send({ seen: error.seen })
      })
    }
  })
  const all = await Promise.all(Array.from({ length: 10 }, () => get(undefined, '/', { 'x-signature': 'bad' })))
  all.push(await get(undefined, '/', { 'x-signature': 'bad' }))
  t.same(new Set(all.map(({ status, body }) => JSON.stringify([status, body]))), new Set(['[401,{"seen":1}]']))
  t.match(app.gatehouse.stats().refused, { GATEHOUSE_CREDENTIAL_INVALID: 11 })
})

t.test('two authenticators never see each other\'s answers, though they read the same text', async (t) => {
  const one = signatures({ cache: {} })
  const two = signatures({ name: 'second', cache: {}, match: ({ headers }) => headers['x-second']?.toString(), authenticate: () => undefined })
  const { get } = await guardedApi(t, issuer, { authenticators: [one.authenticator, two.authenticator] })
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('good'))
  t.same(await get(undefined, '/', { 'x-second': 'good' }), INVALID_CREDENTIAL)
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('good'))
})

t.test('a failure is not kept: the next request is asked about', async (t) => {
  let times = 0
  const { authenticator } = signatures({ cache: {}, authenticate: () => { if (times++ === 0) throw new Error('away'); return { subject: 'user-1' } } })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.equal((await get(undefined, '/', { 'x-signature': 'good' })).status, 503)
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('user-1'))
})

t.test('an answer is not kept past the end of the credential', async (t) => {
  const clock = fakeClock(t, 1_700_000_000_000)
  const { authenticator, asked } = signatures({ cache: { ttl: 3600 }, authenticate: (credential): Vouched => { asked.push(credential); return { subject: 'user-1', expiresAt: 1_700_000_060 } } })
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('user-1'))
  clock.advance(59_999)
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('user-1'))
  t.equal(asked.length, 1)
  clock.advance(1)
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), INVALID_CREDENTIAL)
  t.match(refusals(), [{ reason: 'token_expired' }])
})

t.test('the budget bounds what is asked', async (t) => {
  fakeClock(t)
  const { authenticator, asked } = signatures({ cache: {}, budget: { perSecond: 1, burst: 3 } })
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  for (let number = 0; number < 3; number++) t.same(await get(undefined, '/', { 'x-signature': `bad-${number}` }), INVALID_CREDENTIAL)
  for (let number = 3; number < 20; number++) t.same(await get(undefined, '/', { 'x-signature': `bad-${number}` }), tooMany(1))
  t.equal(asked.length, 3)
  t.match(refusals().at(-1), { code: 'GATEHOUSE_TOO_MANY_REQUESTS', reason: 'calls_exhausted', provider: 'signature' })
})
