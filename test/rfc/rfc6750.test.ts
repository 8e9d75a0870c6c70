import t, { test } from 'tap'
import { insufficientScope, invalidRequest, invalidToken, missing, welcome } from '../support/expected-answers.js'
import type { Answer } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { send } from '../support/wire.js'
import type { WireRequest } from '../support/wire.js'

const gate = await openGate(t)
await gate.app.listen({ port: 0, host: '127.0.0.1' })
const token = gate.issuer.token()
const expired = gate.issuer.token({ exp: 1 })

/** Asks over a real connection. */
async function wire (request: WireRequest): Promise<Answer> {
  const { statusCode, headers, body } = await send(gate.app, request)
  return { status: statusCode, challenge: headers['www-authenticate'], body: JSON.parse(body), reason: gate.reason() }
}

test('RFC 6750 section 2.1: the token comes in the Authorization header', async (t) => {
  t.same(await wire({ headers: [['Authorization', `Bearer ${token}`]] }), welcome())
})

test('RFC 6750 section 2.1, RFC 9110 section 11.1: the scheme is case-insensitive', async (t) => {
  for (const scheme of ['bearer', 'BEARER', 'bEARER']) {
    t.same(await wire({ headers: [['AUTHORIZATION', `${scheme} ${token}`]] }), welcome(), scheme)
  }
})

test('RFC 9110 section 11.4: one or more spaces stand between scheme and token', async (t) => {
  for (const spaces of [' ', '  ', '     ']) t.same(await wire({ headers: [['authorization', `Bearer${spaces}${token}`]] }), welcome())
})

test('RFC 9110 section 5.5: white space around a field value is no part of it', async (t) => {
  t.same(await wire({ headers: [['authorization', ` \t Bearer ${token} \t `]] }), welcome())
})

const elsewhere: ReadonlyArray<readonly [title: string, request: WireRequest]> = [
  ['the query', { path: `/?access_token=${token}` }],
  ['a form', { method: 'POST', headers: [['Content-Type', 'application/x-www-form-urlencoded']], body: `access_token=${token}` }],
  ['a JSON body', { method: 'POST', headers: [['Content-Type', 'application/json']], body: JSON.stringify({ access_token: token }) }],
  ['a cookie', { headers: [['Cookie', `access_token=${token}; authorization=Bearer ${token}`]] }],
  ['a Proxy-Authorization header', { headers: [['Proxy-Authorization', `Bearer ${token}`]] }],
  ['an Authorization header spelled with an underscore', { headers: [['X_Authorization', `Bearer ${token}`], ['HTTP_AUTHORIZATION', `Bearer ${token}`]] }],
  ['a header of its own', { headers: [['X-Access-Token', token], ['Access-Token', token]] }]
]

for (const [title, request] of elsewhere) {
  test(`RFC 6750 section 2.2 and 2.3 are not offered: a token in ${title} is not looked at`, async (t) => {
    t.same(await wire(request), missing('header_missing'))
  })
}

test('a token in query or body beside one in the header changes nothing', async (t) => {
  const headers = [['Authorization', `Bearer ${token}`], ['Content-Type', 'application/json']] as const
  t.same(await wire({ method: 'POST', path: `/?access_token=${expired}`, headers, body: JSON.stringify({ access_token: expired }) }), welcome())
})

const nothing: ReadonlyArray<readonly [authorization: string, reason: 'header_missing' | 'scheme_unsupported']> = [
  ['', 'scheme_unsupported'],
  ['Basic dXNlcjpwYXNz', 'scheme_unsupported'],
  ['Digest username="user"', 'scheme_unsupported'],
  ['Negotiate', 'scheme_unsupported'],
  [`Token ${token}`, 'scheme_unsupported'],
  [`JWT ${token}`, 'scheme_unsupported'],
  [`Bearers ${token}`, 'scheme_unsupported'],
  [`Bearer=${token}`, 'scheme_unsupported'],
  [`Bearer: ${token}`, 'scheme_unsupported'],
  [`Bearer\t${token}`, 'scheme_unsupported'],
  [token, 'scheme_unsupported']
]

test('RFC 6750 section 3.1: nothing was sent, and the challenge names no error', async (t) => {
  t.same(await wire({}), missing('header_missing'))
  t.same(await gate.ask(undefined, { url: '/messages' }), missing('header_missing', 'read:messages'))
})

