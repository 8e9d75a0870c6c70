import t from 'tap'
import { notToken68, sentToken } from '../lib/credentials.js'
import { InvalidRequestError } from '../lib/errors.js'
import type { Refusal } from '../lib/refusal.js'

/** The token alone, or why there is none, where DPoP is no scheme. */
function bearerToken (rawHeaders: readonly string[]) {
  const sent = sentToken(rawHeaders, false)
  return 'token' in sent ? sent.token : sent
}

/** What a call is refused with as a malformed request; undefined if it is not refused. */
function malformed (call: () => unknown): Refusal | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.refusal
    throw error
  }
}

t.test('the token stands behind the scheme, whose case does not matter', async (t) => {
  for (const value of ['Bearer abc', 'bearer abc', 'BEARER abc', 'bEaReR abc', 'Bearer   abc']) {
    t.equal(bearerToken(['Authorization', value]), 'abc', JSON.stringify(value))
  }
  for (const name of ['authorization', 'AUTHORIZATION', 'Authorization']) t.equal(bearerToken(['host', 'a', name, 'Bearer abc', 'accept', '*/*']), 'abc')
})

t.test('only the Authorization header is read', async (t) => {
  const nothing = { reason: 'header_missing' }
  for (const headers of [
    [],
    ['host', 'api.example', 'accept', '*/*'],
    ['x-authorization', 'Bearer abc'],
    ['proxy-authorization', 'Bearer abc'],
    ['authorisation', 'Bearer abc'],
    ['authorization_', 'Bearer abc'],
    ['cookie', 'authorization=Bearer abc'],
    ['x-header', 'authorization', 'accept', 'Bearer abc']
  ]) t.strictSame(bearerToken(headers), nothing, headers.join(' '))
  t.ok(Object.isFrozen(bearerToken([])), 'the answer is shared by all requests')
})

t.test('another scheme is as good as nothing, and nothing of a credential is kept', async (t) => {
  for (const [value, found] of [
    ['Basic dXNlcjpodW50ZXIy', 'basic'],
    ['DPoP abc', 'dpop'],
    ['Digest username="a"', 'digest'],
    ['Bearers abc', 'no known scheme'],
    ['Token abc', 'token'],
    ['hunter2', 'no known scheme'],
    ['hunter2 abc', 'no known scheme'],
    ['', 'no known scheme'],
    ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln', 'no known scheme'],
    ['hunter2hunter2hunter2 abc', 'no known scheme'],
    ['"Bearer abc"', 'no known scheme'],
    ['Bearer,abc', 'no known scheme'],
    ['Bearer\tabc', 'no known scheme']
  ] as const) t.strictSame(bearerToken(['authorization', value]), { reason: 'scheme_unsupported', found }, value)
})

t.test('the scheme alone is a malformed request', async (t) => {
  for (const value of ['Bearer', 'bearer']) {
    t.strictSame(malformed(() => bearerToken(['authorization', value])),
      { reason: 'header_malformed', found: 'the scheme alone', hint: 'send Authorization: Bearer <token>' }, JSON.stringify(value))
  }
  // Node takes white space off the end of a header; should it come nevertheless, the token is an empty one.
  for (const value of ['Bearer ', 'Bearer   ']) t.equal(bearerToken(['authorization', value]), '')
})

t.test('two Authorization headers are a malformed request, whatever stands in them', async (t) => {
  for (const [first, second] of [['Bearer a', 'Bearer b'], ['Bearer a', 'Bearer a'], ['Basic a', 'Bearer b'], ['Bearer a', ''], ['', '']]) {
    t.strictSame(malformed(() => bearerToken(['authorization', first!, 'host', 'a', 'AUTHORIZATION', second!])),
      { reason: 'header_repeated', hint: 'a client or a proxy adds a second authorization header' })
  }
})

t.test('only spaces separate: other white space is part of the token, and makes it malformed', async (t) => {
  for (const [value, token] of [
    ['Bearer abc\u00a0', 'abc\u00a0'],
    ['Bearer \u00a0abc', '\u00a0abc'],
    ['Bearer  \u00a0abc', '\u00a0abc'],
    ['Bearer  \tabc', '\tabc']
  ] as const) {
    t.equal(bearerToken(['authorization', value]), token, JSON.stringify(value))
    t.equal(notToken68(token)?.refusal.reason, 'header_malformed')
  }
  t.strictSame(bearerToken(['authorization', '\u00a0Bearer abc']), { reason: 'scheme_unsupported', found: 'no known scheme' })
})

