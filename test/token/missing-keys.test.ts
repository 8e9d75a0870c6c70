import t from 'tap'
import { MissingKeys } from '../../lib/token/missing-keys.js'
import { fakeClock } from '../support/clock.js'
import type { FakeClock } from '../support/clock.js'

/** The seconds at which a key id that is asked for every second may ask. */
function asksOf (missing: MissingKeys, kid: string, clock: FakeClock, seconds: number): number[] {
  const asks: number[] = []
  for (let second = 0; second < seconds; second++) {
    if (missing.mayAsk(kid)) asks.push(second)
    // A bit more than a second: sums of fractions may fall a bit short.
    clock.advance(1_000.001)
  }
  return asks
}

t.test('a key id that stays missing asks after pauses that double, up to two minutes', async (t) => {
  const clock = fakeClock(t)
  t.same(asksOf(new MissingKeys(), 'a', clock, 600), [0, 30, 90, 210, 330, 450, 570])
})

t.test('each key id has a pause of its own', async (t) => {
  const clock = fakeClock(t)
  const missing = new MissingKeys()
  asksOf(missing, 'a', clock, 200)
  t.equal(missing.mayAsk('a'), false)
  t.equal(missing.mayAsk('b'), true)
})

t.test('a key id the provider has again begins anew when it goes missing once more', async (t) => {
  const clock = fakeClock(t)
  const missing = new MissingKeys()
  asksOf(missing, 'a', clock, 100)
  missing.forget('a')
  t.same(asksOf(missing, 'a', clock, 100), [0, 30, 90])
})

t.test('a token without a key id always asks: it names nothing that could be remembered', async (t) => {
  fakeClock(t)
  const missing = new MissingKeys()
  for (let count = 0; count < 10; count++) t.equal(missing.mayAsk(undefined), true)
})

t.test('a thousand key ids are remembered, and the one longest unasked is forgotten first', async (t) => {
  fakeClock(t)
  const missing = new MissingKeys()
  const kids = Array.from({ length: 1000 }, (_, index) => `kid-${index}`)
  t.equal(kids.filter((kid) => missing.mayAsk(kid)).length, 1000)
  t.equal(kids.filter((kid) => missing.mayAsk(kid)).length, 0)
  t.equal(missing.mayAsk('one-more'), true)
  t.equal(missing.mayAsk('kid-1'), false)
  t.equal(missing.mayAsk('kid-999'), false)
  t.equal(missing.mayAsk('kid-0'), true)
})