for (const [authorization, reason] of nothing) {
  test(`RFC 6750 section 3.1: another scheme is as if nothing was sent: ${authorization.replace(token, '…')}`, async (t) => {
    t.same(await wire({ headers: [['Authorization', authorization]] }), missing(reason))
  })
}

const malformed: ReadonlyArray<readonly [authorization: string, reason: Parameters<typeof invalidRequest>[0]]> = [
  ['Bearer', 'header_malformed'],
  ['bearer   ', 'header_malformed'],
  ['Bearer a b', 'header_malformed'],
  [`Bearer ${token} ${token}`, 'header_malformed'],
  [`Bearer ${token},`, 'header_malformed'],
  [`Bearer ${token}, Bearer ${token}`, 'header_malformed'],
  [`Bearer Bearer ${token}`, 'header_malformed'],
  [`Bearer "${token}"`, 'token_quoted'],
  [`Bearer '${token}'`, 'token_quoted'],
  ['Bearer <token>', 'token_quoted'],
  [`Bearer token="${token}"`, 'token_quoted'],
  [`Bearer ${token.replace('.', '=.')}`, 'header_malformed'],
  [`Bearer ${token.replace('.', '\t.')}`, 'header_malformed'],
  [`Bearer \t${token}`, 'header_malformed'],
  [`Bearer  \t${token}`, 'header_malformed'],
  [`Bearer ${token}\xA0`, 'header_malformed'],
  [`Bearer  \xA0${token}`, 'header_malformed'],
  ['Bearer ü', 'header_malformed'],
  ['Bearer =', 'header_malformed']
]

for (const [authorization, reason] of malformed) {
  test(`RFC 6750 section 3.1, invalid_request: ${JSON.stringify(authorization.replaceAll(token, '…').slice(0, 60))}`, async (t) => {
    t.same(await wire({ headers: [['Authorization', authorization]] }), invalidRequest(reason))
  })
}

test('RFC 6750 section 3.1, invalid_request: two Authorization headers, whatever is in them', async (t) => {
  for (const [first, second] of [[`Bearer ${token}`, `Bearer ${token}`], [`Bearer ${token}`, 'Basic dTpw'], ['Basic dTpw', `Bearer ${token}`], ['', `Bearer ${token}`], ['', '']] as const) {
    t.same(await wire({ headers: [['Authorization', first], ['authorization', second]] }), invalidRequest('header_repeated'))
  }
})

test('RFC 6750 section 3.1, invalid_token: expired, malformed, of another key', async (t) => {
  t.same(await wire({ headers: [['Authorization', `Bearer ${expired}`]] }), invalidToken('token_expired'))
  t.same(await gate.bearer('mF_9.B5f-4.1JqM'), invalidToken('token_malformed'))
  t.same(await gate.bearer('undefined'), invalidToken('token_quoted'))
  t.same(await gate.bearer(`${token}==`), invalidToken('signature_invalid'))
  t.same(await gate.bearer(token.slice(0, -6)), invalidToken('signature_invalid'))
})

test('RFC 6750 section 3.1, insufficient_scope: 403, and the scope that would do', async (t) => {
  t.same(await gate.bearer(token, '/messages'), insufficientScope('read:messages'))
  t.same(await gate.bearer(gate.issuer.token({ scope: 'write:messages read:message' }), '/messages'), insufficientScope('read:messages'))
  const reader = gate.issuer.token({ scope: 'write:messages read:messages' })
  t.same(await gate.bearer(reader, '/messages'), { status: 200, challenge: undefined, body: { scopes: ['write:messages', 'read:messages'] }, reason: undefined })
})

test('a bad token is told apart from a good one without the scope', async (t) => {
  t.same(await gate.bearer(expired, '/messages'), invalidToken('token_expired'))
})

test('HEAD is answered like GET, without a body', async (t) => {
  const { statusCode, headers, body } = await send(gate.app, { method: 'HEAD', headers: [['Authorization', `Bearer ${expired}`]] })
  t.same({ status: statusCode, challenge: headers['www-authenticate'], body, reason: gate.reason() }, { ...invalidToken('token_expired'), body: '' })
})
