import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import type { GatehouseOptions } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { ACCEPTED } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'
import { BASE, replayApi, URL, watched } from '../support/replay-api.js'
import type { Dpop } from '../support/replay-api.js'

/** Seconds a proof may be old, and as many as it is remembered beyond that. */
const OFFSET = 300
const LEEWAY = 30

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const api = (t: Test, dpop?: Dpop, options?: Partial<GatehouseOptions>) => replayApi(t, issuer, dpop, options)

t.test('a proof is accepted once', async (t) => {
  const { ask, refusals } = await api(t)
  const client = await createProver()
  const headers = client.headers({ token: client.token(issuer), url: URL })
  t.strictSame(await ask(headers), ACCEPTED)
  t.strictSame(await ask(headers), BAD_PROOF)
  t.strictSame(await ask(headers), BAD_PROOF)
  t.strictSame(refusals()[0], {
    code: 'GATEHOUSE_DPOP_PROOF_INVALID',
    provider: 'oidc',
    clientId: 'client-1',
    reason: 'proof_replayed',
    hint: 'the proof was used before: the client must make one for each request, retries included'
  })
})

t.test('of 200 requests at once with one proof, one is accepted', async (t) => {
  const { ask } = await api(t)
  const client = await createProver()
  const headers = client.headers({ token: client.token(issuer), url: URL })
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(headers)))
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  t.strictSame(answers.filter(({ status }) => status !== 200), Array(199).fill(BAD_PROOF))
})

t.test('a proof is never accepted again: it is remembered until it is too old', async (t) => {
  for (const ahead of [-OFFSET, 0, LEEWAY]) {
    const clock = fakeClock(t, 1_800_000_000_000)
    const { ask, reasons } = await api(t)
    const client = await createProver()
    const headers = client.headers({ token: client.token(issuer), url: URL, claims: { iat: 1_800_000_000 + ahead } })
    t.strictSame(await ask(headers), ACCEPTED)
    for (let passed = 0; passed <= OFFSET + 2 * LEEWAY + 10; passed += 5) {
      t.strictSame(await ask(headers), BAD_PROOF, `iat ${ahead} s ahead, ${passed} s later`)
      t.equal(reasons().at(-1), passed <= OFFSET + ahead ? 'proof_replayed' : 'proof_time_refused')
      clock.advance(5_000)
    }
  }
})

t.test('every proof is remembered for the leeway longer than any is good: clocks of processes differ', async (t) => {
  const clock = fakeClock(t, 1_800_000_000_250)
  const { store, added } = watched()
  const { ask } = await api(t, { store })
  const client = await createProver()
  const token = client.token(issuer)
  for (const iat of [1_800_000_000, 1_800_000_030, 1_799_999_701, 1_799_999_999.5]) await ask(client.headers({ token, url: URL, claims: { iat } }))
  clock.advance(100)
  await ask(client.headers({ token, url: URL, claims: { iat: 1_800_000_000 } }))
  t.strictSame(added.map(({ ttl }) => ttl), Array(5).fill((OFFSET + 2 * LEEWAY) * 1000))
  for (const { key, value } of added) {
    t.match(key, /^proof:[\w-]{43}$/)
    t.equal(value, '')
  }
  t.equal(new Set(added.map(({ key }) => key)).size, 5)
})

t.test('a proof that was accepted while the clock was ahead is not accepted again once it is set right', async (t) => {
  const clock = fakeClock(t, 1_800_000_000_000)
  const { ask, reasons } = await api(t)
  const client = await createProver()
  const headers = client.headers({ token: client.token(issuer, { iat: 1_799_990_000 }), url: URL, claims: { iat: 1_799_999_710 } })
  t.strictSame(await ask(headers), ACCEPTED)
  Date.now = () => clock.now() - 290_000
  for (let passed = 0; passed <= 320; passed += 20) {
    t.strictSame(await ask(headers), BAD_PROOF, `${passed} s later`)
    t.equal(reasons().at(-1), passed <= OFFSET ? 'proof_replayed' : 'proof_time_refused')
    clock.advance(20_000)
  }
})

t.test('with a window and no leeway the time is that long', async (t) => {
  fakeClock(t, 1_800_000_000_000)
  const { store, added } = watched()
  const { ask } = await api(t, { store, iatOffset: 1, iatLeeway: 0 })
  const client = await createProver()
  const token = client.token(issuer)
  for (const iat of [1_800_000_000, 1_799_999_999]) t.strictSame(await ask(client.headers({ token, url: URL, claims: { iat } })), ACCEPTED)
  t.strictSame(added.map(({ ttl }) => ttl), [1_000, 1_000])
})

t.test('another jti, another htu and another key make another proof', async (t) => {
  const { ask } = await api(t)
  const [client, other] = [await createProver(), await createProver()]
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
  const client = await createProver()
  const token = client.token(issuer)
  const jtis = ['a', 'A', ' a', 'a ', 'a","b', '\u0000', '\uD800', '\uD801', '\u00e9', 'e\u0301', '__proto__', 'x'.repeat(512)]
  for (const jti of jtis) t.strictSame(await ask(client.headers({ token, url: URL, claims: { jti } })), ACCEPTED, JSON.stringify(jti))
  for (const jti of jtis) t.strictSame(await ask(client.headers({ token, url: URL, claims: { jti } })), BAD_PROOF, JSON.stringify(jti))
})

t.test('a proof that is not good in all else is not stored', async (t) => {
  const { store, added } = watched()
  const { ask } = await api(t, { store })
  const withNonces = await api(t, { store, nonce: { secret: randomBytes(32).toString('base64') } })
  const [client, other] = [await createProver(), await createProver()]
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
  const client = await createProver()
  const token = client.token(issuer, { cnf: { jkt: client.jkt, 'x5t#S256': 'a'.repeat(43) } })
  t.match(await ask(client.headers({ token, url: URL })), { status: 401 })
  t.strictSame(added, [])
})

t.test('nor one sent where no proof is asked for', async (t) => {
  const { store, added } = watched()
  const { app, ask } = await api(t, { store })
  const token = issuer.token()
  t.strictSame(await ask({ authorization: `Bearer ${token}` }), ACCEPTED)
  t.match(await app.inject({ url: '/nowhere', headers: (await createProver()).headers({ token, url: `${BASE}/nowhere` }) }), { statusCode: 404 })
  t.strictSame(added, [])
})

t.test('a proof beside a token from elsewhere is used up by verify(), too', async (t) => {
  const { app, ask } = await api(t)
  const client = await createProver()
  const token = client.token(issuer)
  const jwt = client.proof({ token, url: URL })
  const options = { proof: { jwt, method: 'GET', url: URL } }
  t.match(await app.gatehouse.verify(token, options), { subject: 'user-1' })
  await t.rejects(app.gatehouse.verify(token, options), { code: 'GATEHOUSE_DPOP_PROOF_INVALID', reason: 'proof_replayed' })
  t.strictSame(await ask({ authorization: `DPoP ${token}`, dpop: jwt }), BAD_PROOF)
})
