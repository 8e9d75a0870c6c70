import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { withDeadline } from '../../lib/token/deadline.js'
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
