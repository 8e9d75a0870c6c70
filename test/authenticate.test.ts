import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { createPipeline } from '../lib/authenticate.js'
import type { GatehouseOptions, Identity } from '../lib/index.js'
import { readOptions } from '../lib/options.js'
import type { Binding } from '../lib/outcome.js'
import { createKeyRings } from '../lib/token/rings.js'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.reset() })

const stranger = await createKey('RS256', { kid: issuer.keys[0]!.kid })

/** These tokens are bound to nobody. */
const WHOEVER: Binding = { unbound: (identity) => identity, bound: (identity) => identity }

function pipelineOf (t: Test, options: Partial<GatehouseOptions> = {}) {
  const settings = readOptions({ provider: trusting(issuer), ...options })
  const rings = createKeyRings(settings, Fastify().log)
  t.teardown(() => rings.close())
  return createPipeline(settings, rings)
}

t.test('a token is answered at once when its key is held, and by a promise when keys must be fetched', async (t) => {
  const pipeline = pipelineOf(t)
  const first = pipeline.identify(issuer.token(), undefined, undefined, WHOEVER)
  t.type(first, Promise)
  t.match(await first, { subject: 'user-1' })
  const token = issuer.token({ jti: 'another' })
  t.match(pipeline.identify(token, undefined, undefined, WHOEVER), { subject: 'user-1' }, 'never seen')
  t.match(pipeline.identify(token, undefined, undefined, WHOEVER), { subject: 'user-1' }, 'seen before')
})

t.test('a token seen before gets the same identity until its time in the cache is over', async (t) => {
  const clock = fakeClock(t)
  const pipeline = pipelineOf(t, { cache: { ttl: 60 } })
  const token = issuer.token()
  const first = await pipeline.identify(token, undefined, undefined, WHOEVER) as Identity
  const second = pipeline.identify(token, undefined, undefined, WHOEVER) as Identity
  t.strictSame(second, first)
  for (const identity of [first, second]) t.ok(Object.isFrozen(identity) && Object.isFrozen(identity.claims) && Object.isFrozen(identity.scopes))
  clock.advance(59_999)
  t.equal(pipeline.identify(token, undefined, undefined, WHOEVER), second)
  t.match(pipeline, { accepted: 3, recalled: 2, cacheSize: 1 })
  clock.advance(1)
  const anew = pipeline.identify(token, undefined, undefined, WHOEVER)
  t.not(anew, second)
  t.match(anew, { subject: 'user-1' })
  t.match(pipeline, { accepted: 4, recalled: 2, cacheSize: 1 })
})

t.test('a token in the cache is not believed past its exp', async (t) => {
  const clock = fakeClock(t, Math.floor(Date.now() / 1000) * 1000)
  const pipeline = pipelineOf(t, { clockTolerance: 10 })
  const token = issuer.token({ exp: clock.now() / 1000 + 30 })
  await pipeline.identify(token, undefined, undefined, WHOEVER)
  clock.advance(29_999)
  pipeline.identify(token, undefined, undefined, WHOEVER)
  t.equal(pipeline.recalled, 1)
  clock.advance(1)
  t.match(pipeline.identify(token, undefined, undefined, WHOEVER), { subject: 'user-1' }, 'within the tolerance it is verified anew')
  t.match(pipeline, { accepted: 3, recalled: 1 })
  clock.advance(10_000)
  const late = await Promise.resolve().then(() => pipeline.identify(token, undefined, undefined, WHOEVER)).catch((error: unknown) => error)
  t.match(late, { statusCode: 401, reason: 'token_expired' })
})

t.test('a token that is past its exp when it first comes is not put into the cache', async (t) => {
  const clock = fakeClock(t, Math.floor(Date.now() / 1000) * 1000)
  const pipeline = pipelineOf(t)
  await pipeline.identify(issuer.token({ exp: clock.now() / 1000 - 5 }), undefined, undefined, WHOEVER)
  t.match(pipeline, { accepted: 1, cacheSize: 0 })
})

t.test('without a cache every token is verified anew', async (t) => {
  const pipeline = pipelineOf(t, { cache: false })
  const token = issuer.token()
  const first = await pipeline.identify(token, undefined, undefined, WHOEVER)
  t.not(await pipeline.identify(token, undefined, undefined, WHOEVER), first)
  t.match(pipeline, { accepted: 2, recalled: 0, cacheSize: 0 })
})

t.test('the cache holds no more tokens than it was told to', async (t) => {
  const pipeline = pipelineOf(t, { cache: { max: 3 } })
  for (let count = 0; count < 5; count++) await pipeline.identify(issuer.token({ jti: String(count) }), undefined, undefined, WHOEVER)
  t.equal(pipeline.cacheSize, 3)
})

t.test('tokens that differ only in their signature have nothing in common', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer)
  const token = issuer.token()
  t.same(await get(token), ACCEPTED)
  const [header, payload] = token.split('.')
  const other = issuer.token({}, {}, stranger).split('.')[2]
  t.same(await get(`${header}.${payload}.${other}`), INVALID_TOKEN)
  t.same(await get(token), ACCEPTED)
  t.match(refusals(), [{ reason: 'signature_invalid', provider: 'oidc', kid: stranger.kid }])
})

t.test('a signature by another key is refused, with and without a key id', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer)
  t.same(await get(issuer.token({}, {}, stranger)), INVALID_TOKEN)
  t.same(await get(issuer.token({}, { kid: undefined }, stranger)), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'signature_invalid', kid: stranger.kid }, { reason: 'signature_invalid' }])
  t.notOk('kid' in refusals()[1]!)
})

t.test('a token without a key id is accepted only while exactly one key fits it', async (t) => {
  const issuer = await createIssuer({ algorithms: ['RS256', 'ES256'] })
  t.teardown(() => issuer.close())
  const { app, get, refusals } = await guardedApi(t, issuer)
  const anonymous = () => issuer.token({}, { kid: undefined })
  t.same(await get(anonymous()), ACCEPTED)
  issuer.published.push((await createKey('RS256')).jwk)
  await app.close()

  const two = await guardedApi(t, issuer)
  t.same(await two.get(anonymous()), INVALID_TOKEN)
  t.match(two.refusals(), [{ reason: 'kid_unknown', hint: 'the token names no key, and not exactly one key of the provider fits it' }])
  t.same(await two.get(issuer.token({}, { kid: undefined }, issuer.keys[1])), ACCEPTED, 'another algorithm fits one')
  t.same(refusals(), [])
})

t.test('a token whose issuer is missing or no text is refused without a fetch', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer)
  for (const { iss, reason } of [
    { iss: undefined, reason: 'claim_missing' },
    { iss: null, reason: 'claim_malformed' },
    { iss: '', reason: 'issuer_mismatch' },
    { iss: [issuer.issuer], reason: 'claim_malformed' },
    { iss: [issuer.issuer, 'https://evil.example'], reason: 'claim_malformed' },
    { iss: { toString: issuer.issuer }, reason: 'claim_malformed' },
    { iss: 42, reason: 'claim_malformed' },
    { iss: `${issuer.issuer}/`, reason: 'issuer_mismatch' },
    { iss: issuer.issuer.slice(0, -1), reason: 'issuer_mismatch' }
  ]) {
    t.same(await get(issuer.token({ iss })), INVALID_TOKEN, JSON.stringify(iss))
    t.equal(refusals().at(-1)?.reason, reason)
  }
  t.same(issuer.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
})
