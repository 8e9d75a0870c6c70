import t from 'tap'
import { CallBudgetMeter } from '../../lib/token/budget.js'
import { Patience, wishOf } from '../../lib/token/patience.js'
import { ageOf, backoffAfter } from '../../lib/token/timing.js'
import { fakeClock } from '../support/clock.js'

t.test('who has heard no wish may ask at once', async (t) => {
  t.equal(new Patience().left, 0)
})

t.test('a wish holds for its time, to the millisecond, and the latest counts', async (t) => {
  const clock = fakeClock(t)
  const patience = new Patience()
  patience.heed(7)
  t.equal(patience.left, 7)
  clock.advance(2_500)
  t.equal(patience.left, 4.5)
  clock.advance(4_499)
  t.equal(patience.left, 0.001)
  clock.advance(1)
  t.equal(patience.left, 0)
  clock.advance(1_000_000)
  t.equal(patience.left, 0)
  patience.heed(60)
  patience.heed(5)
  t.equal(patience.left, 5)
})

t.test('whatever the clock says, what is left is never more than the wish', async (t) => {
  const clock = fakeClock(t)
  const patience = new Patience()
  // Late enough for sums of times to be rounded.
  clock.advance(1_000_000)
  for (let times = 0; times < 1_000; times++) {
    clock.advance(0.1)
    patience.heed(60)
    if (patience.left !== 60) return t.equal(patience.left, 60)
  }
})

t.test('only 429 and 503 carry a wish, and none is for longer than a minute', async (t) => {
  for (const [status, retryAfter, wish] of [
    [429, 7, 7], [503, 7, 7], [503, 0.5, 0.5], [429, 60, 60], [429, 61, 60], [503, 86_400, 60],
    [429, undefined, undefined], [503, undefined, undefined], [500, 7, undefined], [200, 7, undefined], [401, 7, undefined], [undefined, 7, undefined]
  ]) t.equal(wishOf({ status, retryAfter }), wish, `${status} ${retryAfter}`)
})

t.test('after a quiet time as many calls may be made at once as the budget says', async (t) => {
  const clock = fakeClock(t)
  const meter = new CallBudgetMeter({ perSecond: 10, burst: 3 })
  t.same([meter.take(), meter.take(), meter.take()], [0, 0, 0])
  t.equal(meter.take(), 0.1, 'seconds until there is one')
  clock.advance(1_000_000)
  t.same([meter.take(), meter.take(), meter.take()], [0, 0, 0], 'however long it was quiet')
  t.not(meter.take(), 0)
})

t.test('in the long run as many calls a second may be made', async (t) => {
  const clock = fakeClock(t)
  const meter = new CallBudgetMeter({ perSecond: 10, burst: 5 })
  let made = 0
  for (let tenth = 0; tenth < 1_000; tenth++) {
    for (let tries = 0; tries < 20; tries++) if (meter.take() === 0) made++
    clock.advance(100.001)
  }
  t.equal(made, 5 + 999)
})

t.test('a call that is given back may be made again, but no more at once than the budget says', async (t) => {
  const clock = fakeClock(t)
  const meter = new CallBudgetMeter({ perSecond: 0.1, burst: 2 })
  t.same([meter.take(), meter.take()], [0, 0])
  meter.giveBack()
  t.equal(meter.take(), 0)
  t.equal(Math.round(meter.take()), 10)
  clock.advance(5_000)
  meter.giveBack()
  t.equal(meter.take(), 0)
  t.equal(Math.round(meter.take()), 5, 'and the time that went by counts on')
  for (let times = 0; times < 10; times++) meter.giveBack()
  t.same([meter.take(), meter.take()], [0, 0])
  t.not(meter.take(), 0)
})

t.test('a call that may not be made costs nothing, and after the wait it said it may', async (t) => {
  const clock = fakeClock(t)
  const meter = new CallBudgetMeter({ perSecond: 0.1, burst: 1 })
  t.equal(meter.take(), 0)
  for (let tries = 0; tries < 1_000; tries++) t.equal(Math.round(meter.take()), 10)
  clock.advance(4_000)
  t.equal(Math.round(meter.take()), 6)
  clock.advance(6_001)
  t.equal(meter.take(), 0)
})

t.test('keys are fresh for ten minutes, for what their server says between one minute and an hour, or for ever', async (t) => {
  for (const [maxAge, milliseconds] of [
    [undefined, 600_000], [0, 60_000], [60, 60_000], [61, 61_000], [3600, 3_600_000], [3601, 3_600_000], [999_999_999, 3_600_000], [Infinity, Infinity]
  ] as const) t.equal(ageOf(maxAge), milliseconds, String(maxAge))
})

t.test('after a failure nothing is fetched before the server wants it, for ten minutes at most', async (t) => {
  for (const chance of [0, 0.999_999_999]) {
    t.intercept(Math, 'random', { value: () => chance })
    const pause = (failures: number, retryAfter?: number) => Math.round(backoffAfter(failures, retryAfter))
    const share = chance === 0 ? 0.5 : 1
    t.equal(pause(1), 1_000 * share)
    t.equal(pause(1, 0.001), 1_000 * share, 'less than the back-off of ours is no less')
    t.equal(pause(7, 20), 60_000 * share, 'not even after a long time')
    t.equal(pause(1, 90), 90_000)
    t.equal(pause(7, 90), 90_000)
    t.equal(pause(1, 600), 600_000)
    t.equal(pause(1, 601), 600_000)
    t.equal(pause(7, 999_999_999), 600_000)
  }
})
