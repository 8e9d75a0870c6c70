import t from 'tap'
import { AuthError, InvalidTokenError } from '../../lib/errors.js'
import { Answers, failed } from '../../lib/token/answers.js'
import { fakeClock } from '../support/clock.js'
import { identity } from '../support/identity.js'

function backend (policy: { perSecond: number, burst: number }) {
  const answers = new Answers({ name: 'backend', policy: { ttl: 1_000, negativeTtl: 1_000, max: 100, ...policy }, failure: 'backend_failed', refuse: (refusal) => new InvalidTokenError(refusal) })
  let asked = 0
  return {
    asked: () => asked,
    async ask (credential: string) {
      const outcome = await Promise.resolve(answers.about(credential, () => { asked++; return credential.startsWith('good') ? identity() : { reason: 'token_inactive' } })).catch((error: unknown) => error)
      return outcome instanceof AuthError ? [outcome.statusCode, outcome.reason, outcome.headers['retry-after']] : 'accepted'
    }
  }
}

t.test('unknown credentials past the budget are a 429, one accepted before is still asked about', async (t) => {
  const clock = fakeClock(t)
  const { asked, ask } = backend({ perSecond: 1, burst: 5 })
  t.equal(await ask('good'), 'accepted')
  for (let number = 0; number < 4; number++) t.same(await ask(`bad-${number}`), [401, 'token_inactive', undefined])
  t.same(await ask('bad-0'), [401, 'token_inactive', undefined], 'what is known to be bad costs nothing')
  for (let number = 4; number < 1_000; number++) t.same(await ask(`bad-${number}`), [429, 'calls_exhausted', '1'])
  t.equal(asked(), 5)
  t.same(await ask('good-2'), [429, 'calls_exhausted', '1'], 'which one is good nobody knows yet')
  clock.advance(1_001)
  t.equal(await ask('good'), 'accepted', 'its answer is old')
  t.same(await ask('bad-0'), [401, 'token_inactive', undefined], 'a second gave one more')
  t.same(await ask('bad-1'), [429, 'calls_exhausted', '1'])
  t.equal(asked(), 7)
})

t.test('credentials accepted before past their budget are a 503: it is not they who are too many', async (t) => {
  const clock = fakeClock(t)
  const { ask } = backend({ perSecond: 0.1, burst: 1 })
  t.equal(await ask('good'), 'accepted')
  clock.advance(1_001)
  t.equal(await ask('good'), 'accepted')
  clock.advance(1_001)
  t.same(await ask('good'), [503, 'calls_exhausted', '9'])
})

t.test('what failed is told without what the caller sent', async (t) => {
  const secrets = 'acme_0123456789abcdef'
  const hint = (error: unknown, sent = secrets) => failed(error, sent, { name: 'backend', failure: 'backend_failed' }).refusal.hint
  for (const [error, expected] of [
    [new Error('the database is away'), 'Error: the database is away'],
    [new TypeError('x is not a function'), 'TypeError: x is not a function'],
    [new Error(''), 'Error: '],
    [new Error('short'), 'Error: short'],
    [new Error(`no key ${secrets}`), 'Error: [left out: repeats what the caller sent]'],
    [new Error(`${secrets}${secrets}`), 'Error: [left out: repeats what the caller sent]'],
    [new SyntaxError(`Unexpected token 'a', "${secrets.slice(0, 10)}"... is not valid JSON`), 'SyntaxError: [left out: repeats what the caller sent]'],
    [new Error('no key 456789ab'), 'Error: [left out: repeats what the caller sent]'],
    [new Error('no key 456789'), 'Error: no key 456789'],
    [new Error('eyJhbGciOiJub25lIn0'), 'Error: [left out: looks like a token]'],
    [new Error('a '.repeat(1_000)), `Error: ${'a '.repeat(100)}…`],
    [Object.assign(new Error('x'), { message: 42 }), 'Error: 42'],
    [Object.assign(new Error('x'), { message: Symbol('y'), name: Symbol('z') }), 'Symbol(z): Symbol(y)'],
    [secrets, 'what it threw is no Error'],
    [undefined, 'what it threw is no Error'],
    [{ message: secrets }, 'what it threw is no Error']
  ]) t.equal(hint(error), expected)
  t.equal(hint(new Error('wrong: a1'), 'a1'), 'Error: [left out: repeats what the caller sent]', 'all of a short one')
  t.equal(hint(new Error('boom'), ''), 'Error: boom', 'nothing was sent')
})

t.test('a long credential in a long message is looked for in reasonable time', async (t) => {
  const started = process.cpuUsage()
  for (let times = 0; times < 10; times++) failed(new Error(`${'a'.repeat(7)}b`.repeat(1_000)), 'a'.repeat(16_000), { name: 'backend', failure: 'backend_failed' })
  t.ok(process.cpuUsage(started).user < 1_000_000, 'less than a second of CPU time')
})