t.test('a token68 value passes, RFC 9110 section 11.2', async (t) => {
  for (const token of ['a', 'abc', 'a.b.c', '0-9._~+/AZaz', 'abc=', 'abc==']) t.equal(notToken68(token), undefined, token)
})

t.test('what is not exactly one token68 value is a malformed request', async (t) => {
  const hint = 'send exactly one token after the scheme'
  for (const [token, refusal] of [
    ['', { reason: 'header_malformed', hint }],
    ['=', { reason: 'header_malformed', hint }],
    ['a=b', { reason: 'header_malformed', hint }],
    ['a b', { reason: 'header_malformed', hint }],
    ['a,b', { reason: 'header_malformed', hint }],
    ['a, Bearer b', { reason: 'header_malformed', hint }],
    ['abc\u00a0', { reason: 'header_malformed', hint }],
    ['abc\n', { reason: 'header_malformed', hint }],
    ['äbc', { reason: 'header_malformed', hint }],
    ['<token>x', { reason: 'header_malformed', hint }],
    ['token="abc"x', { reason: 'header_malformed', hint }],
    ['Bearer abc', { reason: 'header_malformed', hint: 'the scheme is written twice' }],
    ['bearer abc', { reason: 'header_malformed', hint: 'the scheme is written twice' }],
    ['"abc"', { reason: 'token_quoted', hint: 'remove the quotes around the token' }],
    ["'abc", { reason: 'token_quoted', hint: 'remove the quotes around the token' }],
    ['abc"', { reason: 'token_quoted', hint: 'remove the quotes around the token' }],
    ['<token>', { reason: 'token_quoted', hint: 'a placeholder was sent instead of a token' }],
    ['<your token here>', { reason: 'token_quoted', hint: 'a placeholder was sent instead of a token' }]
  ] as const) {
    t.type(notToken68(token), InvalidRequestError)
    t.strictSame(notToken68(token)?.refusal, refusal, JSON.stringify(token))
  }
})

t.test('a long text is judged in linear time', async (t) => {
  const started = process.cpuUsage()
  for (const token of ['='.repeat(100_000) + '!', 'a'.repeat(100_000) + '!', '<'.repeat(100_000), 'Bearer '.repeat(20_000)]) {
    t.ok(notToken68(token))
  }
  t.ok(process.cpuUsage(started).user < 1_000_000, 'less than a second of CPU time')
})

t.test('where DPoP is a scheme, its token is taken like a Bearer token, in whatever case it is written', async (t) => {
  for (const scheme of ['DPoP', 'dpop', 'DPOP', 'dPoP']) {
    t.strictSame(sentToken(['authorization', `${scheme}  a.b.c`], true), { scheme: 'DPoP', token: 'a.b.c', hasProof: false })
    t.strictSame(sentToken(['authorization', `${scheme} a.b.c`], false), { reason: 'scheme_unsupported', found: 'dpop' })
    t.strictSame(malformed(() => sentToken(['authorization', scheme], true)), { reason: 'header_malformed', found: 'the scheme alone', hint: 'send Authorization: DPoP <token>' })
    t.strictSame(sentToken(['authorization', scheme], false), { reason: 'scheme_unsupported', found: 'dpop' })
  }
})

t.test('whether a proof came is told where it matters, however its header is written', async (t) => {
  for (const name of ['DPoP', 'dpop', 'DPOP']) {
    for (const value of ['', 'a.b.c']) {
      t.strictSame(sentToken([name, value, 'authorization', 'Bearer a'], true), { scheme: 'Bearer', token: 'a', hasProof: true })
      t.strictSame(sentToken(['authorization', 'Bearer a', name, value], false), { scheme: 'Bearer', token: 'a', hasProof: false })
    }
  }
  t.strictSame(sentToken(['x', 'dpop', 'authorization', 'Bearer a'], true), { scheme: 'Bearer', token: 'a', hasProof: false }, 'a value is no name')
})
