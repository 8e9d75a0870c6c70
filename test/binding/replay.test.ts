import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { memoryStore } from '../../lib/index.js'
import type { GatehouseOptions, Store } from '../../lib/index.js'
import { StoreUnavailableError } from '../../lib/store/unavailable.js'
import { fakeClock } from '../support/clock.js'
import { ACCEPTED, answerOf, guardedApi, unavailable } from '../support/guarded-api.js'
import type { Answer } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { keyHolder } from '../support/key-holder.js'
import { BAD_PROOF, tooManyProofs } from '../support/proof-answers.js'

const BASE = 'https://api.example'
const URL = `${BASE}/`
/** Seconds a proof may be old, and as many as it is remembered beyond that. */
const OFFSET = 300
const LEEWAY = 30

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())

type Dpop = Exclude<GatehouseOptions['dpop'], string | undefined>

/** An API, and how it is asked. */
async function api (t: Test, dpop: Dpop = {}, options: Partial<GatehouseOptions> = {}) {
  const { app, logs, refusals } = await guardedApi(t, issuer, {
    baseUrl: BASE, dpop, ...options, routes: (app) => { app.get('/other', async ({ auth }) => ({ subject: auth.subject })) }
  })
  const ask = async (headers: Record<string, string>, url = '/'): Promise<Answer> => answerOf(await app.inject({ url, headers }))
  const reasons = () => refusals().map(({ reason }) => reason)
  return { app, logs, refusals, ask, reasons }
}

/** The store with another `add`. */
function adding (store: Store, add: Store['add']): Store {
  const replaced = { get: (target: Store, name: keyof Store) => name === 'add' ? add : bound(target, target[name]) }
  return new Proxy(store, replaced as ProxyHandler<Store>)
}

function bound (store: Store, member: unknown): unknown {
  return typeof member === 'function' ? member.bind(store) : member
}

/** A store that writes down what it was asked to add, and adds it. */
function watched (): { readonly store: Store, readonly added: Array<{ key: string, value: string, ttl: number }> } {
  const added: Array<{ key: string, value: string, ttl: number }> = []
  const store = memoryStore()
  return {
    added,
    store: adding(store, async (key, value, ttl) => {
      added.push({ key, value, ttl })
      return store.add(key, value, ttl)
    })
  }
}

/** A store of which every `add` ends so. */
function broken (error: unknown): Store {
  return adding(memoryStore(), async () => { throw error })
}

t.test('a proof is accepted once', async (t) => {
  const { ask, refusals } = await api(t)
  const client = keyHolder()
  const headers = client.headers({ token: client.token(issuer), url: URL })
  t.strictSame(await ask(headers), ACCEPTED)
  t.strictSame(await ask(headers), BAD_PROOF)
  t.strictSame(await ask(headers), BAD_PROOF)
  t.strictSame(refusals()[0], {
    code: 'GATEHOUSE_DPOP_PROOF_INVALID',
    reason: 'proof_replayed',
    hint: 'the proof was used before: the client must make one for each request, retries included'
  })
})

t.test('of 200 requests at once with one proof, one is accepted', async (t) => {
  const { ask } = await api(t)
  const client = keyHolder()
  const headers = client.headers({ token: client.token(issuer), url: URL })
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(headers)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.strictSame(answers.filter(({ status }) => status !== 200), Array(199).fill(BAD_PROOF))
})

t.test('a proof is never accepted again: it is remembered until it is too old', async (t) => {
  for (const ahead of [-OFFSET, 0, LEEWAY]) {
    const clock = fakeClock(t, 1_800_000_000_000)
    const { ask, reasons } = await api(t)
    const client = keyHolder()
    const headers = client.headers({ token: client.token(issuer), url: URL, claims: { iat: 1_800_000_000 + ahead } })
    t.strictSame(await ask(headers), ACCEPTED)
    for (let passed = 0; passed <= OFFSET + 2 * LEEWAY + 10; passed += 5) {
      t.strictSame(await ask(headers), BAD_PROOF, `iat ${ahead} s ahead, ${passed} s later`)
      t.equal(reasons().at(-1), passed <= OFFSET + ahead ? 'proof_replayed' : 'proof_time_refused')
      clock.advance(5_000)
    }
  }
})

