import t from 'tap'
import { AuthError, InvalidTokenError } from '../../lib/errors.js'
import { Answers } from '../../lib/token/answers.js'
import { JudgeFailure } from '../../lib/token/judge-failure.js'
import { fakeClock } from '../support/clock.js'
import { identity } from '../support/identity.js'

/** Accepts everything while nothing else is told. */
function backend () {
  const answers = new Answers({
    name: 'backend', policy: { ttl: 1_000, negativeTtl: 1_000, max: 100, perSecond: 0.1, burst: 2 }, failure: 'backend_failed', refuse: (refusal) => new InvalidTokenError(refusal)
  })
  const asked: string[] = []
  const self = {
    asked,
    failure: undefined as unknown,
    async ask (credential: string) {
      const outcome = await Promise.resolve(answers.about(credential, () => {
        asked.push(credential)
        if (self.failure !== undefined) throw self.failure
        return identity()
      })).catch((error: unknown) => error)
      return outcome instanceof AuthError ? [outcome.statusCode, outcome.refusal.hint, outcome.headers['retry-after']] : 'accepted'
    }
  }
  return self
}

const LATER = 'whoever judges wants to be asked later'

t.test('whoever judges is left alone for as long as it wishes, and that costs no call', async (t) => {
  const clock = fakeClock(t)
  const judge = backend()
  judge.failure = new JudgeFailure('status 429', 7)
  t.same(await judge.ask('one'), [503, 'status 429', '7'])
  judge.failure = undefined
  for (let times = 0; times < 10; times++) t.same(await judge.ask('two'), [503, LATER, '7'])
  clock.advance(6_999)
  t.same(await judge.ask('two'), [503, LATER, '1'])
  t.same(judge.asked, ['one'])
  clock.advance(1)
  t.equal(await judge.ask('two'), 'accepted')
})

t.test('a wish about a credential nobody knows does not hold for those accepted before', async (t) => {
  const clock = fakeClock(t)
  const judge = backend()
  t.equal(await judge.ask('known'), 'accepted')
  clock.advance(1_000)
  judge.failure = new JudgeFailure('status 429', 60)
  t.same(await judge.ask('invented'), [503, 'status 429', '60'])
  judge.failure = undefined
  t.same(await judge.ask('new'), [503, LATER, '60'])
  t.equal(await judge.ask('known'), 'accepted')
  t.same(judge.asked, ['known', 'invented', 'known'])
})

t.test('one about a credential accepted before holds for those alone', async (t) => {
  const clock = fakeClock(t)
  const judge = backend()
  for (const credential of ['known', 'known-2']) t.equal(await judge.ask(credential), 'accepted')
  clock.advance(1_000)
  judge.failure = new JudgeFailure('status 503', 30)
  t.same(await judge.ask('known'), [503, 'status 503', '30'])
  judge.failure = undefined
  t.same(await judge.ask('known-2'), [503, LATER, '30'])
  t.equal(await judge.ask('new'), 'accepted')
  clock.advance(30_000)
  t.equal(await judge.ask('known-2'), 'accepted')
})

t.test('a failure without a wish keeps nobody away, and neither does what the app itself throws', async (t) => {
  fakeClock(t)
  const judge = backend()
  judge.failure = new JudgeFailure('status 500')
  t.same(await judge.ask('one'), [503, 'status 500', '1'])
  judge.failure = Object.assign(new Error('busy'), { retryAfter: 60 })
  t.same(await judge.ask('two'), [503, 'Error: busy', '1'])
  judge.failure = undefined
  t.same(await judge.ask('three'), [429, 'more unknown credentials than its budget allows: an attack, or a budget that is too small', '10'], 'but calls that fail count')
})
