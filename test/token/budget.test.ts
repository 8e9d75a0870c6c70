import t from 'tap'
import { CallBudgetMeter } from '../../lib/token/budget.js'
import { fakeClock } from '../support/clock.js'

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
