import t from 'tap'
import { createProofKeys } from '../../lib/binding/proof-key.js'
import type { ProofKey } from '../../lib/binding/proof-key.js'
import { guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const [owner, thief] = [await createProver(), await createProver()]
const BASE = 'https://api.example.com'
const ALGS = /algs=.*/.exec(BAD_PROOF.challenge!)![0]
const INVALID_DPOP_TOKEN = { ...INVALID_TOKEN, challenge: `${INVALID_TOKEN.challenge!.replace('Bearer realm="api",', 'DPoP')}, ${ALGS}` }

const headerOf = (jwk: unknown, more: object = {}) => Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...more })).toString('base64url')

t.test('a proof that shows another key than the token is bound to is refused before its signature is looked at', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer, { baseUrl: BASE })
  const token = owner.token(issuer)
  const proof = thief.proof({ token, url: `${BASE}/` })
  for (const sent of [proof, `${proof.slice(0, -8)}AAAAAAAA`]) {
    t.strictSame(await get(undefined, '/', { authorization: `DPoP ${token}`, dpop: sent }), INVALID_DPOP_TOKEN)
    t.match(refusals().at(-1), { reason: 'binding_mismatch', expected: `jkt ${owner.jkt}`, found: `jkt ${thief.jkt}` })
  }
})

t.test('a known key is not read again, and no number of headers that another client writes makes it forgotten', async (t) => {
  const keys = createProofKeys(['ES256'])
  const mine = headerOf(owner.jwk)
  const key = await keys.of(mine, owner.jkt)
  t.equal(key.jkt, owner.jkt)
  keys.keep(mine, key)
  for (let count = 0; count < 3_000; count++) {
    const header = headerOf(thief.jwk, { count })
    keys.keep(header, count === 0 ? await keys.of(header, thief.jkt) : { ...key, jkt: thief.jkt })
  }
  t.equal(keys.of(mine, owner.jkt), key)
})

t.test('a key is known by the header it was last shown with, to whoever expects that key', async (t) => {
  const keys = createProofKeys(['ES256'])
  const [first, second] = [headerOf(owner.jwk), headerOf(owner.jwk, { kid: 'a' })]
  for (const header of [first, second]) keys.keep(header, await keys.of(header, owner.jkt))
  t.notOk(keys.of(second, owner.jkt) instanceof Promise)
  for (const [header, jkt] of [[first, owner.jkt], [second, thief.jkt]] as const) {
    const read = keys.of(header, jkt)
    t.ok(read instanceof Promise)
    t.equal((await read).jkt, owner.jkt)
  }
})

t.test('of more than 1,000 keys those used last are known', async (t) => {
  const keys = createProofKeys(['ES256'])
  const verify: ProofKey['verify'] = () => ({})
  for (let count = 0; count <= 1_000; count++) keys.keep('header', { jkt: `key ${count}`, verify })
  t.strictSame(keys.of('header', 'key 1'), { jkt: 'key 1', verify })
  await t.rejects(async () => keys.of('header', 'key 0'), { code: 'GATEHOUSE_TOKEN_INVALID' })
})
