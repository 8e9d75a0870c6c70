import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { createKeySource } from '../../lib/token/key-source.js'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { createIssuer, createKey } from '../support/issuer.js'
import type { TestIssuer } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'
import { until } from '../support/until.js'

const never = new AbortController().signal

/** An issuer, and a source of its keys that was asked once. */
async function knownAddress (t: Test) {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const source = createKeySource(oidc({ issuer: issuer.issuer, audience: issuer.audience }), {})
  const load = (signal = never) => source(signal)
  t.equal((await load()).trouble, undefined)
  issuer.reset()
  return { issuer, load, document: `${issuer.issuer}/.well-known/openid-configuration` }
}

const kids = ({ keys }: { keys: ReadonlyArray<{ kid: string | undefined }> }) => keys.map(({ kid }) => kid)
const kidOf = (issuer: TestIssuer) => [issuer.keys[0]?.kid]

t.test('the address of the key set is looked up again after an hour, and not before', async (t) => {
  const clock = fakeClock(t)
  const { issuer, load } = await knownAddress(t)
  issuer.metadata.jwks_uri = `${issuer.issuer}/new/jwks`
  clock.advance(3_599_999)
  await load()
  t.match(issuer.requests, { discovery: 0, jwks: 1 })
  clock.advance(2)
  t.same(kids(await load()), kidOf(issuer))
  t.match(issuer.requests, { discovery: 1, jwks: 2 })
  clock.advance(3_599_000)
  await load()
  t.match(issuer.requests, { discovery: 1, jwks: 3 }, 'and then lasts an hour again')
})

t.test('a key set that moved is fetched from where it went', async (t) => {
  const clock = fakeClock(t)
  const { issuer, load } = await knownAddress(t)
  const moved = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => moved.close())
  issuer.metadata.jwks_uri = `${moved.issuer}/jwks`
  t.same(kids(await load()), kidOf(issuer))
  clock.advance(3_600_001)
  t.same(kids(await load()), kidOf(moved))
  t.same(kids(await load()), kidOf(moved))
})

t.test('while the document cannot be had the address known serves on, and the trouble is told', async (t) => {
  for (const [mode, cause] of [['status-500', 'status 500'], ['status-429', 'status 429'], ['html', 'answers HTML instead of JSON'], ['refuse', 'UND_ERR_SOCKET'], ['redirect', 'redirects to another origin']] as const) {
    await t.test(mode, async (t) => {
      const clock = fakeClock(t)
      const { issuer, load, document } = await knownAddress(t)
      clock.advance(3_600_001)
      issuer.behave(mode, 'discovery')
      const set = await load()
      t.same(kids(set), kidOf(issuer))
      t.equal(set.trouble, `${document}: ${cause}`)
      await load()
      t.match(issuer.requests, { discovery: 1, jwks: 2 }, 'it is left in peace for a while')
      issuer.behave('answer')
      clock.advance(600_001)
      t.equal((await load()).trouble, undefined)
      t.match(issuer.requests, { discovery: 2, jwks: 3 }, 'ten minutes later it is looked for again')
    })
  }
})

t.test('a document that names another issuer now does not move the address', async (t) => {
  const clock = fakeClock(t)
  const { issuer, load, document } = await knownAddress(t)
  Object.assign(issuer.metadata, { issuer: 'https://evil.example', jwks_uri: 'https://evil.example/jwks' })
  clock.advance(3_600_001)
  const set = await load()
  t.same(kids(set), kidOf(issuer))
  t.equal(set.trouble, `${document}: its issuer differs from ${issuer.issuer}`)
})

t.test('the address known serves on for a day, and no longer', async (t) => {
  const clock = fakeClock(t)
  const { issuer, load, document } = await knownAddress(t)
  issuer.behave('status-500', 'discovery')
  clock.advance(86_399_000)
  t.same(kids(await load()), kidOf(issuer))
  clock.advance(2_000)
  await t.rejects(load(), { name: 'FetchFailure', message: `${document}: status 500` })
})

t.test('a document that asks for patience is not asked sooner, not even after a failure of the key set', async (t) => {
  const clock = fakeClock(t)
  const { issuer, load } = await knownAddress(t)
  clock.advance(3_600_001)
  issuer.behave('status-429', 'discovery')
  issuer.retryAfter = 300
  await load()
  issuer.behave('status-500', 'jwks')
  for (let second = 0; second < 299; second += 23) {
    await t.rejects(load(), { name: 'FetchFailure' })
    clock.advance(23_000)
  }
  t.equal(issuer.requests.discovery, 1)
  clock.advance(2_000)
  await t.rejects(load(), { name: 'FetchFailure' })
  t.equal(issuer.requests.discovery, 2)
})

t.test('another look at the document has 2 s, the first one as long as the whole fetch', async (t) => {
  const clock = fakeClock(t)
  const deadlines = holdDeadlines(t)
  const { issuer, load, document } = await knownAddress(t)
  t.same(deadlines.asked, [])
  clock.advance(3_600_001)
  issuer.behave('hang', 'discovery')
  const loaded = load()
  await until(() => issuer.requests.discovery === 1)
  t.same(deadlines.asked, [2_000])
  t.equal(issuer.requests.jwks, 0)
  deadlines.come()
  t.equal((await loaded).trouble, `${document}: no full answer in time`)
  t.same(kids(await loaded), kidOf(issuer))
})

t.test('another look ends with the whole fetch', async (t) => {
  const clock = fakeClock(t)
  holdDeadlines(t)
  const { issuer, load } = await knownAddress(t)
  clock.advance(3_600_001)
  issuer.behave('hang')
  const whole = new AbortController()
  const loaded = load(whole.signal)
  await until(() => issuer.requests.discovery === 1)
  whole.abort()
  await t.rejects(loaded, { name: 'FetchFailure', message: `${issuer.issuer}/jwks: no full answer in time` })
})

t.test('a ring whose address cannot be looked up again is fresh, and warns', async (t) => {
  const { ring, server, logs } = memoryRing(t, (await createKey('ES256')).jwk)
  server.trouble = 'https://issuer.example/d: status 500'
  await ring.refresh()
  t.match(ring.health(), { state: 'fresh', lastError: server.trouble, failures: 0 })
  t.match(logs.lines, [{ level: 40, provider: 'oidc', reason: server.trouble, msg: 'the key set is fetched from the address known: its discovery document cannot be read' }])
  t.equal(logs.lines.length, 1)
  server.trouble = undefined
  logs.lines.length = 0
  await ring.refresh()
  t.same(logs.lines, [])
})