t.test('a proof is remembered for the leeway longer than it is good: clocks of processes differ', async (t) => {
  const clock = fakeClock(t, 1_800_000_000_250)
  const { store, added } = watched()
  const { ask } = await api(t, { store })
  const client = keyHolder()
  const token = client.token(issuer)
  for (const iat of [1_800_000_000, 1_800_000_030, 1_799_999_701, 1_799_999_999.5]) await ask(client.headers({ token, url: URL, claims: { iat } }))
  clock.advance(100)
  await ask(client.headers({ token, url: URL, claims: { iat: 1_800_000_000 } }))
  t.strictSame(added.map(({ ttl }) => ttl), [329_750, 359_750, 30_750, 329_250, 329_650])
  for (const { key, value } of added) {
    t.match(key, /^proof:[\w-]{43}$/)
    t.equal(value, '')
  }
  t.equal(new Set(added.map(({ key }) => key)).size, 5)
})

t.test('with a window and no leeway the time is that long', async (t) => {
  fakeClock(t, 1_800_000_000_000)
  const { store, added } = watched()
  const { ask } = await api(t, { store, iatOffset: 1, iatLeeway: 0 })
  const client = keyHolder()
  const token = client.token(issuer)
  for (const iat of [1_800_000_000, 1_799_999_999]) t.strictSame(await ask(client.headers({ token, url: URL, claims: { iat } })), ACCEPTED)
  t.strictSame(added.map(({ ttl }) => ttl), [1_000, 1])
})

t.test('another jti, another htu and another key make another proof', async (t) => {
  const { ask } = await api(t)
  const [client, other] = [keyHolder(), keyHolder()]
  const [token, otherToken] = [client.token(issuer), other.token(issuer)]
  const claims = { jti: 'same' }
  t.strictSame(await ask(client.headers({ token, url: URL, claims })), ACCEPTED)
  t.strictSame(await ask(client.headers({ token, url: URL, claims: { jti: 'another' } })), ACCEPTED)
  t.strictSame(await ask(client.headers({ token, url: `${BASE}/other`, claims }), '/other'), ACCEPTED)
  t.strictSame(await ask(other.headers({ token: otherToken, url: URL, claims })), ACCEPTED)
  t.strictSame(await ask(client.headers({ token: client.token(issuer, { sub: 'user-2' }), url: URL, claims })), BAD_PROOF, 'another token does not, nor another signature')
  t.strictSame(await ask(client.headers({ token, url: `${BASE}:443/?x#y`, claims })), BAD_PROOF, 'nor another spelling of the same htu')
})

t.test('jtis are compared to the letter', async (t) => {
  const { ask } = await api(t)
  const client = keyHolder()
  const token = client.token(issuer)
  const jtis = ['a', 'A', ' a', 'a ', 'a","b', '\u0000', '\uD800', '\uD801', '\u00e9', 'e\u0301', '__proto__', 'x'.repeat(512)]
  for (const jti of jtis) t.strictSame(await ask(client.headers({ token, url: URL, claims: { jti } })), ACCEPTED, JSON.stringify(jti))
  for (const jti of jtis) t.strictSame(await ask(client.headers({ token, url: URL, claims: { jti } })), BAD_PROOF, JSON.stringify(jti))
})

t.test('a proof that is not good in all else is not stored', async (t) => {
  const { store, added } = watched()
  const { ask } = await api(t, { store })
  const withNonces = await api(t, { store, nonce: { secret: randomBytes(32).toString('base64') } })
  const [client, other] = [keyHolder(), keyHolder()]
  const token = client.token(issuer)
  const headers = (claims: Record<string, unknown> = {}, method = 'GET') => client.headers({ token, url: URL, method, claims })
  const tampered = headers()
  const wrong = {
    method: headers({}, 'POST'),
    htu: headers({ htu: `${BASE}/other` }),
    'too old': headers({ iat: 1 }),
    ath: headers({ ath: 'x' }),
    'no jti': headers({ jti: undefined }),
    signature: { ...tampered, dpop: `${tampered.dpop.slice(0, -8)}AAAAAAAA` },
    'another key': { authorization: `DPoP ${token}`, dpop: other.proof({ token, url: URL }) },
    'a bad token': { authorization: `DPoP ${token}x`, dpop: client.proof({ token: `${token}x`, url: URL }) },
    'a token that is not bound': client.headers({ token: issuer.token(), url: URL })
  }
  for (const [name, sent] of Object.entries(wrong)) t.equal((await ask(sent)).status, 401, name)
  t.match(await withNonces.ask(headers()), { status: 401, body: { code: 'GATEHOUSE_DPOP_NONCE_REQUIRED' } })
  t.strictSame(added, [])
})

