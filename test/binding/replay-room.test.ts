import t from 'tap'
import type { Test } from 'tap'
import { memoryStore } from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { StoreUnavailableError } from '../../lib/store/unavailable.js'
import { fakeClock } from '../support/clock.js'
import { ACCEPTED, unavailable } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF, tooManyProofs } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'
import { adding, broken, replayApi, URL, userStore, watched } from '../support/replay-api.js'
import type { Dpop } from '../support/replay-api.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const api = (t: Test, dpop?: Dpop, options?: Partial<GatehouseOptions>) => replayApi(t, issuer, dpop, options)

t.test('a key that made more proofs than its share is told when to come again; another is served', async (t) => {
  const clock = fakeClock(t)
  const { ask, refusals } = await api(t, { store: memoryStore({ max: 18 }) })
  const [greedy, honest] = [await createProver(), await createProver()]
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
    provider: 'oidc',
    clientId: 'client-1',
    hint: 'one key made more proofs than its share of the room for them: if that is no attack, lower dpop.iatOffset, or raise dpop.maxProofs, and max of a memoryStore that is dpop.store'
  })
  t.strictSame(await ask(honest.headers({ token: honest.token(issuer), url: URL })), ACCEPTED)
  clock.advance(406_000)
  t.strictSame(await ask(greedy.headers({ token, url: URL })), ACCEPTED)
})

t.test('proofs that come at once count while they are being stored', async (t) => {
  const { ask } = await api(t, { store: memoryStore({ max: 18 }) })
  const client = await createProver()
  const token = client.token(issuer)
  await ask({ authorization: `Bearer ${issuer.token()}` })
  const statuses = (await Promise.all(Array.from({ length: 20 }, () => ask(client.headers({ token, url: URL }))))).map(({ status }) => status)
  t.strictSame([200, 429].map((status) => statuses.filter((found) => found === status).length), [2, 18])
})

t.test('maxProofs is what keys share: in memory, in a store that does not say its room, and in one that has more', async (t) => {
  const shared = userStore(memoryStore())
  for (const [dpop, options] of [[{}, {}], [{}, { store: shared }], [{ store: memoryStore() }, {}]] as const) {
    const { ask, reasons } = await api(t, { maxProofs: 100, ...dpop }, options)
    const [greedy, honest] = [await createProver(), await createProver()]
    const token = greedy.token(issuer)
    for (let count = 0; count < 12; count++) t.strictSame(await ask(greedy.headers({ token, url: URL })), ACCEPTED)
    t.match(await ask(greedy.headers({ token, url: URL })), { status: 429, body: { code: 'GATEHOUSE_TOO_MANY_REQUESTS' }, challenge: undefined })
    t.equal(reasons().at(-1), 'proofs_exhausted')
    t.strictSame(await ask(honest.headers({ token: honest.token(issuer), url: URL })), ACCEPTED)
  }
})

t.test('a maxProofs beyond the room of a store in memory is that room', async (t) => {
  const { ask } = await api(t, { store: memoryStore({ max: 18 }), maxProofs: 1_000 })
  const client = await createProver()
  const token = client.token(issuer)
  const answers = []
  for (let count = 0; count < 3; count++) answers.push((await ask(client.headers({ token, url: URL }))).status)
  t.strictSame(answers, [200, 200, 429])
})

t.test('a full store is 503, and what it remembers it goes on remembering', async (t) => {
  for (const onStoreFailure of ['refuse', 'accept'] as const) {
    const store = memoryStore({ max: 72 })
    const { ask, logs, refusals } = await api(t, { store, onStoreFailure })
    const client = await createProver()
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
      provider: 'oidc',
      clientId: 'client-1',
      hint: 'The store in memory is full: 72 entries, all of them live; raise memoryStore({ max }) or use redisStore()'
    })
    await store.delete('other 0')
    t.strictSame(await ask(client.headers({ token, url: URL })), ACCEPTED)
  }
})

t.test('where a store is away callers get 503 unless onStoreFailure says otherwise, and each proof it lets pass is logged', async (t) => {
  for (const reason of ['late', 'failed'] as const) {
    const store = broken(new StoreUnavailableError('Redis could not do what it was asked', reason, 'READONLY'))
    const client = await createProver()
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
    t.strictSame(await accepting.ask({ ...headers, dpop: client.proof({ token, url: URL }, { iat: 1 }) }), BAD_PROOF, 'all else is checked')
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
  const client = await createProver()
  const token = client.token(issuer)
  for (let count = 0; count < 10; count++) t.strictSame(await ask(client.headers({ token, url: URL })), unavailable())
  isAway = false
  t.strictSame(await ask(client.headers({ token, url: URL })), ACCEPTED)
})

t.test('an error that is none of a store fails the request, whatever onStoreFailure says', async (t) => {
  for (const onStoreFailure of ['refuse', 'accept'] as const) {
    const { ask } = await api(t, { store: broken(new Error('a mistake')), onStoreFailure })
    const client = await createProver()
    t.match(await ask(client.headers({ token: client.token(issuer), url: URL })), { status: 500 })
  }
})

t.test('proofs have a store in memory of their own where none or one in memory is configured', async (t) => {
  for (const store of [undefined, memoryStore({ max: 1 }), memoryStore({ max: 1, singleProcess: true })]) {
    await store?.add('a session', 'x', 600_000)
    const { ask } = await api(t, {}, { store })
    const client = await createProver()
    const token = client.token(issuer)
    for (let count = 0; count < 3; count++) t.strictSame(await ask(client.headers({ token, url: URL })), ACCEPTED)
  }
})

t.test('a store of another kind remembers proofs beside all else, and dpop.store comes first', async (t) => {
  const [registration, own] = [watched(), watched()]
  const shared = userStore(registration.store)
  const client = await createProver()
  const token = client.token(issuer)
  const one = await api(t, {}, { store: shared })
  t.strictSame(await one.ask(client.headers({ token, url: URL })), ACCEPTED)
  t.equal(registration.added.length, 1)
  const two = await api(t, { store: own.store }, { store: shared })
  t.strictSame(await two.ask(client.headers({ token, url: URL })), ACCEPTED)
  t.strictSame([registration.added.length, own.added.length], [1, 1])
})
