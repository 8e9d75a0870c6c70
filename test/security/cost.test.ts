import t, { test } from 'tap'
import { base64url, compact } from '../support/compact.js'
import { invalidRequest, invalidToken, welcome } from '../support/expected-answers.js'
import type { Answer } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import type { Gate } from '../support/gate.js'
import { send } from '../support/wire.js'

t.setTimeout(180_000)

const gate = await openGate(t, { algorithms: ['ES256'] })
const { issuer } = gate
const KB = 1024

/** Milliseconds of the fastest of a few times: what it costs, not what else the machine does. */
async function fastest (work: () => Promise<unknown>, times = 5): Promise<number> {
  let best = Infinity
  for (let time = 0; time < times; time++) {
    const start = process.hrtime.bigint()
    await work()
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e6)
  }
  return best
}

const expensive: ReadonlyArray<readonly [title: string, token: string, answer: Answer]> = [
  ['a claim of 9,000 letters where a refusal quotes it: iss', issuer.token({ iss: 'a'.repeat(9000) }), invalidToken('issuer_mismatch')],
  ['aud', issuer.token({ aud: 'a'.repeat(9000) }), invalidToken('audience_mismatch')],
  ['aud, ten of 900', issuer.token({ aud: Array(10).fill('a'.repeat(900)) }), invalidToken('audience_mismatch')],
  ['exp', issuer.token({ exp: 'a'.repeat(9000) }), invalidToken('time_malformed')],
  ['client_id of an expired token', issuer.token({ exp: 1, client_id: 'a'.repeat(9000) }), invalidToken('token_expired')],
  ['alg', issuer.token({}, { alg: 'a'.repeat(9000) }), invalidToken('alg_refused')],
  ['typ', issuer.token({}, { typ: 'a'.repeat(9000) }), invalidToken('typ_refused')],
  ['crit', issuer.token({}, { crit: 'a'.repeat(9000) }), invalidToken('crit_refused')],
  ['9,000 slashes', issuer.token({ iss: '/'.repeat(9000) }), invalidToken('issuer_mismatch')],
  ['9,000 dashes and dots', issuer.token({ iss: '-.'.repeat(4500) }), invalidToken('issuer_mismatch')],
  ['1,000 members', issuer.token({ exp: 1, ...Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`m${index}`, 0])) }), invalidToken('token_expired')],
  ['1,000 members and a space', compact({ alg: 'ES256' }, `{ ${Array.from({ length: 1000 }, (_, index) => `"m${index}":0`).join()}}`), invalidToken('claim_missing')],
  ['5,000 quotation marks', compact({ alg: 'ES256' }, `{ "a":"${'\\"'.repeat(5000)}"}`), invalidToken('claim_missing')],
  ['5,000 backslashes', compact({ alg: 'ES256' }, `{ "a":"${'\\\\'.repeat(5000)}"}`), invalidToken('claim_missing')],
  ['an open quotation mark', compact({ alg: 'ES256' }, `{"a":"${'a'.repeat(11_000)}`), invalidToken('token_malformed')],
  ['16,000 dots', '.'.repeat(16_000), invalidToken('token_malformed')],
  ['16,000 letters', 'a'.repeat(16_000), invalidToken('token_opaque')],
  ['the word token, 3,000 times', 'token'.repeat(3000), invalidToken('token_opaque')]
]

for (const [title, token, answer] of expensive) {
  test(`a hostile token costs milliseconds, not more: ${title}`, async (t) => {
    t.same(await gate.bearer(token), answer)
    const cost = await fastest(() => gate.bearer(token))
    t.ok(cost < 20, `${cost.toFixed(1)} ms`)
  })
}

test('an encrypted token of five parts is refused by its shape in under 2 ms', async (t) => {
  const jwe = [base64url({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2_147_483_647, zip: 'DEF' }), 'key', 'iv', 'A'.repeat(15_000), 'tag'].join('.')
  t.same(await gate.bearer(jwe), invalidToken('token_encrypted'))
  const cost = await fastest(() => gate.app.gatehouse.verify(jwe).catch(() => {}), 20)
  t.ok(cost < 2, `${cost.toFixed(2)} ms`)
})

async function ask (to: Gate, authorization: string): Promise<Answer> {
  const { statusCode, headers, body } = await send(to.app, { headers: [['Authorization', authorization]] })
  return { status: statusCode, challenge: headers['www-authenticate'], body: JSON.parse(body) as unknown, reason: to.reason() }
}

test('a 1 MB Authorization header is refused by Node before it is a request', async (t) => {
  const small = await openGate(t, { issuer })
  await small.app.listen({ port: 0, host: '127.0.0.1' })
  for (const authorization of [`Bearer ${'a'.repeat(KB * KB)}`, `Bearer ${issuer.token()}${' '.repeat(KB * KB)}`]) {
    const { status, challenge, body } = await ask(small, authorization)
    t.match({ status, challenge, body }, { status: 431, challenge: undefined, body: { statusCode: 431, error: 'Request Header Fields Too Large' } })
  }
  t.same(small.app.gatehouse.stats().refused, {})
})

test('a 1 MB Authorization header is refused by us where the server lets it in', async (t) => {
  const large = await openGate(t, { issuer, maxHeaderSize: 4 * KB * KB })
  await large.app.listen({ port: 0, host: '127.0.0.1' })
  const token = issuer.token()
  const [header, payload] = token.split('.')
  const rows: ReadonlyArray<readonly [authorization: string, answer: Answer]> = [
    [`Bearer ${'a'.repeat(KB * KB)}`, invalidToken('token_too_large')],
    [`Bearer ${'.'.repeat(KB * KB)}`, invalidToken('token_too_large')],
    [`Bearer ${header}.${payload}.${'A'.repeat(KB * KB)}`, invalidToken('token_too_large')],
    [`Bearer ${token}${'='.repeat(KB * KB)}`, invalidToken('token_too_large')],
    [`Bearer ${'a '.repeat(KB * KB / 2)}`, invalidRequest('header_malformed')],
    [`Bearer ${'"'.repeat(KB * KB)}`, invalidRequest('token_quoted')],
    [`Bearer <${'<'.repeat(KB * KB)}`, invalidRequest('header_malformed')]
  ]
  for (const [authorization, answer] of rows) {
    t.same(await ask(large, authorization), answer, authorization.slice(0, 20))
  }
  t.same(await ask(large, `Bearer ${' '.repeat(KB * KB)}${token}`), welcome(), 'spaces are no part of the token')
})