t.test('nor is one whose sender does not show the certificate the token is bound to as well', async (t) => {
  const { store, added } = watched()
  const { ask } = await api(t, { store })
  const client = keyHolder()
  const token = client.token(issuer, { cnf: { jkt: client.jkt, 'x5t#S256': 'a'.repeat(43) } })
  t.match(await ask(client.headers({ token, url: URL })), { status: 401 })
  t.strictSame(added, [])
})

t.test('nor one sent where no proof is asked for', async (t) => {
  const { store, added } = watched()
  const { app, ask } = await api(t, { store })
  const token = issuer.token()
  t.strictSame(await ask({ authorization: `Bearer ${token}` }), ACCEPTED)
  t.match(await app.inject({ url: '/nowhere', headers: keyHolder().headers({ token, url: `${BASE}/nowhere` }) }), { statusCode: 404 })
  t.strictSame(added, [])
})

t.test('a key that made more proofs than its share is told when to come again; another is served', async (t) => {
  const clock = fakeClock(t)
  const { ask, refusals } = await api(t, { store: memoryStore({ max: 18 }) })
  const [greedy, honest] = [keyHolder(), keyHolder()]
  const token = greedy.token(issuer)
  const headers = () => greedy.headers({ token, url: URL })
  const first = headers()
  t.strictSame(await ask(first), ACCEPTED)
  for (let replay = 0; replay < 50; replay++) t.strictSame(await ask(first), BAD_PROOF)
  t.strictSame(await ask(headers()), ACCEPTED, 'replays took nothing of its share')
  // The time a proof is remembered at most, and an eighth.
  t.strictSame(await ask(headers()), tooManyProofs(405))
  t.strictSame(refusals().at(-1), {
    code: 'GATEHOUSE_TOO_MANY_REQUESTS',
    reason: 'proofs_exhausted',
    found: `jkt ${greedy.jkt}`,
    hint: 'one key made more proofs than its share of the room for them: if that is no attack, lower dpop.iatOffset, or give dpop.store more room'
  })
  t.strictSame(await ask(honest.headers({ token: honest.token(issuer), url: URL })), ACCEPTED)
  clock.advance(406_000)
  t.strictSame(await ask(greedy.headers({ token, url: URL })), ACCEPTED)
})

t.test('proofs that come at once count while they are being stored', async (t) => {
  const { ask } = await api(t, { store: memoryStore({ max: 18 }) })
  const client = keyHolder()
  const token = client.token(issuer)
  await ask({ authorization: `Bearer ${issuer.token()}` })
  const statuses = (await Promise.all(Array.from({ length: 20 }, () => ask(client.headers({ token, url: URL }))))).map(({ status }) => status)
  t.strictSame([200, 429].map((status) => statuses.filter((found) => found === status).length), [2, 18])
})

t.test('a full store is 503, and what it remembers it goes on remembering', async (t) => {
  for (const onStoreFailure of ['refuse', 'accept'] as const) {
    const store = memoryStore({ max: 72 })
    const { ask, logs, refusals } = await api(t, { store, onStoreFailure })
    const client = keyHolder()
    const token = client.token(issuer)
    const first = client.headers({ token, url: URL })
    t.strictSame(await ask(first), ACCEPTED)
    // Something else fills it: proofs alone cannot.
    for (let count = 0; count < 71; count++) await store.add(`other ${count}`, 'x', 600_000)
    logs.lines.length = 0
    for (let count = 0; count < 20; count++) t.strictSame(await ask(client.headers({ token, url: URL })), unavailable(), onStoreFailure)
    t.strictSame(await ask(first), BAD_PROOF)
    t.strictSame(refusals()[0], {
      code: 'GATEHOUSE_UNAVAILABLE',
      reason: 'store_unavailable',
      found: 'full',
      hint: 'The store in memory is full: 72 entries, all of them live; raise memoryStore({ max }) or use redisStore()'
    })
    await store.delete('other 0')
    t.strictSame(await ask(client.headers({ token, url: URL })), ACCEPTED)
  }
})

