import t from 'tap'
import { isNearExpiry, isRefreshDue, isUsable } from '../../lib/session/refresh-time.js'

const tokens = (since: number | undefined, end: number | undefined) => ({ idToken: 'i', accessToken: 'a', accessTokenSince: since, accessTokenExpiresAt: end })

t.test('an access token is refreshed a minute before its end', async (t) => {
  const hour = tokens(0, 3_600)
  t.strictSame([3_539, 3_540, 3_599, 3_600].map((now) => [isRefreshDue(hour, now), isNearExpiry(hour, now), isUsable(hour, now)]), [
    [false, false, true], [true, true, true], [true, true, true], [true, false, false]
  ])
})

t.test('one of a minute in the last quarter of its life: else every request would refresh it', async (t) => {
  t.strictSame([44, 45].map((now) => isRefreshDue(tokens(0, 60), now)), [false, true])
})

t.test('one without an end is never refreshed, and one that is missing is at once', async (t) => {
  t.equal(isRefreshDue(tokens(0, undefined), 1e9), false)
  t.equal(isUsable(tokens(undefined, undefined), 1e9), true)
  t.equal(isRefreshDue(tokens(undefined, 3_600), 3_540), true)
  const none = { idToken: 'i' }
  t.equal(isRefreshDue(none, 1), true)
  t.equal(isUsable(none, 1), false)
  t.equal(isNearExpiry(none, 1), false)
})
