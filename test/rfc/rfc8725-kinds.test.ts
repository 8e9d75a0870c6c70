import t, { test } from 'tap'
import { invalidToken, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'

const gate = await openGate(t, { algorithms: ['ES256'] })
const { issuer } = gate
const idToken = { nonce: 'n', at_hash: 'h', auth_time: 1, aud: issuer.audience, azp: issuer.audience }

const marks: ReadonlyArray<readonly [title: string, claims: Record<string, unknown>, reason: 'id_token' | 'not_an_access_token']> = [
  ['nonce', { nonce: 'n-0S6_WzA2Mj' }, 'id_token'],
  ['an empty nonce', { nonce: '' }, 'id_token'],
  ['a nonce of null', { nonce: null }, 'id_token'],
  ['at_hash', { at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }, 'id_token'],
  ['c_hash', { c_hash: 'LDktKdoQak3Pk0cnXxCltA' }, 'id_token'],
  ['s_hash', { s_hash: 'bOhtX8F73IMjSPeVAqxyTQ' }, 'id_token'],
  ['all of an ID token', idToken, 'id_token'],
  ['the events of a logout token', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, sid: 's' }, 'not_an_access_token'],
  ['an introspection answer', { token_introspection: { active: true } }, 'not_an_access_token'],
  ['token_use id', { token_use: 'id' }, 'not_an_access_token'],
  ['payload typ ID', { typ: 'ID' }, 'not_an_access_token'],
  ['payload typ Refresh', { typ: 'Refresh' }, 'not_an_access_token'],
  ['payload typ Logout', { typ: 'Logout' }, 'not_an_access_token'],
  ['payload typ Logout beside a nonce', { typ: 'Logout', nonce: 'n' }, 'not_an_access_token']
]

for (const [title, claims, reason] of marks) {
  test(`RFC 8725 section 3.12: what is not an access token is refused: ${title}`, async (t) => {
    for (const typ of ['JWT', undefined]) t.same(await gate.bearer(issuer.token(claims, { typ })), invalidToken(reason), `typ ${typ}`)
    t.same(await gate.bearer(issuer.token({}, { typ: 'JWT' })), welcome(), 'without it, it is one')
  })
}

test('RFC 8725 section 3.11: typ at+jwt says what it is, whatever else it carries', async (t) => {
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt']) t.same(await gate.bearer(issuer.token(idToken, { typ })), welcome(), typ)
})

test('token_use access says what it is, despite a nonce', async (t) => {
  for (const typ of ['JWT', undefined]) {
    t.same(await gate.bearer(issuer.token({ token_use: 'access', nonce: 'n' }, { typ })), welcome())
    t.same(await gate.bearer(issuer.token({ token_use: 'Access', nonce: 'n' }, { typ })), invalidToken('id_token'), 'to the letter')
    t.same(await gate.bearer(issuer.token({ token_use: ['access'], nonce: 'n' }, { typ })), invalidToken('id_token'), 'as a text')
    t.same(await gate.bearer(issuer.token({ token_use: 'refresh' }, { typ })), welcome(), 'another value says nothing')
  }
})

for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id_token+jwt', 'token-introspection+jwt', 'oauth-authz-req+jwt', 'entity-statement+jwt', 'vc+sd-jwt', 'JWE', 'x', 'at-jwt', 'at+jwt;v=1', 'text/at+jwt', 'application/']) {
  test(`RFC 8725 section 3.11: another type is refused: ${typ}`, async (t) => {
    for (const spelling of [typ, typ.toUpperCase(), `application/${typ}`]) {
      t.same(await gate.bearer(issuer.token({}, { typ: spelling })), invalidToken('typ_refused'), spelling)
    }
  })
}

test('RFC 7800 section 3.1: a token bound to anything is refused where the sender does not prove that it is his', async (t) => {
  const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
  const bindings = [{ jkt, kid: 'k' }, { jkt: [jkt] }, { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' }, { kid: 'k' }, {}, [], null, '', 'x', 0, false]
  for (const cnf of bindings) {
    for (const typ of ['at+jwt', 'JWT', undefined]) {
      t.same(await gate.bearer(issuer.token({ cnf }, { typ })), invalidToken('binding_unverifiable'), `${JSON.stringify(cnf)} under typ ${typ}`)
    }
    await t.rejects(gate.app.gatehouse.verify(issuer.token({ cnf })), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'binding_unverifiable' })
  }
  for (const cnf of [{ jkt }, { jkt, 'x5t#S256': jkt }]) {
    const answer = await gate.bearer(issuer.token({ cnf }))
    const expected = invalidToken('binding_unverifiable')
    t.match(answer, { ...expected, challenge: [expected.challenge, /^DPoP algs="ES256 /] }, 'the client learns how to send a token that is bound to a key')
    await t.rejects(gate.app.gatehouse.verify(issuer.token({ cnf })), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'binding_unverifiable' })
  }
})
