import t, { test } from 'tap'
import { invalidToken, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import type { IssuerKey } from '../support/issuer.js'

const gate = await openGate(t, { algorithms: ['ES256', 'ES256'] })
const { issuer } = gate
const [key, other] = issuer.keys as [IssuerKey, IssuerKey]
const subjects = Array.from({ length: 40 }, (_, index) => `user-${index}`)
const sameClaims = { jti: 'jti-1', iat: 1_700_000_000, exp: 4_000_000_000 }

test('40 tokens with equal jti and iat answer with 40 subjects', async (t) => {
  const tokens = subjects.map((sub) => issuer.token({ ...sameClaims, sub }))
  for (const round of ['verified', 'cached']) {
    for (const [index, token] of tokens.entries()) t.same(await gate.bearer(token), welcome(subjects[index]), `${round}: ${subjects[index]}`)
  }
  t.match(gate.app.gatehouse.stats(), { accepted: 80, cached: 40, cacheSize: 40 })
})

test('40 tokens at once answer with 40 subjects, each its own', async (t) => {
  const tokens = subjects.map((sub) => issuer.token({ ...sameClaims, sub }, {}, other))
  const answers = await Promise.all(tokens.flatMap((token) => [token, token]).map((token) => gate.app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })))
  t.same(answers.map((answer) => answer.json()), subjects.flatMap((subject) => [{ subject }, { subject }]))
})

test('a cached token lends nothing to one that shares its header, its claims or its signature', async (t) => {
  const [header, claims, signature] = issuer.token(sameClaims).split('.') as [string, string, string]
  t.same(await gate.bearer(`${header}.${claims}.${signature}`), welcome())
  const [otherHeader, otherClaims, otherSignature] = issuer.token({ ...sameClaims, sub: 'user-2' }, {}, other).split('.') as [string, string, string]
  for (const parts of [
    [header, claims, otherSignature], [header, otherClaims, signature], [otherHeader, claims, signature],
    [header, otherClaims, otherSignature], [otherHeader, claims, otherSignature], [otherHeader, otherClaims, signature]
  ]) {
    t.same(await gate.bearer(parts.join('.')), invalidToken('signature_invalid'))
  }
  t.same(await gate.bearer(`${otherHeader}.${otherClaims}.${otherSignature}`), welcome('user-2'))
})

test('a refused token is refused again, and never becomes one that was seen', async (t) => {
  const before = gate.app.gatehouse.stats().cacheSize
  const bad = issuer.token({}, { kid: other.kid }, key)
  for (const time of ['once', 'twice']) t.same(await gate.bearer(bad), invalidToken('signature_invalid'), time)
  t.equal(gate.app.gatehouse.stats().cacheSize, before)
})

test('tokens of two apps are two: what one app accepted, another with a different audience refuses', async (t) => {
  const elsewhere = await openGate(t, { issuer, provider: { audience: 'https://elsewhere.example' } })
  const token = issuer.token(sameClaims)
  t.same(await gate.bearer(token), welcome())
  t.same(await elsewhere.bearer(token), invalidToken('audience_mismatch'))
})
