import t from 'tap'
import { AuthError, InvalidTokenError } from '../../lib/errors.js'
import { Answers } from '../../lib/token/answers.js'
import type { Answer } from '../../lib/token/answers.js'
import type { AnswerPolicy } from '../../types/provider.js'
import { fakeClock } from '../support/clock.js'
import { identity } from '../support/identity.js'

const DEFAULT: AnswerPolicy = { ttl: 30_000, negativeTtl: 10_000, max: 10_000, perSecond: 100, burst: 1_000 }

/** Accepts what begins with `good`, unless told otherwise. */
function backend (policy: Partial<AnswerPolicy>, judge = (credential: string): Answer => credential.startsWith('good') ? identity() : { reason: 'token_inactive' }) {
  const answers = new Answers({ name: 'backend', policy: { ttl: 1_000, negativeTtl: 1_000, max: 100, perSecond: 1, burst: 5, ...policy }, failure: 'backend_failed', refuse: (refusal) => new InvalidTokenError(refusal) })
  let asked = 0
  return {
    asked: () => asked,
    async ask (credential: string) {
      const outcome = await Promise.resolve(answers.about(credential, () => { asked++; return judge(credential) })).catch((error: unknown) => error)
      return outcome instanceof AuthError ? [outcome.statusCode, outcome.reason, outcome.headers['retry-after']] : 'accepted'
    }
  }
}

t.test('unknown credentials past the budget are a 429, one accepted before is still asked about', async (t) => {
  const clock = fakeClock(t)
  const { asked, ask } = backend({ perSecond: 1, burst: 5 })
  t.equal(await ask('good'), 'accepted', 'which does not count')
  for (let number = 0; number < 5; number++) t.same(await ask(`bad-${number}`), [401, 'token_inactive', undefined])
  t.same(await ask('bad-0'), [401, 'token_inactive', undefined], 'what is known to be bad costs nothing')
  for (let number = 5; number < 1_000; number++) t.same(await ask(`bad-${number}`), [429, 'calls_exhausted', '1'])
  t.equal(asked(), 6)
  t.same(await ask('good-2'), [429, 'calls_exhausted', '1'], 'which one is good nobody knows yet')
  clock.advance(1_001)
  t.equal(await ask('good'), 'accepted', 'its answer is old')
  t.same(await ask('bad-0'), [401, 'token_inactive', undefined], 'a second gave one more')
  t.same(await ask('bad-1'), [429, 'calls_exhausted', '1'])
  t.equal(asked(), 8)
})

t.test('a credential that turns out good is given back: any number of them may come, one after another', async (t) => {
  fakeClock(t)
  const { asked, ask } = backend({ perSecond: 0.1, burst: 2 })
  for (let number = 0; number < 50; number++) t.equal(await ask(`good-${number}`), 'accepted')
  t.equal(asked(), 50)
  for (let number = 0; number < 2; number++) t.same(await ask(`bad-${number}`), [401, 'token_inactive', undefined])
  t.same(await ask('bad-2'), [429, 'calls_exhausted', '10'], 'no more than were there are given back')
})

t.test('while they are judged good ones count as well, and what fails is not given back', async (t) => {
  fakeClock(t)
  const { ask } = backend({ perSecond: 0.1, burst: 2 })
  t.same(await Promise.all(['good-1', 'good-2', 'good-3'].map(ask)), ['accepted', 'accepted', [429, 'calls_exhausted', '10']])
  const broken = backend({ perSecond: 0.1, burst: 2 }, () => { throw new Error('away') })
  for (let number = 0; number < 2; number++) t.same(await broken.ask(`good-${number}`), [503, 'backend_failed', '1'])
  t.same(await broken.ask('good-2'), [429, 'calls_exhausted', '10'])
})

t.test('five thousand good credentials that nobody has seen, arriving over five seconds as after a restart, are all accepted', async (t) => {
  const clock = fakeClock(t)
  const { asked, ask } = backend(DEFAULT)
  const outcomes = new Map<unknown, number>()
  for (let tenth = 0; tenth < 50; tenth++) {
    for (const outcome of await Promise.all(Array.from({ length: 100 }, (_, number) => ask(`good-${tenth}-${number}`)))) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    clock.advance(100)
  }
  t.strictSame(outcomes, new Map([['accepted', 5_000]]))
  t.equal(asked(), 5_000)
})

t.test('credentials accepted before past their budget are a 503: it is not they who are too many', async (t) => {
  const clock = fakeClock(t)
  const { ask } = backend({ ttl: 1_000, max: 1, perSecond: 0.1, burst: 1 })
  t.equal(await ask('good'), 'accepted')
  for (let times = 0; times < 3; times++) {
    clock.advance(1_001)
    t.equal(await ask('good'), 'accepted', 'once in its ttl')
  }
  const eager = backend({ ttl: 0, max: 1, perSecond: 0.1, burst: 1 })
  t.equal(await eager.ask('good'), 'accepted')
  t.equal(await eager.ask('good'), 'accepted')
  t.same(await eager.ask('good'), [503, 'calls_exhausted', '1'])
})

t.test('of those accepted before, as many as are kept may be asked about in each ttl, all at once or evenly, however small the budget', async (t) => {
  const clock = fakeClock(t)
  const { ask, asked } = backend({ ttl: 2_000, max: 20, perSecond: 0.1, burst: 1 })
  const keys = Array.from({ length: 20 }, (_, number) => `good-${number}`)
  for (const key of keys) t.equal(await ask(key), 'accepted')
  clock.advance(2_000)
  t.same(new Set(await Promise.all(keys.map(ask))), new Set(['accepted']), 'all at once')
  for (let round = 0; round < 3; round++) {
    for (const key of keys) {
      clock.advance(100.001)
      t.equal(await ask(key), 'accepted', 'evenly')
    }
  }
  t.ok(asked() > 60)
})

t.test('where the budget is larger than that, it is the budget of those accepted before as well', async (t) => {
  const clock = fakeClock(t)
  const { ask } = backend({ ttl: 0, max: 1, perSecond: 10, burst: 3 })
  t.equal(await ask('good'), 'accepted')
  for (let times = 0; times < 3; times++) t.equal(await ask('good'), 'accepted')
  t.same(await ask('good'), [503, 'calls_exhausted', '1'])
  clock.advance(101)
  t.equal(await ask('good'), 'accepted')
  t.same(await ask('good'), [503, 'calls_exhausted', '1'])
})

t.test('a credential that was revoked is asked about on the budget of unknown ones from then on', async (t) => {
  const clock = fakeClock(t)
  const revoked = new Set<string>()
  const { ask, asked } = backend({ ttl: 1_000, negativeTtl: 1_000, perSecond: 0.1, burst: 1 }, (credential) => revoked.has(credential) || credential.startsWith('bad') ? { reason: 'token_inactive' } : identity())
  t.equal(await ask('key'), 'accepted')
  revoked.add('key')
  clock.advance(1_000)
  t.same(await ask('key'), [401, 'token_inactive', undefined])
  t.same(await ask('bad'), [401, 'token_inactive', undefined], 'the only call there is')
  clock.advance(1_500)
  t.same(await ask('key'), [429, 'calls_exhausted', '9'])
  t.equal(asked(), 3)
})
