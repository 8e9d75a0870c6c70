import t from 'tap'
import { ageOf, backoffAfter } from '../../lib/token/timing.js'

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
