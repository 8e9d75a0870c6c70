import t, { test } from 'tap'
import { invalidRequest, invalidToken, missing, welcome } from '../support/expected-answers.js'
import type { Answer } from '../support/expected-answers.js'
import { compact } from '../support/compact.js'
import { openGate } from '../support/gate.js'
import { createIssuer } from '../support/issuer.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
const stranger = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => Promise.all([issuer.close(), stranger.close()]))
const NONE = { discovery: 0, jwks: 0, other: 0, elsewhere: 0 }
const token = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) => `Bearer ${issuer.token(claims, header)}`

const bad: ReadonlyArray<readonly [title: string, authorization: string | undefined, answer: Answer]> = [
  ['nothing', undefined, missing('header_missing')],
  ['another scheme', 'Basic dTpw', missing('scheme_unsupported')],
  ['the scheme alone', 'Bearer', invalidRequest('header_malformed')],
  ['two tokens', 'Bearer a b', invalidRequest('header_malformed')],
  ['an opaque token', 'Bearer opaque', invalidToken('token_opaque')],
  ['an encrypted token', `Bearer ${compact({ alg: 'dir' }, 'iv')}.a.b`, invalidToken('token_encrypted')],
  ['no JSON', `Bearer ${compact('x', 'y')}`, invalidToken('token_malformed')],
  ['a token too large', `Bearer ${compact({}, 'x'.repeat(16_384))}`, invalidToken('token_too_large')],
  ['another issuer', `Bearer ${stranger.token()}`, invalidToken('issuer_mismatch')],
  ['the issuer with a slash', token({ iss: `${issuer.issuer}/` }), invalidToken('issuer_mismatch')],
  ['a list of issuers', token({ iss: [issuer.issuer] }), invalidToken('claim_malformed')],
  ['no issuer', token({ iss: undefined }), invalidToken('claim_missing')],
  ['another audience', token({ aud: 'https://other.example' }), invalidToken('audience_mismatch')],
  ['no audience', token({ aud: undefined }), invalidToken('audience_mismatch')],
  ['expired', token({ exp: 1 }), invalidToken('token_expired')],
  ['no expiry', token({ exp: undefined }), invalidToken('claim_missing')],
  ['no time', token({ exp: 'soon' }), invalidToken('time_malformed')],
  ['not yet', token({ nbf: 4_000_000_000 }), invalidToken('token_not_yet_valid')],
  ['HS256', token({}, { alg: 'HS256' }), invalidToken('alg_symmetric')],
  ['none', token({}, { alg: 'none' }), invalidToken('alg_refused')],
  ['crit', token({}, { crit: [] }), invalidToken('crit_refused')],
  ['another type', token({}, { typ: 'logout+jwt' }), invalidToken('typ_refused')],
  ['a key id of 10 KB', token({}, { kid: 'k'.repeat(10_000) }), invalidToken('kid_malformed')],
  ['an ID token', token({ nonce: 'n' }, { typ: 'JWT' }), invalidToken('id_token')],
  ['a logout token', token({ events: {} }, { typ: 'JWT' }), invalidToken('not_an_access_token')],
  ['a bound token', token({ cnf: { jkt: 'x' } }), invalidToken('binding_unverifiable')]
]

test('a bad credential causes no fetch of keys, also where none are held yet', async (t) => {
  const gate = await openGate(t, { issuer, gatehouse: { startup: 'lazy' } })
  issuer.reset()
  for (const [title, authorization, answer] of bad) {
    t.same(await gate.ask(authorization), answer, title)
    t.same({ ...issuer.requests }, NONE, `${title}: nobody was asked`)
  }
  t.same({ ...stranger.requests }, NONE)
  t.same(await gate.bearer(issuer.token()), welcome(), 'the first token that could be good asks')
  t.same({ ...issuer.requests }, { ...NONE, discovery: 1, jwks: 1 })
})

test('a bad credential causes no fetch of keys while the provider is away, and is answered as ever', async (t) => {
  issuer.behave('hang')
  t.teardown(() => issuer.behave('answer'))
  const gate = await openGate(t, { issuer, gatehouse: { startup: 'lazy' } })
  issuer.reset()
  for (const [title, authorization, answer] of bad) t.same(await gate.ask(authorization), answer, title)
  t.same({ ...issuer.requests }, NONE)
})

test('what is no token68 value is a 400 without a fetch, also where the key is not held', async (t) => {
  const gate = await openGate(t, { issuer, gatehouse: { startup: 'lazy' } })
  issuer.reset()
  for (const [behind, reason] of [[' x', 'header_malformed'], ['""', 'token_quoted'], ['\u00FFx', 'header_malformed']] as const) {
    t.same(await gate.ask(`${token()}${behind}`), invalidRequest(reason), `${behind} behind the token`)
    t.same({ ...issuer.requests }, NONE)
  }
})

test('a bad signature under a known key causes no fetch, however often it comes', async (t) => {
  const gate = await openGate(t, { issuer })
  issuer.reset()
  const [header, payload] = issuer.token().split('.')
  for (let times = 0; times < 100; times++) {
    t.same(await gate.bearer(`${header}.${payload}.${Buffer.alloc(64, times + 1).toString('base64url')}`), invalidToken('signature_invalid'))
  }
  t.same({ ...issuer.requests }, NONE)
})
