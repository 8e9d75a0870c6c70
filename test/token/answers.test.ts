import t from 'tap'
import { AuthError, ForbiddenError, InvalidTokenError } from '../../lib/errors.js'
import type { Identity } from '../../lib/index.js'
import type { Refusal } from '../../lib/refusal.js'
import { Answers } from '../../lib/token/answers.js'
import type { Answer, Question } from '../../lib/token/answers.js'
import { JudgeFailure } from '../../lib/token/judge-failure.js'
import type { AnswerPolicy } from '../../types/provider.js'
import { fakeClock } from '../support/clock.js'
import { holdDeadlines } from '../support/deadlines.js'
import { identity } from '../support/identity.js'

const INACTIVE: Refusal = { reason: 'token_inactive', provider: 'backend' }

/** Somebody who judges, and who counts the questions. */
function backend (policy: Partial<AnswerPolicy> = {}, judge: (credential: string, signal: AbortSignal) => Answer | Promise<Answer> = (credential) => credential.startsWith('good') ? identity({ subject: credential }) : INACTIVE) {
  const answers = new Answers({
    name: 'backend',
    policy: { ttl: 30_000, negativeTtl: 10_000, max: 100, perSecond: 100, burst: 1_000, ...policy },
    failure: 'introspection_failed',
    refuse: (refusal) => new InvalidTokenError(refusal)
  })
  const asked: string[] = []
  const question = (credential: string): Question => (signal) => { asked.push(credential); return judge(credential, signal) }
  const about = (credential: string) => answers.about(credential, question(credential))
  /** The subject, or why not. */
  const ask = async (credential: string): Promise<unknown> => {
    const outcome = await Promise.resolve(about(credential)).catch((error: unknown) => error)
    return outcome instanceof AuthError ? [outcome.statusCode, outcome.reason] : (outcome as Identity).subject
  }
  return { answers, asked, about, ask }
}

t.test('an accepted credential is answered at once until its time is over', async (t) => {
  const clock = fakeClock(t)
  const { answers, asked, about, ask } = backend({ ttl: 30_000 })
  t.equal(await ask('good'), 'good')
  clock.advance(29_999)
  const known = about('good')
  t.match(known, { subject: 'good' }, 'not by a promise')
  t.equal(about('good'), known, 'the same')
  clock.advance(1)
  t.type(about('good'), Promise)
  t.same(asked, ['good', 'good'])
  await ask('good')
  t.match(answers, { recalled: 2, verified: 3, size: 1 })
})

t.test('no answer outlives the credential', async (t) => {
  const clock = fakeClock(t, 1_000_000_000_000)
  const { asked, ask } = backend({ ttl: 30_000 }, () => identity({ expiresAt: 1_000_000_010 }))
  await ask('good')
  clock.advance(9_999)
  await ask('good')
  t.equal(asked.length, 1)
  clock.advance(1)
  await ask('good')
  t.equal(asked.length, 2)
})

t.test('a clock that is set back, or stands still, lengthens no answer', async (t) => {
  for (const [title, owner, back] of [['set back', Date, 3_600_000], ['standing still', performance, 0]] as const) {
    await t.test(title, async (t) => {
      const clock = fakeClock(t)
      const then = owner.now() - back
      const { asked, ask } = backend({ ttl: 30_000, negativeTtl: 30_000 })
      await ask('good')
      await ask('bad')
      clock.advance(30_000)
      t.intercept(owner, 'now', { value: () => then })
      await ask('good')
      await ask('bad')
      t.same(asked, ['good', 'bad', 'good', 'bad'])
    })
  }
})

t.test('a credential without an end is kept as long as others', async (t) => {
  const clock = fakeClock(t)
  const { asked, ask } = backend({ ttl: 30_000 }, () => identity({ expiresAt: undefined }))
  await ask('good')
  clock.advance(29_999)
  await ask('good')
  t.equal(asked.length, 1)
})

t.test('a refused credential is refused at once for its own time, each time by an error of its own', async (t) => {
  const clock = fakeClock(t)
  const { answers, asked, about, ask } = backend({ negativeTtl: 10_000 })
  t.same(await ask('bad'), [401, 'token_inactive'])
  clock.advance(9_999)
  const first = about('bad')
  t.match(first, { refusal: INACTIVE })
  t.not(about('bad'), first, 'error handlers write on errors')
  clock.advance(1)
  t.same(await ask('bad'), [401, 'token_inactive'])
  t.same(asked, ['bad', 'bad'])
  t.match(answers, { recalled: 0, verified: 0, size: 1 })
})

t.test('with a time of 0 every credential is asked about anew', async (t) => {
  const { asked, ask } = backend({ ttl: 0, negativeTtl: 0 })
  for (const credential of ['good', 'good', 'bad', 'bad']) await ask(credential)
  t.same(asked, ['good', 'good', 'bad', 'bad'])
})

t.test('an answer counts from its question: how long it took to come is not added', async (t) => {
  const clock = fakeClock(t)
  const { asked, ask } = backend({ ttl: 30_000, negativeTtl: 10_000 }, (credential) => {
    clock.advance(4_000)
    return credential === 'good' ? identity({ subject: 'good' }) : INACTIVE
  })
  await ask('good')
  clock.advance(25_999)
  await ask('good')
  t.same(asked, ['good'])
  clock.advance(1)
  await ask('good')
  t.same(asked, ['good', 'good'])
  asked.length = 0
  await ask('bad')
  clock.advance(5_999)
  await ask('bad')
  t.same(asked, ['bad'])
  clock.advance(1)
  await ask('bad')
  t.same(asked, ['bad', 'bad'])
})

