import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { oidc } from '../../lib/index.js'
import { compact } from '../support/compact.js'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { createKey } from '../support/issuer.js'
import type { SigningAlgorithm } from '../support/issuer.js'
import { clientAt, failureOf, loginServer, never } from '../support/login-server.js'

const seconds = () => Math.floor(Date.now() / 1000)

t.test('a right ID token is a login', async (t) => {
  const clock = fakeClock(t)
  const server = await loginServer(t)
  const { end } = clientAt(t, server)
  const result = await end({ sid: 'session-1' }, {}, undefined, { expires_in: 300, refresh_token: 'refresh', scope: 'openid' })
  t.match(result, { accessToken: 'access', accessTokenExpiresAt: Math.floor(clock.now() / 1000 + 300), refreshToken: 'refresh', scope: 'openid', sid: 'session-1', claims: { sub: 'user-1', aud: 'web' } })
  t.equal(result.idToken.split('.').length, 3)
  t.same(Object.keys(await end()).sort(), ['accessToken', 'accessTokenExpiresAt', 'claims', 'idToken', 'scope', 'sid'])
  t.match(server.requests[0], {
    form: { grant_type: 'authorization_code', code: 'code', redirect_uri: 'http://127.0.0.1:3000/callback', code_verifier: /^[\w-]{43}$/ },
    headers: { authorization: `Basic ${Buffer.from('web:hunter2').toString('base64')}` }
  })
})

