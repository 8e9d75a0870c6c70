import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { calculateThumbprint, generateKeyPair, generateProof } from 'dpop'
import type { KeyPair } from 'dpop'
import { createNonces } from '../../lib/binding/nonce.js'
import { guardedApi } from '../support/guarded-api.js'
import type { GuardedApi, GuardedApiOptions } from '../support/guarded-api.js'
import { fakeClock } from '../support/clock.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const BASE = 'https://api.example.com'
const [SECRET, OTHER] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
const NONCE = 'The DPoP proof must carry the nonce of the DPoP-Nonce header'

const ASKED = {
  status: 401,
  body: { statusCode: 401, code: 'GATEHOUSE_DPOP_NONCE_REQUIRED', error: 'Unauthorized', message: NONCE },
  challenge: BAD_PROOF.challenge!.replace(/error=.*(?=, algs)/, `error="use_dpop_nonce", error_description="${NONCE}"`),
  cache: 'no-store'
}
const WELCOME = { status: 200, body: { subject: 'user-1' }, challenge: undefined, cache: undefined }

async function open (t: Test, secret: string | readonly string[] = SECRET, options: GuardedApiOptions = {}) {
  const api = await guardedApi(t, issuer, { baseUrl: BASE, clockTolerance: 60, dpop: { nonce: { secret } }, ...options })
  const token = client.token(issuer, { exp: Math.floor(Date.now() / 1000) + 100_000 })
  const send = (proof: string) => sent(api, token, proof)
  return { ...api, token, send, ask: (claims: Record<string, unknown> = {}) => send(client.proof({ token, url: `${BASE}/` }, claims)) }
}

async function sent ({ app }: GuardedApi, token: string, proof: string) {
  const response = await app.inject({ url: '/', headers: { authorization: `DPoP ${token}`, dpop: proof } })
  const { 'www-authenticate': challenge, 'cache-control': cache, 'dpop-nonce': nonce } = response.headers
  return { answer: { status: response.statusCode, body: response.json(), challenge, cache }, nonce: nonce as string | undefined }
}

t.test('a proof without a nonce is told one, and is good with it', async (t) => {
  const { ask, refusals } = await open(t)
  const first = await ask()
  t.strictSame(first.answer, ASKED)
  t.match(first.nonce, /^[\w-]{43}$/)
  t.match(refusals(), [{ code: 'GATEHOUSE_DPOP_NONCE_REQUIRED', reason: 'nonce_missing' }])
  t.strictSame(await ask({ nonce: first.nonce }), { answer: WELCOME, nonce: undefined })
})

t.test('a nonce that is none of ours is told the right one', async (t) => {
  const { ask, refusals } = await open(t)
  const { nonce } = await ask()
  for (const wrong of ['', 'x', nonce!.toLowerCase(), `${nonce} `, nonce!.slice(1), 'x'.repeat(43), 'ä'.repeat(43), null, 1, [nonce], { nonce }]) {
    t.strictSame(await ask({ nonce: wrong }), { answer: ASKED, nonce }, JSON.stringify(wrong))
    t.match(refusals().at(-1), { reason: 'nonce_stale' })
  }
})

t.test('a nonce is good for its step and the next one, in which the answer brings its successor', async (t) => {
  const clock = fakeClock(t, 1_700_000_040_000)
  const { ask } = await open(t)
  const { nonce: first } = await ask()
  clock.advance(59_999)
  t.strictSame(await ask({ nonce: first }), { answer: WELCOME, nonce: undefined })
  clock.advance(1)
  const { answer, nonce: second } = await ask({ nonce: first })
  t.strictSame(answer, { ...WELCOME, cache: 'no-store' }, 'no cache hands out a nonce')
  t.not(second, first)
  t.strictSame(await ask({ nonce: second }), { answer: WELCOME, nonce: undefined })
  clock.advance(59_999)
  t.strictSame((await ask({ nonce: first })).nonce, second)
  clock.advance(1)
  const late = await ask({ nonce: first })
  t.strictSame(late.answer, ASKED)
  t.notOk([first, second].includes(late.nonce))
  t.equal((await ask({ nonce: second })).answer.status, 200)
})

t.test('a nonce of a server whose clock is a step ahead is good', async (t) => {
  const nonces = createNonces([SECRET], 60_000)
  const now = 1_700_000_000_000
  t.equal(nonces.judge(nonces.current(now), now), 'current')
  t.equal(nonces.judge(nonces.current(now + 60_000), now), 'old')
  t.equal(nonces.judge(nonces.current(now - 60_000), now), 'old')
  for (const away of [-180_000, -120_000, 120_000, 180_000]) t.equal(nonces.judge(nonces.current(now + away), now), 'unknown', String(away))
})

t.test('how long a step is the option', async (t) => {
  const clock = fakeClock(t, 1_700_000_000_000)
  const { ask } = await open(t, SECRET, { dpop: { nonce: { secret: SECRET, lifetime: 10 } } })
  const { nonce } = await ask()
  clock.advance(19_999)
  t.equal((await ask({ nonce })).answer.status, 200)
  clock.advance(1)
  t.strictSame((await ask({ nonce })).answer, ASKED)
})

t.test('two processes with the same secret accept each other\'s nonces, and nobody those of another secret', async (t) => {
  const [one, two, other] = [await open(t), await open(t), await open(t, OTHER)]
  const { nonce } = await one.ask()
  t.strictSame(await two.ask({ nonce }), { answer: WELCOME, nonce: undefined })
  const refused = await other.ask({ nonce })
  t.strictSame(refused.answer, ASKED)
  t.not(refused.nonce, nonce)
})