t.test('a credential that is revoked is refused as soon as its answer is old, one that is restored accepted again', async (t) => {
  const clock = fakeClock(t)
  let isActive = true
  const { answers, ask } = backend({ ttl: 30_000, negativeTtl: 10_000 }, () => isActive ? identity() : INACTIVE)
  t.equal(await ask('key'), 'user-1')
  isActive = false
  clock.advance(29_999)
  t.equal(await ask('key'), 'user-1')
  clock.advance(1)
  t.same(await ask('key'), [401, 'token_inactive'])
  isActive = true
  t.same(await ask('key'), [401, 'token_inactive'])
  clock.advance(10_000)
  t.equal(await ask('key'), 'user-1')
  t.equal(answers.size, 1)
})

t.test('requests with one credential share one question, each with an error of its own', async (t) => {
  const { answers, asked, about, ask } = backend()
  t.same(await Promise.all(Array.from({ length: 100 }, () => ask('good'))), Array.from({ length: 100 }, () => 'good'))
  t.same(asked, ['good'])
  t.match(answers, { recalled: 0, verified: 100 }, 'each of them was answered with an identity')
  const errors = await Promise.all(Array.from({ length: 100 }, () => Promise.resolve(about('bad')).catch((error: unknown) => error)))
  t.same(asked, ['good', 'bad'])
  t.equal(new Set(errors).size, 100)
})

t.test('requests that share a question which fails get an error each, whatever failed', async (t) => {
  for (const failure of [new Error('away'), new JudgeFailure('away', 7), undefined]) {
    const { asked, about } = backend({}, () => { throw failure })
    const [one, other] = await Promise.all([about('good'), about('good')].map((outcome) => Promise.resolve(outcome).catch((error: unknown) => error)))
    t.same(asked, ['good'])
    t.match([one, other], [{ statusCode: 503 }, { statusCode: 503 }])
    t.not(one, other, 'error handlers write on errors')
    t.same((one as AuthError).headers, (other as AuthError).headers)
  }
})

t.test('credentials that differ in a character have nothing in common, though they begin alike or look like names every object has', async (t) => {
  const { asked, ask } = backend()
  const names = ['good', 'good ', 'Good', 'goo', 'goodgood', 'good\u0000', '__proto__', 'constructor', `good${'x'.repeat(100_000)}`]
  for (const name of names) t.same(await ask(name), name.startsWith('good') ? name : [401, 'token_inactive'])
  t.same(asked, names)
})

t.test('answers of both sorts are bounded, and neither pushes the other out', async (t) => {
  const { answers, asked, ask } = backend({ max: 3 })
  await ask('good')
  for (let number = 0; number < 50; number++) await ask(`bad-${number}`)
  t.equal(answers.size, 4)
  asked.length = 0
  await ask('good')
  t.same(asked, [])
  for (let number = 0; number < 50; number++) await ask(`good-${number}`)
  t.equal(answers.size, 6)
})

t.test('more than ten questions at once warn of no leak', async (t) => {
  const warnings: Error[] = []
  const note = (warning: Error) => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => { process.off('warning', note) })
  const { ask } = backend()
  await Promise.all(Array.from({ length: 100 }, (_, number) => ask(`good-${number}`)))
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(warnings, [])
})

t.test('what hangs is a 503 when its deadline comes, told so by its signal, and asked anew then', async (t) => {
  const deadlines = holdDeadlines(t)
  const signals: AbortSignal[] = []
  const { asked, ask } = backend({}, (_, signal) => { signals.push(signal); return new Promise(() => {}) })
  const outcomes = Promise.all([ask('good'), ask('good')])
  t.same(deadlines.asked, [5_000])
  deadlines.come()
  t.same(await outcomes, [[503, 'introspection_failed'], [503, 'introspection_failed']])
  t.same(signals.map(({ aborted }) => aborted), [true])
  const again = ask('good')
  deadlines.come()
  t.same(await again, [503, 'introspection_failed'])
  t.equal(asked.length, 2)
})

t.test('an answer that comes too late changes nothing', async (t) => {
  const deadlines = holdDeadlines(t)
  const late: Array<(answer: Answer) => void> = []
  const { answers, ask } = backend({}, () => new Promise((resolve) => { late.push(resolve) }))
  const outcome = ask('key')
  deadlines.come()
  t.same(await outcome, [503, 'introspection_failed'])
  late[0]!(identity())
  await new Promise((resolve) => { setImmediate(resolve) })
  t.equal(answers.size, 0)
})

t.test('closing ends what hangs, and what comes after', async (t) => {
  const { answers, about, ask } = backend({}, () => new Promise(() => {}))
  const outcome = Promise.resolve(about('good')).catch((error: unknown) => error)
  answers.close()
  t.match(await outcome, { statusCode: 503, refusal: { hint: 'Error: the app is closing' } })
  t.same(await ask('good'), [503, 'introspection_failed'])
})

t.test('a refusal that is thrown is passed on as it is', async (t) => {
  const denied = new ForbiddenError({ reason: 'authorize_refused' })
  const { about } = backend({}, () => { throw denied })
  await t.rejects(Promise.resolve(about('good')), denied)
})
