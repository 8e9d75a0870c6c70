import t from 'tap'
import type { Reason } from '../lib/index.js'
import { guardedApi, INVALID_TOKEN, trusting } from './support/guarded-api.js'
import type { Answer } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'

const issuer = await createIssuer()
const tenant = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => Promise.all([issuer.close(), tenant.close()]))

const audience = 'https://api.example'
const base = issuer.issuer
const attacker = await createKey('RS256', { kid: 'unknown' })
const seconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead
const asIdToken = { typ: 'JWT' }

const MALFORMED = 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token'
const MISSING: Answer = {
  status: 401,
  body: { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' },
  challenge: 'Bearer realm="api"',
  retryAfter: undefined
}
const INVALID_REQUEST: Answer = {
  status: 400,
  body: { statusCode: 400, code: 'GATEHOUSE_CREDENTIAL_MALFORMED', error: 'Bad Request', message: MALFORMED },
  challenge: `Bearer realm="api", error="invalid_request", error_description="${MALFORMED}"`,
  retryAfter: undefined
}

interface Row {
  name: string
  /** Made when it is sent: a token's times are those of the moment. */
  authorization: () => string | undefined
  answer: Answer
  reason: Reason
  /** The rest of the log line, all of it. */
  says: Record<string, unknown>
}

const bad = (name: string, token: () => string, reason: Reason, says: Row['says']): Row =>
  ({ name, authorization: () => `Bearer ${token()}`, answer: INVALID_TOKEN, reason, says })
const malformed = (name: string, authorization: () => string, reason: Reason, says: Row['says']): Row =>
  ({ name, authorization, answer: INVALID_REQUEST, reason, says })

const wrongIssuer = (name: string, iss: string, hint: string): Row =>
  bad(name, () => issuer.token({ iss }), 'issuer_mismatch', { expected: [base], found: iss, hint })
const wrongAudience = (name: string, aud: unknown, hint: string): Row =>
  bad(name, () => issuer.token({ aud }), 'audience_mismatch', { provider: 'oidc', clientId: 'client-1', expected: [audience], found: aud ?? 'no aud', hint })

const elsewhere = 'the token is from another tenant or server, or from a custom domain of the same one'
const notHere = 'send Authorization: Bearer <token>; some proxies strip the header'
const bySubject = { provider: 'oidc', clientId: 'client-1' }
const idToken = 'this is an ID token: the client must send its access token'
const placeholder = 'a placeholder was sent instead of a token'
const late = 'the client should get a new token before the old one expires'

const table: Row[] = [
  wrongIssuer('an issuer that differs by a slash', `${base}/`, 'issuer differs only by a trailing slash'),
  wrongIssuer('an issuer that differs by http and https', base.replace('http:', 'https:'), 'issuer differs only by http and https'),
  wrongIssuer('an issuer that differs in case', base.replace('http:', 'HTTP:'), 'issuer differs only in letter case'),
  wrongIssuer('another tenant', tenant.issuer, elsewhere),
  wrongAudience('an audience that differs by a slash', `${audience}/`, 'audience differs only by a trailing slash'),
  wrongAudience('an audience that differs in case', 'https://API.example', 'audience differs only in letter case'),
  wrongAudience('an audience that differs by its scheme', 'api.example', 'audience differs only by its scheme'),
  wrongAudience('another API', 'https://other.example', "the token's audience is another API of yours"),
  wrongAudience('other APIs', ['https://other.example', `${base}/userinfo`], "the token's audience is another API of yours"),
  wrongAudience('userinfo alone', `${base}/userinfo`, 'the client did not ask for the audience of this API'),
  wrongAudience('the client id as audience', 'client-1', idToken),
  wrongAudience('no audience', undefined, 'the client must ask the provider for a token of this audience'),
  bad('an ID token for this audience', () => issuer.token({ nonce: 'n-0S6_WzA2Mj' }, asIdToken), 'id_token', { ...bySubject, found: 'the claim nonce', hint: idToken }),
  bad('a logout token', () => issuer.token({ events: {} }, asIdToken), 'not_an_access_token', { ...bySubject, found: 'the claim events' }),
  bad('an ID token by its token_use', () => issuer.token({ token_use: 'id' }, asIdToken), 'not_an_access_token', { ...bySubject, found: 'token_use: id' }),
  bad('expired less than a minute ago', () => issuer.token({ exp: seconds(-30) }), 'token_expired', { ...bySubject, found: /^expired 3\d s ago$/, hint: 'expired less than a minute ago: are the clocks in step?' }),
  bad('expired an hour ago', () => issuer.token({ exp: seconds(-3600) }), 'token_expired', { ...bySubject, found: /^expired 360\d s ago$/, hint: late }),
  bad('not yet valid', () => issuer.token({ nbf: seconds(90) }), 'token_not_yet_valid', { ...bySubject, found: /^nbf is (90|8\d) s ahead$/, hint: "this server's clock is probably behind" }),
  bad('issued in the future', () => issuer.token({ iat: seconds(90) }), 'token_not_yet_valid', { ...bySubject, found: /^iat is (90|8\d) s ahead$/, hint: "this server's clock is probably behind" }),
  bad('bound to its sender', () => issuer.token({ cnf: { jkt: 'thumbprint' } }), 'binding_unverifiable', { ...bySubject, found: 'a cnf claim with other members than jkt and x5t#S256, or of another form', hint: 'the token is bound to its sender in a way this API cannot check' }),
  bad('without subject', () => issuer.token({ sub: undefined }), 'subject_missing', { ...bySubject, hint: /^the token has no sub: name the claim/ }),
  bad('a key id that is unknown', () => issuer.token({}, {}, attacker), 'kid_unknown', { provider: 'oidc', kid: 'unknown', hint: 'the key was rotated away, or the token is from another server with the same issuer' }),
  bad('a signature of another key', () => issuer.token({}, { kid: issuer.keys[0]?.kid }, attacker), 'signature_invalid', { provider: 'oidc', kid: issuer.keys[0]?.kid }),
  bad('HS256', () => issuer.token({}, { alg: 'HS256' }), 'alg_symmetric', { provider: 'oidc', found: 'HS256', expected: /RS256/, hint: 'set the signing algorithm of the API to RS256 or ES256 at the provider' }),
  bad('an opaque token', () => 'c2VjcmV0LW9wYXF1ZS10b2tlbg', 'token_opaque', { hint: 'not a JWT: did the client ask the provider for a token of this audience?' }),
  bad('an encrypted token', () => 'eyJhbGciOiJkaXIifQ..c2VjcmV0.c2VjcmV0.c2VjcmV0', 'token_encrypted', { hint: 'encrypted tokens (JWE) are not supported: let the provider sign only' }),
  ...['undefined', 'null', 'YOUR_ACCESS_TOKEN'].map((token) => bad(`the placeholder ${token}`, () => token, 'token_quoted', { hint: placeholder })),
  malformed('the placeholder <token>', () => 'Bearer <token>', 'token_quoted', { hint: placeholder }),
  malformed('a quoted token', () => `Bearer "${issuer.token()}"`, 'token_quoted', { hint: 'remove the quotes around the token' }),
  malformed('the scheme twice', () => `Bearer Bearer ${issuer.token()}`, 'header_malformed', { hint: 'the scheme is written twice' }),
  malformed('the scheme alone', () => 'Bearer', 'header_malformed', { found: 'the scheme alone', hint: 'send Authorization: Bearer <token>' }),
  malformed('two tokens', () => `Bearer ${issuer.token()} ${issuer.token()}`, 'header_malformed', { hint: 'send exactly one token after the scheme' }),
  { name: 'no header', authorization: () => undefined, answer: MISSING, reason: 'header_missing', says: { hint: notHere } },
  { name: 'another scheme', authorization: () => 'Basic dXNlcjpwYXNzd29yZA==', answer: MISSING, reason: 'scheme_unsupported', says: { found: /^basic$/i, hint: notHere } },
  { name: 'a token without a scheme', authorization: () => issuer.token(), answer: MISSING, reason: 'scheme_unsupported', says: { found: 'no known scheme', hint: notHere } }
]

const { app, logs, refusals } = await guardedApi(t, issuer, { provider: trusting(issuer, { audience }) })
await app.gatehouse.ready()

for (const { name, authorization: make, answer, reason, says } of table) {
  t.test(`${name}: the log says why in one line, and the answer does not`, async (t) => {
    logs.lines.length = 0
    const authorization = make()
    const headers = authorization === undefined ? {} : { authorization }
    const { statusCode: status, headers: sent, body } = await app.inject({ url: '/', headers })
    t.same({ status, body: JSON.parse(body), challenge: sent['www-authenticate'], retryAfter: sent['retry-after'] }, answer)

    t.equal(refusals().length, 1)
    const [line = {}] = refusals()
    t.match(line, { reason, ...says })
    t.same(new Set(Object.keys(line)), new Set(['code', 'reason', ...Object.keys(says)]), 'and nothing more')
    for (const part of (authorization ?? '').split(/[ ."]+/).filter((part) => part.length > 20)) t.notOk(JSON.stringify(logs.lines).includes(part), 'no part of a token')
  })
}
