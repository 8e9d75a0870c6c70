import t from 'tap'
import { ForbiddenError, NotAuthenticatedError, UnavailableError } from '../../lib/errors.js'
import { failed, JudgeFailure } from '../../lib/token/judge-failure.js'

const KEY = 'acme_0123456789abcdef'
const LEFT_OUT = '[left out: repeats what the caller sent]'
const source = { name: 'backend', failure: 'backend_failed' } as const
const hint = (error: unknown, sent = KEY) => failed(error, sent, source).refusal.hint
const named = (name: unknown, message: unknown = 'x') => Object.assign(new Error('x'), { name, message })

t.test('what failed is a 503 that is told without what the caller sent', async (t) => {
  for (const [error, expected] of [
    [new Error('the database is away'), 'Error: the database is away'],
    [new TypeError('x is not a function'), 'TypeError: x is not a function'],
    [new Error(''), 'Error: '],
    [new Error(`no key ${KEY}`), `Error: ${LEFT_OUT}`],
    [new Error(`${KEY}${KEY}`), `Error: ${LEFT_OUT}`],
    [new SyntaxError(`Unexpected token 'a', "${KEY.slice(0, 10)}"... is not valid JSON`), `SyntaxError: ${LEFT_OUT}`],
    [new Error('no key 456789ab'), `Error: ${LEFT_OUT}`],
    [new Error('no key 456789'), 'Error: no key 456789'],
    [new Error('eyJhbGciOiJub25lIn0'), 'Error: [left out: looks like a token]'],
    [new Error('a '.repeat(1_000)), `Error: ${'a '.repeat(100)}…`],
    [named('Error', 42), 'Error: 42'],
    [named('Error', Symbol('y')), 'Error: Symbol(y)'],
    [KEY, 'what it threw is no Error'],
    [undefined, 'what it threw is no Error'],
    [{ message: KEY }, 'what it threw is no Error']
  ]) t.equal(hint(error), expected)
  t.equal(hint(new Error('wrong: a1'), 'a1'), `Error: ${LEFT_OUT}`, 'all of a short one')
  t.equal(hint(new Error('boom'), ''), 'Error: boom', 'nothing was sent')
  t.match(failed(new Error('away'), KEY, source), { statusCode: 503, reason: 'backend_failed', refusal: { provider: 'backend' }, headers: { 'retry-after': '1' } })
})

t.test('a name that is no class name is not repeated', async (t) => {
  for (const name of ['', 'acme key', 'lower', `A${'b'.repeat(41)}`, KEY, 'Två', 42, undefined, null, Symbol('Z'), {}, 'Error\n']) t.equal(hint(named(name)), 'Error: x', String(name))
  for (const name of ['PostgresError', 'E', `A${'b'.repeat(40)}`, 'HTTP_404']) t.equal(hint(named(name)), `${name}: x`)
  t.equal(hint(named('Acme0123456789'), 'Acme0123456789'), `Error: ${LEFT_OUT}`, 'nor one that is a credential')
  t.equal(hint(named('PostgresError', KEY)), `PostgresError: ${LEFT_OUT}`)
})

t.test('an error that cannot be read is survived', async (t) => {
  const unreadable = () => { throw new RangeError(KEY) }
  for (const error of [
    Object.defineProperty(new Error('x'), 'message', { get: unreadable }),
    Object.defineProperty(new Error('x'), 'name', { get: unreadable }),
    named('Error', { toString: unreadable }),
    named({ toString: unreadable }),
    named('Error', Object.create(null))
  ]) t.equal(hint(error), 'an Error that cannot be read')
})

t.test('a failure that we name is told as we named it, with the wish of whoever judges', async (t) => {
  t.match(failed(new JudgeFailure('status 500'), KEY, source), { statusCode: 503, reason: 'backend_failed', refusal: { provider: 'backend', hint: 'status 500' }, headers: { 'retry-after': '1' } })
  t.match(failed(new JudgeFailure('status 429', 6.2), KEY, source), { refusal: { hint: 'status 429' }, headers: { 'retry-after': '7' } })
  t.match(new JudgeFailure('status 500'), { name: 'JudgeFailure', message: 'status 500', retryAfter: undefined })
})

t.test('it is a new error on each call, for error handlers write on them', async (t) => {
  for (const error of [new Error('away'), new JudgeFailure('away'), 'away']) t.not(failed(error, KEY, source), failed(error, KEY, source))
})

t.test('a refusal of the app itself is passed on, unless it speaks to developers', async (t) => {
  for (const refusal of [new ForbiddenError({ reason: 'authorize_refused' }), new UnavailableError({ reason: 'keys_unavailable' }, 7)]) t.equal(failed(refusal, KEY, source), refusal)
  const mistake = new NotAuthenticatedError({ reason: 'header_missing' }, 'request.auth.subject: nobody is authenticated')
  t.equal(mistake.statusCode, 500)
  t.match(failed(mistake, KEY, source), { statusCode: 503, reason: 'backend_failed', refusal: { hint: 'NotAuthenticatedError: request.auth.subject: nobody is authenticated' } })
})

t.test('however long message and credential are, little of the message is looked at', async (t) => {
  let looks = 0
  const { includes } = String.prototype
  t.intercept(String.prototype, 'includes', { value (this: string, part: string) { looks++; return includes.call(this, part) } })
  const longest = hint(new Error(`${'a'.repeat(7)}b`.repeat(100_000)), 'a'.repeat(16_000))
  t.ok(longest !== undefined && longest.length < 250)
  t.ok(looks > 0 && looks < 500, `${looks} looks`)
})