t.test('where a store is away callers get 503 unless onStoreFailure says otherwise, and each proof it lets pass is logged', async (t) => {
  for (const reason of ['late', 'failed'] as const) {
    const store = broken(new StoreUnavailableError('Redis could not do what it was asked', reason, 'READONLY'))
    const client = keyHolder()
    const token = client.token(issuer)
    const refusing = await api(t, { store })
    t.strictSame(await refusing.ask(client.headers({ token, url: URL })), unavailable())
    const accepting = await api(t, { store, onStoreFailure: 'accept' })
    const headers = client.headers({ token, url: URL })
    for (let count = 0; count < 3; count++) t.strictSame(await accepting.ask(headers), ACCEPTED)
    const lines = accepting.logs.lines.filter(({ msg }) => msg === 'a DPoP proof was accepted though nobody can say whether it was used before')
    t.strictSame(lines.map(({ level, gatehouse }) => ({ level, gatehouse })), Array(3).fill({
      level: 40, gatehouse: { reason: 'store_unavailable', found: 'READONLY', hint: 'Redis could not do what it was asked' }
    }))
    t.notMatch(accepting.logs.text(), 'eyJ')
    t.strictSame(await accepting.ask({ ...headers, dpop: client.proof({ token, url: URL, claims: { iat: 1 } }) }), BAD_PROOF, 'all else is checked')
  }
})

t.test('proofs that a store which was away did not take leave the share of their key as it was', async (t) => {
  const store = memoryStore({ max: 18 })
  let isAway = true
  const { ask } = await api(t, {
    store: adding(store, async (key, value, ttl) => {
      if (isAway) throw new StoreUnavailableError('away', 'late')
      return store.add(key, value, ttl)
    })
  })
  const client = keyHolder()
  const token = client.token(issuer)
  for (let count = 0; count < 10; count++) t.strictSame(await ask(client.headers({ token, url: URL })), unavailable())
  isAway = false
  t.strictSame(await ask(client.headers({ token, url: URL })), ACCEPTED)
})

t.test('an error that is none of a store fails the request, whatever onStoreFailure says', async (t) => {
  for (const onStoreFailure of ['refuse', 'accept'] as const) {
    const { ask } = await api(t, { store: broken(new Error('a mistake')), onStoreFailure })
    const client = keyHolder()
    t.match(await ask(client.headers({ token: client.token(issuer), url: URL })), { status: 500 })
  }
})

t.test('proofs have a store in memory of their own where none or one in memory is configured', async (t) => {
  for (const store of [undefined, memoryStore({ max: 1 }), memoryStore({ max: 1, singleProcess: true })]) {
    await store?.add('a session', 'x', 600_000)
    const { ask } = await api(t, {}, { store })
    const client = keyHolder()
    const token = client.token(issuer)
    for (let count = 0; count < 3; count++) t.strictSame(await ask(client.headers({ token, url: URL })), ACCEPTED)
  }
})

t.test('a store of another kind remembers proofs beside all else, and dpop.store comes first', async (t) => {
  const [registration, own] = [watched(), watched()]
  // As a user's own: no MemoryStore.
  const { get, set, delete: remove, add, extend, release, deleteByIndex } = registration.store
  const shared: Store = { isShared: true, get, set, delete: remove, add, extend, release, deleteByIndex }
  const client = keyHolder()
  const token = client.token(issuer)
  const one = await api(t, {}, { store: shared })
  t.strictSame(await one.ask(client.headers({ token, url: URL })), ACCEPTED)
  t.equal(registration.added.length, 1)
  const two = await api(t, { store: own.store }, { store: shared })
  t.strictSame(await two.ask(client.headers({ token, url: URL })), ACCEPTED)
  t.strictSame([registration.added.length, own.added.length], [1, 1])
})

t.test('a proof beside a token from elsewhere is used up by verify(), too', async (t) => {
  const { app, ask } = await api(t)
  const client = keyHolder()
  const token = client.token(issuer)
  const jwt = client.proof({ token, url: URL })
  const options = { proof: { jwt, method: 'GET', url: URL } }
  t.match(await app.gatehouse.verify(token, options), { subject: 'user-1' })
  await t.rejects(app.gatehouse.verify(token, options), { code: 'GATEHOUSE_DPOP_PROOF_INVALID', reason: 'proof_replayed' })
  t.strictSame(await ask({ authorization: `DPoP ${token}`, dpop: jwt }), BAD_PROOF)
})
