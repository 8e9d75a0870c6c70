import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import type { Answer, GuardedApiOptions } from '../support/guarded-api.js'
import { active, introspectionServer } from '../support/introspection-server.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const BASE = 'https://api.example.com'
const ALGS = /algs=.*/.exec(BAD_PROOF.challenge!)![0]
/** Said under the scheme DPoP. */
const INVALID_BOUND: Answer = { ...INVALID_TOKEN, challenge: INVALID_TOKEN.challenge!.replace('Bearer realm="api"', 'DPoP').replace('DPoP,', 'DPoP').concat(`, ${ALGS}`) }
/** Said of a bound token that came as Bearer: two challenges, which are joined here. */
const INVALID_OFFERED: Answer = { ...INVALID_TOKEN, challenge: `${INVALID_TOKEN.challenge},DPoP ${ALGS}` }

async function open (t: Test, options: GuardedApiOptions = {}) {
  const server = await introspectionServer(t)
  const provider = oidc({ issuer: issuer.issuer, audience: issuer.audience, introspection: { clientId: 'api', clientSecret: 'x'.repeat(32), endpoint: server.endpoint } })
  const api = await guardedApi(t, issuer, { provider, baseUrl: BASE, ...options })
  let count = 0
  /** A new token each time, of which the endpoint says this. */
  async function ask (says: Record<string, unknown>, scheme: 'Bearer' | 'DPoP' = 'DPoP') {
    server.answer = active(says)
    const token = `opaque-${++count}`
    const answer = await api.get(undefined, '/', { authorization: `${scheme} ${token}`, ...scheme === 'DPoP' ? { dpop: client.proof({ token, url: `${BASE}/` }) } : {} })
    return { answer, reason: api.refusals().at(-1)?.reason }
  }
  return { ...api, server, ask }
}

const jkt = { jkt: client.jkt }

t.test('an introspected token that is bound to the key of the proof is accepted, whatever its type is called', async (t) => {
  const { ask } = await open(t)
  for (const type of ['DPoP', 'dpop', 'DPOP', 'Bearer']) t.strictSame((await ask({ token_type: type, cnf: jkt })).answer, ACCEPTED, type)
})

t.test('what the answer says of the binding must be understood to the last member', async (t) => {
  const { ask } = await open(t)
  for (const cnf of [undefined, null, {}, [], '', 'x', 0, true, [jkt], { jkt: '' }, { jkt: 'x' }, { jkt: [client.jkt] }, { jkt: null }, { ...jkt, kid: 'x' }, { ...jkt, jwk: client.jwk }, { ...jkt, 'x5t#S256': 'x' }, { ...jkt, 'x5t#S256': null }, { ...jkt, JKT: client.jkt }, { jwk: client.jwk }, { 'x5t#S1': client.jkt }]) {
    t.strictSame(await ask({ token_type: 'DPoP', cnf }), { answer: INVALID_BOUND, reason: 'binding_unverifiable' }, JSON.stringify(cnf))
    if (cnf !== undefined) t.strictSame(await ask({ cnf }, 'Bearer'), { answer: INVALID_TOKEN, reason: 'binding_unverifiable' }, JSON.stringify(cnf))
  }
})

t.test('the type DPoP without a key, or with a certificate alone, is no binding to a key', async (t) => {
  const { ask } = await open(t)
  for (const cnf of [undefined, { 'x5t#S256': client.jkt }]) {
    for (const scheme of ['DPoP', 'Bearer'] as const) t.strictSame(await ask({ token_type: 'DPoP', cnf }, scheme), { answer: scheme === 'DPoP' ? INVALID_BOUND : INVALID_TOKEN, reason: 'binding_unverifiable' })
  }
})

t.test('an introspected token with a key as Bearer, or without one as DPoP, is refused', async (t) => {
  const { ask } = await open(t)
  t.strictSame(await ask({ token_type: 'DPoP', cnf: jkt }, 'Bearer'), { answer: INVALID_OFFERED, reason: 'binding_unverifiable' })
  t.strictSame(await ask({ token_type: 'Bearer', cnf: jkt }, 'Bearer'), { answer: INVALID_OFFERED, reason: 'binding_unverifiable' })
  t.strictSame(await ask({ token_type: 'Bearer' }), { answer: INVALID_BOUND, reason: 'binding_missing' })
  t.strictSame((await ask({ token_type: 'Bearer' }, 'Bearer')).answer, ACCEPTED)
})

