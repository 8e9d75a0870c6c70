import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { endOfAll, raceDeadline, withDeadline } from '../../lib/token/deadline.js'
import { fetchJson } from '../../lib/token/fetch-json.js'
import { catchTimers } from '../support/caught-timers.js'
import { createIssuer } from '../support/issuer.js'

const never = new AbortController().signal
const untilAborted = (signal: AbortSignal) => new Promise<string>((resolve) => { signal.addEventListener('abort', () => { resolve('aborted') }) })

t.test('work that ends in time gives what it gives, and leaves no timer', async (t) => {
  const timers = catchTimers(t)
  t.equal(await withDeadline(5_000, never, async (signal) => {
    t.equal(timers(5_000).length, 1)
    t.match(timers(5_000)[0], { isHolding: false }, 'which keeps no process alive')
    return signal.aborted ? 'aborted' : 'done'
  }), 'done')
  t.same(timers(5_000), [])
  await t.rejects(withDeadline(5_000, never, async () => { throw new Error('the work failed') }), { message: 'the work failed' })
  t.same(timers(5_000), [])
})

t.test('work is told when its deadline comes', async (t) => {
  const timers = catchTimers(t)
  const outcome = withDeadline(5_000, never, untilAborted)
  timers(5_000)[0]!.fire()
  t.equal(await outcome, 'aborted')
})

t.test('work is told when everything ends, also if that was before it began', async (t) => {
  const outer = new AbortController()
  const outcome = withDeadline(5_000, outer.signal, untilAborted)
  outer.abort()
  t.equal(await outcome, 'aborted')
  t.equal(await withDeadline(5_000, outer.signal, async (signal) => signal.aborted), true)
})

t.test('the garbage collector does not take a deadline away, before the answer or in the middle of it', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  for (const behaviour of ['hang', 'hang-body'] as const) {
    issuer.behave(behaviour)
    const collecting = setInterval(collect, 10)
    t.teardown(() => { clearInterval(collecting) })
    const outcome = withDeadline(150, never, (signal) => fetchJson(`${issuer.issuer}/jwks`, {}, false, signal))
    await t.rejects(outcome, { message: `${issuer.issuer}/jwks: no full answer in time` }, behaviour)
    clearInterval(collecting)
  }
})

t.test('a race gives what the work gives, and leaves no timer', async (t) => {
  const timers = catchTimers(t)
  t.equal(await raceDeadline(5_000, never, async (signal) => signal.aborted ? 'aborted' : 'done'), 'done')
  await t.rejects(raceDeadline(5_000, never, async () => { throw new Error('the work failed') }), { message: 'the work failed' })
  await t.rejects(raceDeadline(5_000, never, () => { throw new Error('the work never began') }), { message: 'the work never began' })
  t.same(timers(5_000), [])
})

t.test('a race does not wait for work that does not end', async (t) => {
  const timers = catchTimers(t)
  let told: AbortSignal | undefined
  const outcome = raceDeadline(5_000, never, (signal) => { told = signal; return new Promise(() => {}) })
  timers(5_000)[0]!.fire()
  await t.rejects(outcome, { message: 'no answer in time' })
  t.equal(told?.aborted, true)
  t.same(timers(5_000), [])
})

t.test('a race ends when everything does; work that has not begun by then never does', async (t) => {
  const outer = new AbortController()
  const outcome = raceDeadline(5_000, outer.signal, () => new Promise(() => {}))
  outer.abort()
  await t.rejects(outcome, { message: 'the app is closing' })
  await t.rejects(raceDeadline(5_000, outer.signal, async () => { t.fail('began') }), { message: 'the app is closing' })
})

t.test('what fails after nobody waits for it any longer ends no process', async (t) => {
  const timers = catchTimers(t)
  let fail = (_: Error): void => {}
  const outcome = raceDeadline(5_000, never, () => new Promise((_resolve, reject) => { fail = reject }))
  timers(5_000)[0]!.fire()
  await t.rejects(outcome, { message: 'no answer in time' })
  fail(new Error('too late'))
  await new Promise((resolve) => { setImmediate(resolve) })
})

t.test('any number of works may hang on one end, and leave it when they are done', async (t) => {
  const warnings: Error[] = []
  const note = (warning: Error) => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => { process.off('warning', note) })
  const end = endOfAll()
  await Promise.all(Array.from({ length: 100 }, (_, number) => withDeadline(5_000, end.signal, async () => number)))
  t.same(getEventListeners(end.signal, 'abort'), [])
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(warnings, [])
})