t.test('while a secret is replaced, nonces of the old one are good, and the answer brings one of the new', async (t) => {
  const [before, during, after] = [await open(t), await open(t, [OTHER, SECRET]), await open(t, OTHER)]
  const { nonce: old } = await before.ask()
  const { answer, nonce: renewed } = await during.ask({ nonce: old })
  t.strictSame(answer, { ...WELCOME, cache: 'no-store' })
  t.strictSame(await after.ask({ nonce: renewed }), { answer: WELCOME, nonce: undefined })
  t.strictSame((await after.ask({ nonce: old })).answer, ASKED)
})

t.test('only the owner of the token, with a proof that is good in all else, is told a nonce', async (t) => {
  const { ask, send, token } = await open(t)
  const stranger = await createProver()
  const target = { token, url: `${BASE}/` }
  const { challenge: _challenge, retryAfter: _retryAfter, ...bad } = BAD_PROOF
  for (const [title, proof] of [
    ['bad signature', stranger.proof(target, {}, { jwk: client.jwk })],
    ['another method', client.proof(target, { htm: 'POST' })],
    ['another URI', client.proof(target, { htu: `${BASE}/b` })],
    ['too old', client.proof(target, { iat: 1 })],
    ['another token', client.proof(target, { ath: 'x' })],
    ['garbage', 'garbage']
  ] as const) {
    const { answer, nonce } = await send(proof)
    t.match({ ...answer, nonce }, { ...bad, challenge: BAD_PROOF.challenge, cache: undefined, nonce: undefined }, title)
  }
  const { answer, nonce } = await send(stranger.proof(target))
  t.match({ ...answer, nonce }, { status: 401, body: { code: 'GATEHOUSE_TOKEN_INVALID' }, challenge: /^DPoP error="invalid_token"/, nonce: undefined })
  t.ok((await ask()).nonce)
})

t.test('a proof that was refused for its nonce was not used: the same key may try again, and each proof passes once', async (t) => {
  const { ask, send, token } = await open(t)
  const { nonce } = await ask()
  const proof = client.proof({ token, url: `${BASE}/` }, { nonce })
  t.equal((await send(proof)).answer.status, 200)
  t.match((await send(proof)).answer, { status: 401, body: BAD_PROOF.body, challenge: BAD_PROOF.challenge })
})

t.test('verify() asks for nonces too, and its error has the one to use', async (t) => {
  const { app, token } = await open(t)
  const target = { token, url: `${BASE}/queue`, method: 'POST' }
  const verify = (claims = {}) => app.gatehouse.verify(token, { proof: { jwt: client.proof(target, claims), method: 'POST', url: target.url } })
  const error = await verify().then(() => undefined, (error: { headers: Record<string, string> }) => error)
  t.match(error, { code: 'GATEHOUSE_DPOP_NONCE_REQUIRED', headers: { 'www-authenticate': ASKED.challenge } })
  t.match(await verify({ nonce: error!.headers['dpop-nonce'] }), { subject: 'user-1' })
})

t.test('where the API publishes its metadata, scripts of other origins may read a nonce on every answer that has one', async (t) => {
  const clock = fakeClock(t, 1_700_000_040_000)
  const { app, token } = await open(t, SECRET, { resource: { resource: BASE, differentAudience: true } })
  const ask = async (nonce?: string) => {
    const { headers } = await app.inject({ url: '/', headers: { authorization: `DPoP ${token}`, dpop: client.proof({ token, url: `${BASE}/` }, { nonce }) } })
    return { nonce: headers['dpop-nonce'] as string | undefined, exposed: headers['access-control-expose-headers'] }
  }
  const first = await ask()
  t.equal(first.exposed, 'WWW-Authenticate, DPoP-Nonce')
  t.strictSame(await ask(first.nonce), { nonce: undefined, exposed: undefined })
  clock.advance(60_000)
  t.match(await ask(first.nonce), { nonce: /^[\w-]{43}$/, exposed: 'DPoP-Nonce' })
})

t.test('an error handler that sets the headers anew from error.headers tells the nonce', async (t) => {
  const { ask } = await open(t, SECRET, {
    routes: (app) => {
      app.setErrorHandler<Error & { statusCode: number, headers: Record<string, string> }>((error, _request, reply) => {
        for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
        return reply.code(error.statusCode).headers(error.headers).send({})
      })
    }
  })
  const { answer, nonce } = await ask()
  t.strictSame(answer, { ...ASKED, body: {} })
  t.match(nonce, /^[\w-]{43}$/)
})

/** What a client does: the nonce of the last answer goes into the next proof, and one that was refused is made again. */
async function fetchBound (keys: KeyPair, token: string, url: string, memory: { nonce?: string }): Promise<Response> {
  for (let round = 1; ; round++) {
    const response = await fetch(url, { headers: { authorization: `DPoP ${token}`, dpop: await generateProof(keys, url, 'GET', memory.nonce, token) } })
    memory.nonce = response.headers.get('dpop-nonce') ?? memory.nonce!
    if (round === 2 || !response.headers.get('www-authenticate')?.includes('use_dpop_nonce')) return response
  }
}

t.test('a real client is refused once, and then carries nonces on', async (t) => {
  const clock = fakeClock(t, 1_700_000_040_000)
  const { app, refusals } = await guardedApi(t, issuer, { dpop: { nonce: { secret: SECRET } } })
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/`
  const keys = await generateKeyPair('ES256')
  const token = issuer.token({ cnf: { jkt: await calculateThumbprint(keys.publicKey) }, exp: 1_800_000_000 })
  const memory = {}
  for (let count = 0; count < 10; count++) {
    const response = await fetchBound(keys, token, url, memory)
    t.strictSame([response.status, await response.json()], [200, { subject: 'user-1' }])
    clock.advance(45_000)
  }
  t.match(refusals().map(({ reason }) => reason), ['nonce_missing'])
})
