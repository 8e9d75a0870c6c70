import t, { test } from 'tap'
import { insufficientScope, invalidToken, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { createIssuer } from '../support/issuer.js'

const issuer = await createIssuer({ algorithms: ['RS256'] })
t.teardown(() => issuer.close())
const strict = await openGate(t, { issuer, provider: { profile: 'rfc9068' } })
const auto = await openGate(t, { issuer })
const complete = { jti: 'jti-1', client_id: 'client-1' }

test('RFC 9068 section 2.2: a token with every claim is accepted', async (t) => {
  t.same(await strict.bearer(issuer.token(complete)), welcome())
})

test('RFC 9068 section 2.1, 4: typ is at+jwt, in any case, with or without application/', async (t) => {
  for (const typ of ['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'Application/AT+JWT']) {
    t.same(await strict.bearer(issuer.token(complete, { typ })), welcome(), typ)
    t.same(await auto.bearer(issuer.token(complete, { typ })), welcome(), typ)
  }
})

test('RFC 9068 section 4: any other typ, or none, is refused; the profile auto takes JWT and none', async (t) => {
  for (const typ of ['JWT', 'jwt', 'application/jwt', undefined]) {
    t.same(await strict.bearer(issuer.token(complete, { typ })), invalidToken('typ_refused'), String(typ))
    t.same(await auto.bearer(issuer.token(complete, { typ })), welcome(), String(typ))
  }
  for (const typ of ['id+jwt', 'at-jwt', 'at', '', null]) {
    t.same(await strict.bearer(issuer.token(complete, { typ })), invalidToken('typ_refused'), String(typ))
    t.same(await auto.bearer(issuer.token(complete, { typ })), invalidToken('typ_refused'), String(typ))
  }
})

const required = [
  ['iss', 'claim_missing', 'refused'],
  ['exp', 'claim_missing', 'refused'],
  ['aud', 'audience_mismatch', 'refused'],
  ['sub', 'claim_missing', 'subject_missing'],
  ['client_id', 'claim_missing', 'accepted'],
  ['iat', 'claim_missing', 'accepted'],
  ['jti', 'claim_missing', 'accepted']
] as const

for (const [name, reason, otherwise] of required) {
  test(`RFC 9068 section 2.2: ${name} is required`, async (t) => {
    const without = issuer.token({ ...complete, [name]: undefined })
    t.same(await strict.bearer(without), invalidToken(reason))
    const expected = otherwise === 'accepted' ? welcome() : invalidToken(otherwise === 'refused' ? reason : otherwise)
    t.same(await auto.bearer(without), expected, 'with the profile auto')
  })
}

test('RFC 9068 section 2.2: sub, client_id and jti are texts', async (t) => {
  for (const name of ['sub', 'client_id', 'jti']) {
    for (const value of [null, 0, 1, true, [], ['x'], {}]) {
      t.same(await strict.bearer(issuer.token({ ...complete, [name]: value })), invalidToken('claim_missing'), `${name}: ${JSON.stringify(value)}`)
    }
  }
})

test('RFC 9068 section 2.2: azp is no client_id', async (t) => {
  t.same(await strict.bearer(issuer.token({ jti: 'jti-1', azp: 'client-1' })), invalidToken('claim_missing'))
})

test('RFC 9068 section 2.2: aud is required also where any audience will do', async (t) => {
  const any = await openGate(t, { issuer, provider: { profile: 'rfc9068', audience: false } })
  t.same(await any.bearer(issuer.token({ ...complete, aud: undefined })), invalidToken('claim_missing'))
  t.same(await any.bearer(issuer.token({ ...complete, aud: 'https://other.example' })), welcome())
})

test('RFC 9068 section 2.2.1: an access token may carry auth_time, acr, amr, even a nonce', async (t) => {
  t.same(await strict.bearer(issuer.token({ ...complete, auth_time: 1, acr: '1', amr: ['pwd'], nonce: 'n' })), welcome())
})

test('RFC 9068 section 2.2.3: `scope` as string and array, `scp` as both', async (t) => {
  const scopes = ['write:messages', 'read:messages']
  for (const claims of [{ scope: scopes.join(' ') }, { scope: scopes }, { scope: undefined, scp: scopes.join(' ') }, { scope: undefined, scp: scopes }, { scope: scopes[0], scp: [scopes[1]] }]) {
    const token = issuer.token({ ...complete, ...claims })
    for (const gate of [strict, auto]) {
      t.same(await gate.bearer(token, '/messages'), { status: 200, challenge: undefined, body: { scopes }, reason: undefined }, JSON.stringify(claims))
    }
  }
  for (const scope of ['', 'read:messages2', 'read', 'READ:MESSAGES', 'write:messages,read:messages', [], ['write:messages read:messages'], null, { 'read:messages': true }, [['read:messages']]]) {
    t.same(await auto.bearer(issuer.token({ scope }), '/messages'), insufficientScope('read:messages'), JSON.stringify(scope))
  }
})

test('RFC 9068 section 4: what is checked of every token is checked here', async (t) => {
  t.same(await strict.bearer(issuer.token({ ...complete, exp: 1 })), invalidToken('token_expired'))
  t.same(await strict.bearer(issuer.token({ ...complete, aud: 'https://other.example' })), invalidToken('audience_mismatch'))
  t.same(await strict.bearer(issuer.token({ ...complete, iss: 'https://other.example' })), invalidToken('issuer_mismatch'))
  t.same(await strict.bearer(issuer.token(complete, { alg: 'none' })), invalidToken('alg_refused'))
  t.same(await strict.bearer(`${issuer.token(complete).slice(0, -6)}AAAAAA`), invalidToken('signature_invalid'))
})