t.test('a token bound to a key and a certificate needs both, and no certificate came', async (t) => {
  const { ask, refusals } = await open(t)
  const { answer } = await ask({ token_type: 'DPoP', cnf: { ...jkt, 'x5t#S256': client.jkt } })
  t.strictSame(answer, INVALID_BOUND)
  t.match(refusals(), [{ reason: 'binding_unverifiable', hint: /bound to a certificate: the connection is not TLS/ }])
})

t.test('with dpop off, no bound token is accepted, and the challenge does not speak of DPoP', async (t) => {
  const { ask, refusals } = await open(t, { dpop: 'off' })
  t.strictSame(await ask({ token_type: 'DPoP', cnf: jkt }, 'Bearer'), { answer: INVALID_TOKEN, reason: 'binding_unverifiable' })
  t.match(refusals().at(-1), { hint: "the token is bound to a key (DPoP), and dpop is 'off'" })
  t.match(await ask({ token_type: 'DPoP', cnf: jkt }), { answer: { status: 401, challenge: 'Bearer realm="api"' }, reason: 'scheme_unsupported' })
})

t.test('with dangerouslyIgnoreBinding bound tokens are Bearer tokens, unless they are bound in a way nobody knows', async (t) => {
  const { ask } = await open(t, { dpop: 'off', dangerouslyIgnoreBinding: true })
  for (const cnf of [jkt, { 'x5t#S256': client.jkt }, { ...jkt, 'x5t#S256': client.jkt }]) t.strictSame((await ask({ cnf }, 'Bearer')).answer, ACCEPTED)
  t.strictSame((await ask({ token_type: 'DPoP', cnf: jkt }, 'Bearer')).answer, ACCEPTED)
  t.strictSame(await ask({ cnf: { kid: 'x' } }, 'Bearer'), { answer: INVALID_TOKEN, reason: 'binding_unverifiable' })
})

t.test('the same holds of JWTs', async (t) => {
  const api = await guardedApi(t, issuer, { baseUrl: BASE })
  const ask = async (cnf: unknown, scheme: string, { get, refusals } = api) => {
    const token = issuer.token({ cnf })
    const answer = await get(undefined, '/', { authorization: `${scheme} ${token}`, ...scheme === 'DPoP' ? { dpop: client.proof({ token, url: `${BASE}/` }) } : {} })
    return { answer, reason: refusals().at(-1)?.reason }
  }
  t.strictSame((await ask(jkt, 'DPoP')).answer, ACCEPTED)
  for (const cnf of [null, {}, [], 'x', { jkt: 'x' }, { ...jkt, kid: 'x' }, { jwk: client.jwk }, [jkt]]) {
    t.strictSame(await ask(cnf, 'DPoP'), { answer: INVALID_BOUND, reason: 'binding_unverifiable' }, JSON.stringify(cnf))
    t.strictSame(await ask(cnf, 'Bearer'), { answer: INVALID_TOKEN, reason: 'binding_unverifiable' }, JSON.stringify(cnf))
  }
  const off = await guardedApi(t, issuer, { dpop: 'off' })
  t.strictSame(await ask(jkt, 'Bearer', off), { answer: INVALID_TOKEN, reason: 'binding_unverifiable' })
  const ignoring = await guardedApi(t, issuer, { dpop: 'off', dangerouslyIgnoreBinding: true })
  t.strictSame((await ask(jkt, 'Bearer', ignoring)).answer, ACCEPTED)
})

t.test('a token whose answer is remembered is asked for its proof each time, and the counts say who got in', async (t) => {
  const { app, get, server } = await open(t)
  server.answer = active({ token_type: 'DPoP', cnf: jkt })
  const target = { token: 'opaque', url: `${BASE}/` }
  const ask = (dpop: string) => get(undefined, '/', { authorization: 'DPoP opaque', dpop })
  const proof = client.proof(target)
  t.strictSame(await ask(proof), ACCEPTED)
  for (let count = 0; count < 3; count++) t.strictSame(await ask(proof), BAD_PROOF)
  t.strictSame(await ask(client.proof(target)), ACCEPTED)
  t.equal(server.questions.length, 1)
  t.match(app.gatehouse.stats(), { accepted: 2, cached: 1, refused: { GATEHOUSE_DPOP_PROOF_INVALID: 3 } })
})
