import t from 'tap'
import { Patience, wishOf } from '../../lib/token/patience.js'
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
