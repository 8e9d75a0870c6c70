import { createHmac } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { OidcOptions } from '../../lib/index.js'
import { verifyLogoutToken } from '../../lib/login/logout-token.js'
import { endOfAll } from '../../lib/token/deadline.js'
import { fakeClock } from '../support/clock.js'
import { base64url, compact } from '../support/compact.js'
import { holdDeadlines } from '../support/deadlines.js'
import { createIssuer, createKey } from '../support/issuer.js'
import type { SigningAlgorithm } from '../support/issuer.js'
import { loginKeys } from '../support/login-keys.js'
import { EVENT, logoutToken, outcomeOf } from '../support/logout-tokens.js'

const never = endOfAll().signal
const FAILED = { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', provider: 'oidc' }
const REFUSED = { ...FAILED, reason: 'logout_token_refused' }

/** An issuer, and the way to verify its tokens for the client `web`. */
async function stage (t: Test, algorithms: SigningAlgorithm[] = ['RS256'], options: Partial<OidcOptions> = {}, more: object = {}) {
  const issuer = await createIssuer({ algorithms })
  t.teardown(() => issuer.close())
  const provider = { ...oidc({ issuer: issuer.issuer, audience: issuer.audience, ...options }), ...more }
  const keys = loginKeys(t, provider)
  const rules = { provider, keys, clientId: 'web', tolerance: 10 }
  return { issuer, keys, verify: (token: string, signal = never) => verifyLogoutToken(token, rules, signal) }
}

const seconds = () => Math.floor(Date.now() / 1000)

t.test('a right logout token says what to end', async (t) => {
  const { issuer, verify } = await stage(t)
  const exp = seconds() + 120
  const about = { issuer: issuer.issuer, jti: 'one', expiresAt: exp }
  for (const [name, claims, header, expected] of [
    ['a session', { sub: undefined }, {}, { ...about, sid: 'session-1' }],
    ['a person', { sid: undefined }, {}, { ...about, subject: 'user-1' }],
    ['a session of a person', {}, {}, { ...about, sid: 'session-1', subject: 'user-1' }],
    ['a list of audiences, all of them us', { sub: undefined, aud: ['web'] }, {}, { ...about, sid: 'session-1' }],
    ['others beside us, and the party is us', { sub: undefined, aud: ['other', 'web'], azp: 'web' }, {}, { ...about, sid: 'session-1' }],
    ['one that tells more', { sub: undefined, trace: 7, events: { [EVENT]: { why: 'admin' }, other: null } }, {}, { ...about, sid: 'session-1' }],
    ['one of Keycloak', { sub: undefined, typ: 'Logout' }, { typ: 'JWT' }, { ...about, sid: 'session-1' }],
    ['a type in full', { sub: undefined }, { typ: 'application/logout+jwt' }, { ...about, sid: 'session-1' }],
    ['a type in capitals', { sub: undefined }, { typ: 'Logout+JWT' }, { ...about, sid: 'session-1' }],
    ['no type', { sub: undefined }, { typ: undefined }, { ...about, sid: 'session-1' }],
    ['fractions of a second', { sub: undefined, exp: exp + 0.5, iat: exp - 130.5 }, {}, { ...about, sid: 'session-1', expiresAt: exp + 0.5 }]
  ] as const) t.strictSame(await verify(logoutToken(issuer, { jti: 'one', exp, ...claims }, header)), expected, name)
})

t.test('a token that is no right logout token is refused before a key is asked for', async (t) => {
  const { issuer, verify } = await stage(t)
  const now = seconds()
  const key = issuer.keys[0]!
  const good = logoutToken(issuer)
  const [head, body] = good.split('.') as [string, string]
  const bySecret = (alg: string) => {
    const input = `${base64url({ alg, kid: key.kid, typ: 'logout+jwt' })}.${body}`
    return `${input}.${createHmac(`sha${alg.slice(2)}`, 'hunter2').update(input).digest('base64url')}`
  }
  for (const [name, token, expected] of [
    ['nothing', '', { ...FAILED, reason: 'token_opaque', hint: 'a logout token is a JWT' }],
    ['garbage', '\u0000\uFFFD%%%', { ...FAILED, reason: 'token_opaque' }],
    ['garbage in three parts', 'e.e.e', { ...FAILED, reason: 'token_malformed', hint: 'it came as a logout token' }],
    ['a placeholder', 'undefined', { ...FAILED, reason: 'token_quoted' }],
    ['an encrypted token', 'eyA.b.c.d.e', { ...FAILED, reason: 'token_encrypted', hint: /JWE/ }],
    ['20 KB', logoutToken(issuer, { more: 'x'.repeat(20_000) }), { ...FAILED, reason: 'token_too_large' }],
    ['20 KB of garbage', 'x'.repeat(20_480), { ...FAILED, reason: 'token_too_large' }],
    ['no signature', `${head}.${body}.`, { ...FAILED, reason: 'token_malformed' }],
    ['a line break a lenient reader would skip', `${good.slice(0, -8)}\n${good.slice(-8)}`, { ...FAILED, reason: 'token_malformed', found: 'a character that is not base64url' }],
    ['a header that is a list', compact('{[]}', Buffer.from(body, 'base64url')), { ...FAILED, reason: 'token_malformed' }],
    ['a claim twice', issuer.sign(Buffer.from(head, 'base64url'), Buffer.from(body, 'base64url').toString().replace('{', '{"sub":"admin",')), { ...FAILED, reason: 'token_malformed', found: 'a member twice' }],

    ['alg none', compact({ alg: 'none', typ: 'logout+jwt' }, Buffer.from(body, 'base64url')), { ...FAILED, reason: 'alg_refused', found: 'none' }],
    ['alg none, unsigned', `${base64url({ alg: 'none' })}.${body}.`, { ...FAILED, reason: 'token_malformed' }],
    ['HS256 by the client secret', bySecret('HS256'), { ...FAILED, reason: 'alg_symmetric', hint: /ID tokens/ }],
    ['HS512 by the client secret', bySecret('HS512'), { ...FAILED, reason: 'alg_symmetric' }],
    ['something critical', logoutToken(issuer, {}, { crit: ['b64'] }), { ...FAILED, reason: 'crit_refused' }],
    ['something critical that says nothing', logoutToken(issuer, {}, { crit: null }), { ...FAILED, reason: 'crit_refused' }],
    ['a key id of any length', logoutToken(issuer, {}, { kid: 'k'.repeat(600) }), { ...FAILED, reason: 'kid_malformed' }],

    ['an access token', issuer.token({ aud: 'web', azp: undefined }), { ...FAILED, reason: 'typ_refused', found: 'at+jwt', hint: 'this is an access token' }],
    ['a logout token that calls itself an access token', logoutToken(issuer, {}, { typ: 'application/AT+JWT' }), { ...FAILED, reason: 'typ_refused', hint: 'this is an access token' }],
    ['an access token without its type', issuer.token({ aud: 'web', azp: undefined }, { typ: undefined }), { ...REFUSED, found: 'no events' }],
    ['a proof', logoutToken(issuer, {}, { typ: 'dpop+jwt' }), { ...FAILED, reason: 'typ_refused', expected: 'logout+jwt, JWT or none', found: 'dpop+jwt' }],
    ['a security event', logoutToken(issuer, {}, { typ: 'secevent+jwt' }), { ...FAILED, reason: 'typ_refused' }],
    ['a type that is null', logoutToken(issuer, {}, { typ: null }), { ...FAILED, reason: 'typ_refused', found: null }],
    ['an empty type', logoutToken(issuer, {}, { typ: '' }), { ...FAILED, reason: 'typ_refused' }],
    ['a list of types', logoutToken(issuer, {}, { typ: ['logout+jwt'] }), { ...FAILED, reason: 'typ_refused' }],
    ['an ID token', issuer.token({ aud: 'web', azp: undefined, nonce: 'n' }, { typ: 'JWT' }), { ...REFUSED, expected: 'events, an object', found: 'no events', hint: 'this is another kind of token' }],

    ['no issuer', logoutToken(issuer, { iss: undefined }), { ...FAILED, reason: 'claim_missing', expected: /iss/ }],
    ['another issuer', logoutToken(issuer, { iss: 'https://evil.example' }), { ...FAILED, reason: 'issuer_mismatch', found: 'https://evil.example' }],
    ['an issuer that differs by a slash', logoutToken(issuer, { iss: `${issuer.issuer}/` }), { ...FAILED, reason: 'issuer_mismatch', hint: /slash/ }],
    ['a list of issuers', logoutToken(issuer, { iss: [issuer.issuer] }), { ...FAILED, reason: 'claim_malformed' }],
    ['an issuer that is a token', logoutToken(issuer, { iss: good }), { ...FAILED, reason: 'issuer_mismatch', found: /^.left out/ }],

    ['no audience', logoutToken(issuer, { aud: undefined }), { ...FAILED, reason: 'audience_mismatch', expected: 'web', found: 'no aud' }],
    ['another audience', logoutToken(issuer, { aud: 'other' }), { ...FAILED, reason: 'audience_mismatch', found: 'other' }],
    ['an audience that contains ours', logoutToken(issuer, { aud: 'web2' }), { ...FAILED, reason: 'audience_mismatch' }],
    ['an empty list of audiences', logoutToken(issuer, { aud: [] }), { ...FAILED, reason: 'audience_mismatch' }],
    ['a list of lists', logoutToken(issuer, { aud: [['web']] }), { ...FAILED, reason: 'audience_mismatch' }],
    ['others beside us', logoutToken(issuer, { aud: ['web', 'other'] }), { ...FAILED, reason: 'audience_mismatch', hint: /azp/ }],
    ['others beside us, and the party is one of them', logoutToken(issuer, { aud: ['web', 'other'], azp: 'other' }), { ...FAILED, reason: 'authorized_party_mismatch', expected: 'web', found: 'other' }],
    ['another party', logoutToken(issuer, { azp: 'other' }), { ...FAILED, reason: 'authorized_party_mismatch' }],

    ['no events', logoutToken(issuer, { events: undefined }), { ...REFUSED, found: 'no events' }],
    ['events that are null', logoutToken(issuer, { events: null }), { ...REFUSED, expected: 'events, an object' }],
    ['events that are a list', logoutToken(issuer, { events: [EVENT] }), { ...REFUSED, found: [EVENT] }],
    ['events that are a text', logoutToken(issuer, { events: EVENT }), { ...REFUSED, expected: 'events, an object' }],
    ['no event', logoutToken(issuer, { events: {} }), { ...REFUSED, found: 'no such event' }],
    ['another event', logoutToken(issuer, { events: { 'https://schemas.openid.net/event/backchannel-logout': {} } }), { ...REFUSED, found: 'no such event' }],
    ['an event that is true', logoutToken(issuer, { events: { [EVENT]: true } }), { ...REFUSED, found: true }],
    ['an event that is null', logoutToken(issuer, { events: { [EVENT]: null } }), { ...REFUSED, hint: /something else/ }],
    ['an event that is a list', logoutToken(issuer, { events: { [EVENT]: [] } }), { ...REFUSED, hint: /something else/ }],
    ['a nonce', logoutToken(issuer, { nonce: 'n' }), { ...REFUSED, found: 'a nonce' }],
    ['a nonce that is null', logoutToken(issuer, { nonce: null }), { ...REFUSED, found: 'a nonce' }],
    ['an empty nonce', logoutToken(issuer, { nonce: '' }), { ...REFUSED, found: 'a nonce' }],

    ['no iat', logoutToken(issuer, { iat: undefined }), { ...FAILED, reason: 'claim_missing', expected: 'iat' }],
    ['no exp', logoutToken(issuer, { exp: undefined }), { ...FAILED, reason: 'claim_missing', expected: 'exp' }],
    ['expired', logoutToken(issuer, { iat: now - 3600, exp: now - 3480 }), { ...FAILED, reason: 'token_expired', hint: /came too late/ }],
    ['an iat in the future', logoutToken(issuer, { iat: now + 3600, exp: now + 3720 }), { ...FAILED, reason: 'token_not_yet_valid', hint: /clock/ }],
    ['an nbf in the future', logoutToken(issuer, { nbf: now + 3600 }), { ...FAILED, reason: 'token_not_yet_valid' }],
    ['issued two days ago, and good for years', logoutToken(issuer, { iat: now - 172_800, exp: now + 1e8 }), { ...FAILED, reason: 'token_expired', expected: 'at most 86400 s old' }],
    ['an iat that is a text', logoutToken(issuer, { iat: String(now) }), { ...FAILED, reason: 'time_malformed' }],
    ['an exp no clock shows', logoutToken(issuer, { exp: 1e300 }), { ...FAILED, reason: 'time_malformed' }],
    ['an exp that is null', logoutToken(issuer, { exp: null }), { ...FAILED, reason: 'time_malformed' }],

    ['no jti', logoutToken(issuer, { jti: undefined }), { ...FAILED, reason: 'claim_missing', expected: 'jti' }],
    ['an empty jti', logoutToken(issuer, { jti: '' }), { ...FAILED, reason: 'claim_malformed', expected: /^jti/ }],
    ['a jti that is a number', logoutToken(issuer, { jti: 42 }), { ...FAILED, reason: 'claim_malformed', found: 42 }],
    ['neither sid nor sub', logoutToken(issuer, { sid: undefined, sub: undefined }), { ...FAILED, reason: 'claim_missing', expected: 'sid or sub' }],
    ['an empty sid', logoutToken(issuer, { sid: '' }), { ...FAILED, reason: 'claim_malformed', expected: /^sid/ }],
    ['a sid that is null beside a sub', logoutToken(issuer, { sid: null }), { ...FAILED, reason: 'claim_malformed', expected: /^sid/ }],
    ['a sub that is a list beside a sid', logoutToken(issuer, { sub: ['user-1'] }), { ...FAILED, reason: 'claim_malformed', expected: /^sub/ }]
  ] as const) {
    const outcome = await outcomeOf(verify(token))
    t.match(outcome, expected, name)
    t.notMatch(JSON.stringify(outcome), /eyJ/, `${name}: nothing of the token is shown`)
  }
  t.match(issuer.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
})

t.test('a token that is not signed by the provider is refused', async (t) => {
  const { issuer, verify } = await stage(t, ['RS256', 'ES256'])
  const foreign = await createKey('RS256', { kid: issuer.keys[0]!.kid })
  const good = logoutToken(issuer)
  const [head, body, signature] = good.split('.') as [string, string, string]
  await verify(good)
  t.match(await outcomeOf(verify(logoutToken(issuer, {}, {}, foreign))), { ...FAILED, reason: 'signature_invalid' })
  t.equal(issuer.requests.jwks, 1, 'the key it names is held: there is no other to ask for')
  for (const [name, token, expected] of [
    ['the key of somebody else, by the name of ours', logoutToken(issuer, {}, {}, foreign), { ...FAILED, reason: 'signature_invalid', hint: 'the logout token is not signed with a key of the provider' }],
    ['the key of somebody else', logoutToken(issuer, {}, { kid: 'theirs' }, foreign), { ...FAILED, reason: 'kid_unknown' }],
    ['a key without name', logoutToken(issuer, {}, { kid: undefined }, foreign), { ...FAILED, reason: 'signature_invalid' }],
    ['another algorithm of the same key', logoutToken(issuer, {}, { alg: 'PS256' }), { ...FAILED, reason: /kid_unknown|signature_invalid/ }],
    ['a truncated signature', good.slice(0, -4), { ...FAILED, reason: /signature_invalid|token_malformed/ }],
    ['half a signature', `${head}.${body}.${signature.slice(0, signature.length / 2 & ~3)}`, { ...FAILED, reason: 'signature_invalid' }],
    ['a changed payload', `${head}.${base64url({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'admin' })}.${signature}`, { ...FAILED, reason: 'signature_invalid' }]
  ] as const) {
    const outcome = await outcomeOf(verify(token))
    t.match(outcome, expected, name)
    t.notMatch(JSON.stringify(outcome), /eyJ/)
  }
  t.match(await verify(good), { sid: 'session-1' })
  t.match(await verify(logoutToken(issuer, {}, { kid: undefined })), { sid: 'session-1' }, 'no name for the only key of its algorithm')
})

t.test('every algorithm verifies', async (t) => {
  const algorithms: SigningAlgorithm[] = ['RS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
  for (const alg of algorithms) {
    const { issuer, verify } = await stage(t, [alg])
    t.match(await verify(logoutToken(issuer)), { sid: 'session-1' }, alg)
  }
})

t.test('a user may narrow the algorithms, and how strict access tokens are is another matter', async (t) => {
  const { issuer, verify } = await stage(t, ['RS256', 'ES256'], { algorithms: ['ES256'], profile: 'rfc9068' })
  t.match(await outcomeOf(verify(logoutToken(issuer))), { ...FAILED, reason: 'alg_refused', expected: ['ES256'] })
  t.match(await verify(logoutToken(issuer, {}, {}, issuer.keys[1])), { sid: 'session-1' })
})

t.test('clocks may differ by the tolerance', async (t) => {
  const clock = fakeClock(t)
  const { issuer, verify } = await stage(t)
  const now = Math.floor(clock.now() / 1000)
  t.match(await verify(logoutToken(issuer, { iat: now + 9, exp: now - 8 })), { expiresAt: now - 8 })
  t.match(await outcomeOf(verify(logoutToken(issuer, { exp: now - 11 }))), { reason: 'token_expired' })
  t.match(await outcomeOf(verify(logoutToken(issuer, { iat: now + 12 }))), { reason: 'token_not_yet_valid' })
  t.match(await verify(logoutToken(issuer, { iat: now - 86_405, exp: now + 1e8 })), { expiresAt: now - 5 }, 'no token counts for longer than a day')
})

t.test('where tenants share a key set, a token is of the tenant that was named', async (t) => {
  const { issuer, verify } = await stage(t, ['RS256'], {}, { fixedClaims: { tid: 'ours' } })
  t.match(await verify(logoutToken(issuer, { tid: 'ours' })), { sid: 'session-1' })
  t.match(await outcomeOf(verify(logoutToken(issuer, { tid: 'theirs' }))), { ...FAILED, reason: 'issuer_mismatch', found: 'theirs' })
})

t.test('a provider of many issuers speaks for none of them', async (t) => {
  const { issuer, verify } = await stage(t, ['RS256'], {}, { issuerTemplate: { before: 'http://127', after: '', claim: undefined }, issuer: 'http://127{tenant}' })
  t.match(await outcomeOf(verify(logoutToken(issuer))), { ...FAILED, reason: 'issuer_mismatch' })
})

t.test('a key that is new is fetched', async (t) => {
  const { issuer, keys, verify } = await stage(t)
  await verify(logoutToken(issuer))
  const key = await issuer.rotate()
  t.match(await verify(logoutToken(issuer, {}, {}, key)), { sid: 'session-1' })
  t.equal(issuer.requests.jwks, 2)
  t.same(keys.keys.map(({ kid }) => kid), [key.kid])
})

t.test('keys that cannot be had are no reason to believe, nor to refuse', async (t) => {
  const { issuer, verify } = await stage(t)
  issuer.behave('status-500', 'jwks')
  t.match(await outcomeOf(verify(logoutToken(issuer))), { status: 503, code: 'GATEHOUSE_UNAVAILABLE', reason: 'keys_unavailable', provider: 'oidc', headers: { 'retry-after': /^\d+$/ } })
})

t.test('keys that do not come are not waited for', async (t) => {
  const deadlines = holdDeadlines(t)
  const { issuer, verify } = await stage(t)
  issuer.behave('hang', 'jwks')
  const outcome = outcomeOf(verify(logoutToken(issuer)))
  while (issuer.requests.jwks === 0) await new Promise((resolve) => setImmediate(resolve))
  deadlines.come()
  t.match(await outcome, { status: 503, code: 'GATEHOUSE_UNAVAILABLE', reason: 'keys_unavailable' })
})

t.test('a wait for keys ends with its signal', async (t) => {
  const { issuer, verify } = await stage(t)
  issuer.behave('hang', 'jwks')
  const end = new AbortController()
  const outcome = outcomeOf(verify(logoutToken(issuer), end.signal))
  while (issuer.requests.jwks === 0) await new Promise((resolve) => setImmediate(resolve))
  end.abort()
  t.match(await outcome, { status: 503, code: 'GATEHOUSE_UNAVAILABLE', reason: 'keys_unavailable', hint: 'the keys did not come in time' })
})