t.test('an ID token that is wrong is no login', async (t) => {
  const server = await loginServer(t)
  const { end } = clientAt(t, server)
  const past = seconds() - 3600
  for (const [name, claims, expected] of [
    ['another nonce', { nonce: 'other' }, { reason: 'answer_refused', hint: /CLAIM_COMPARISON.*nonce/ }],
    ['no nonce', { nonce: undefined }, { reason: 'answer_refused', hint: /nonce/ }],
    ['another client', { aud: 'other' }, { reason: 'answer_refused', hint: /CLAIM_COMPARISON.*audience/ }],
    ['no client', { aud: undefined }, { reason: 'answer_refused', hint: /audience/ }],
    ['an audience in a list of lists', { aud: [['web']] }, { reason: 'answer_refused' }],
    ['an untrusted audience beside ours', { aud: ['web', 'other'] }, { reason: 'answer_refused', hint: /untrusted/ }],
    ['several audiences, for another party', { aud: ['web', 'other'], azp: 'other' }, { reason: 'answer_refused', hint: /azp/ }],
    ['one audience, for another party', { azp: 'other' }, { reason: 'authorized_party_mismatch', expected: 'web', found: 'other' }],
    ['another issuer', { iss: 'https://evil.example' }, { reason: 'answer_refused', hint: /issuer/ }],
    ['a list of issuers', { iss: [server.issuer.issuer] }, { reason: 'answer_refused' }],
    ['nobody', { sub: undefined }, { reason: 'answer_refused', hint: /subject/ }],
    ['a number of a person', { sub: 42 }, { reason: 'answer_refused' }],
    ['an empty subject', { sub: '' }, { reason: 'subject_missing' }],
    ['expired', { exp: past, iat: past - 10 }, { reason: 'answer_refused', hint: /TIMESTAMP/ }],
    ['never expires', { exp: undefined }, { reason: 'answer_refused' }],
    ['expires at a time no clock shows', { exp: 1e300 }, { reason: 'time_malformed' }],
    ['from the future', { iat: seconds() + 3600 }, { reason: 'token_not_yet_valid' }],
    ['not yet', { nbf: seconds() + 3600 }, { reason: 'answer_refused', hint: /TIMESTAMP/ }],
    ['another access token', { at_hash: createHash('sha256').update('other').digest().subarray(0, 16).toString('base64url') }, { reason: 'access_token_hash_mismatch' }],
    ['a hash that is none', { at_hash: 42 }, { reason: 'access_token_hash_mismatch' }]
  ] as const) {
    t.match(await failureOf(end(claims)), { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', error: undefined, provider: 'oidc', message: 'The login could not be completed: start it again', ...expected }, name)
  }
  t.match(await end({ aud: ['web', 'other'], azp: 'web' }), { claims: { azp: 'web' } }, 'several audiences, for us')
  t.match(await end({ aud: ['web'] }), { claims: { sub: 'user-1' } })
})

t.test('clocks may differ by the tolerance', async (t) => {
  const clock = fakeClock(t)
  const { end } = clientAt(t, await loginServer(t))
  const now = Math.floor(clock.now() / 1000)
  t.match(await end({ exp: now - 8, iat: now + 8 }), { claims: { sub: 'user-1' } })
  t.match(await failureOf(end({ exp: now - 11 })), { status: 400, reason: 'answer_refused', hint: /TIMESTAMP/ })
  t.match(await failureOf(end({ iat: now + 12 })), { status: 400, reason: 'token_not_yet_valid' })
})

t.test('an ID token that is not signed by the provider is no login', async (t) => {
  const server = await loginServer(t, ['RS256', 'ES256'])
  const { issuer, answers, tokens } = server
  const { client, begin, end } = clientAt(t, server)
  const [key] = issuer.keys
  const foreign = await createKey('RS256', { kid: key!.kid })
  for (const [name, header, signer, expected] of [
    ['no algorithm', { alg: 'none' }, key, { reason: 'answer_refused', hint: /alg/ }],
    ['a secret', { alg: 'HS256' }, key, { reason: 'answer_refused', hint: /alg/ }],
    ['the key of somebody else, by the name of ours', {}, foreign, { reason: 'signature_invalid' }],
    ['the key of somebody else', { kid: 'theirs' }, foreign, { reason: 'kid_unknown' }],
    ['a key without name', { kid: undefined }, foreign, { reason: 'signature_invalid' }],
    ['another algorithm of the same key', { alg: 'RS512' }, key, { reason: /kid_unknown|signature_invalid/ }],
    ['something critical', { crit: ['b64'] }, key, { reason: 'answer_refused' }],
    ['something critical that says nothing', { crit: null }, key, { reason: /refused/ }],
    ['an access token', { typ: 'at+jwt' }, key, { reason: 'typ_refused', hint: 'this is an access token' }],
    ['a logout token', { typ: 'logout+jwt' }, key, { reason: 'typ_refused' }],
    ['a key id of any length', { kid: 'k'.repeat(600) }, key, { reason: 'kid_malformed' }]
  ] as const) {
    t.match(await failureOf(end({}, header, signer)), { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', ...expected }, name)
  }
  t.match(await end({}, { kid: undefined }), { claims: { sub: 'user-1' } }, 'no name for the only key of its algorithm')

  const transaction = await begin()
  const good = server.idToken({ nonce: transaction.nonce })
  const [head, body, signature] = good.split('.') as [string, string, string]
  const twice = Buffer.from(body, 'base64url').toString().replace('{', '{"sub":"admin",')
  const bySecret = (alg: string) => {
    const input = compact({ alg, kid: key!.kid, typ: 'JWT' }, Buffer.from(body, 'base64url'), '').slice(0, -1)
    return `${input}.${createHmac(`sha${alg.slice(2)}`, 'hunter2').update(input).digest('base64url')}`
  }
  for (const [name, idToken, expected] of [
    ['signed with the client secret', bySecret('HS256'), { reason: 'answer_refused', hint: /alg/ }],
    ['signed with the client secret, longer', bySecret('HS512'), { reason: 'answer_refused', hint: /alg/ }],
    ['no signature', `${head}.${body}.`, { reason: 'token_malformed' }],
    ['a changed payload', `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), admin: true })).toString('base64url')}.${signature}`, { reason: 'signature_invalid' }],
    ['a subject twice', issuer.sign(Buffer.from(head, 'base64url'), twice), { reason: 'token_malformed', found: 'a member twice' }],
    ['encrypted', 'a.b.c.d.e', { reason: 'answer_refused' }],
    ['no JWT', 'opaque', { reason: 'answer_refused' }],
    ['blanks before the header', issuer.sign(` ${Buffer.from(head, 'base64url')}`, Buffer.from(body, 'base64url')), { reason: 'token_malformed' }],
    ['too large', server.idToken({ nonce: transaction.nonce, more: 'x'.repeat(14_000) }), { reason: 'token_too_large' }],
    ['nothing', undefined, { reason: 'answer_refused', hint: /id_token/ }]
  ] as const) {
    answers['/token'] = tokens({ id_token: idToken })
    const outcome = await failureOf(client.finish({ code: 'code', state: transaction.state }, transaction, never))
    t.match(outcome, { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', ...expected }, name)
    if (idToken !== undefined) t.notMatch(JSON.stringify(outcome), idToken, 'and is not shown')
  }
})

t.test('every algorithm verifies, and hashes the access token its own way', async (t) => {
  const algorithms: SigningAlgorithm[] = ['RS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
  for (const alg of algorithms) {
    const server = await loginServer(t, [alg])
    const { end } = clientAt(t, server)
    const digest = createHash(alg.startsWith('Ed') ? 'sha512' : `sha${alg.slice(2)}`).update('access').digest()
    t.match(await end({ at_hash: digest.subarray(0, digest.length / 2).toString('base64url') }), { claims: { sub: 'user-1' } }, alg)
  }
})

t.test('a user may narrow the algorithms', async (t) => {
  const server = await loginServer(t, ['RS256', 'ES256'])
  const { end } = clientAt(t, server, {}, { algorithms: ['ES256'], profile: 'rfc9068' })
  t.match(await failureOf(end()), { status: 400, reason: 'answer_refused' })
  t.match(await end({}, {}, server.issuer.keys[1]), { claims: { sub: 'user-1' } }, 'how strict access tokens are is another matter')
})

t.test('a key that is new is fetched', async (t) => {
  const server = await loginServer(t)
  const { end } = clientAt(t, server)
  await end()
  const key = await server.issuer.rotate()
  t.match(await end({}, {}, key), { claims: { sub: 'user-1' } })
})

t.test('keys that cannot be had are no reason to believe, nor to refuse', async (t) => {
  const server = await loginServer(t)
  const { end } = clientAt(t, server)
  server.issuer.behave('status-500', 'jwks')
  t.match(await failureOf(end()), { status: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', reason: 'provider_unavailable', hint: /jwks: status 500$/, headers: { 'retry-after': /^\d+$/ } })
})

t.test('keys that do not come are not waited for', async (t) => {
  const deadlines = holdDeadlines(t)
  const server = await loginServer(t)
  const { end } = clientAt(t, server)
  server.issuer.behave('hang', 'jwks')
  const failure = failureOf(end())
  while (server.issuer.requests.jwks === 0) await new Promise((resolve) => setImmediate(resolve))
  deadlines.come()
  t.match(await failure, { status: 503, reason: 'provider_unavailable' })
})

t.test('where tenants share a key set, a token is of the tenant that was named', async (t) => {
  const server = await loginServer(t)
  const provider = { ...oidc({ issuer: server.issuer.issuer, audience: false }), fixedClaims: { tid: 'ours' } }
  const { end } = clientAt(t, server, { provider })
  t.match(await end({ tid: 'ours' }), { claims: { tid: 'ours' } })
  t.match(await failureOf(end({ tid: 'theirs' })), { status: 400, reason: 'claim_refused', expected: 'tid: ours', found: 'theirs' })
  t.match(await failureOf(end()), { status: 400, reason: 'claim_refused' })
})

t.test('max_age: somebody who authenticated too long ago is no login, nor somebody who does not say when', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server)
  for (const [authTime, expected] of [
    [seconds() - 30, { result: { claims: { sub: 'user-1' } } }],
    [seconds() - 3600, { reason: 'answer_refused', hint: /TIMESTAMP/ }],
    [undefined, { reason: 'answer_refused', hint: /auth_time/ }],
    ['now', { reason: 'answer_refused' }]
  ] as const) {
    const { transaction } = await client.start({ redirectUri: 'http://127.0.0.1:3000/callback', maxAge: 60 }, never)
    server.answers['/token'] = server.tokens({ id_token: server.idToken({ nonce: transaction.nonce, auth_time: authTime }) })
    t.match(await failureOf(client.finish({ code: 'code', state: transaction.state }, transaction, never)), expected)
  }
})

t.test('acr: one of those that were asked for', async (t) => {
  const server = await loginServer(t)
  const { client } = clientAt(t, server)
  for (const [acr, expected] of [
    ['silver', { result: { claims: { acr: 'silver' } } }], ['bronze', { reason: 'acr_mismatch', expected: 'gold silver', found: 'bronze' }],
    [['gold'], { reason: 'acr_mismatch' }], [undefined, { reason: 'acr_mismatch', found: 'no acr' }]
  ] as const) {
    const { transaction } = await client.start({ redirectUri: 'http://127.0.0.1:3000/callback', acrValues: 'gold silver' }, never)
    server.answers['/token'] = server.tokens({ id_token: server.idToken({ nonce: transaction.nonce, acr }) })
    t.match(await failureOf(client.finish({ code: 'code', state: transaction.state }, transaction, never)), expected)
  }
})
