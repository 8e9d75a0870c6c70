import t from 'tap'
import { lifeOf, readLifetime } from '../../lib/session/lifetime.js'
import { isNearExpiry, isRefreshDue, isUsable } from '../../lib/session/refresh-time.js'
import { mistake } from '../support/mistake.js'

const DAY = 86_400
const NOW = 1_800_000_000
const read = (value?: unknown) => readLifetime('login.session.lifetime', value)
const refusal = (value: unknown) => mistake(() => read(value))

t.test('a session lasts a day without a request and a week in all, unless told otherwise', async (t) => {
  t.strictSame(read(), { idle: DAY, absolute: 7 * DAY })
  t.strictSame(read({}), { idle: DAY, absolute: 7 * DAY })
  t.strictSame(read({ idle: undefined, absolute: undefined }), { idle: DAY, absolute: 7 * DAY })
  t.strictSame(read({ idle: 3600 }), { idle: 3600, absolute: 7 * DAY })
  t.strictSame(read({ absolute: 30 * DAY }), { idle: DAY, absolute: 30 * DAY })
  t.strictSame(read({ absolute: 3600 }), { idle: 3600, absolute: 3600 }, 'an idle lifetime nobody gave is not longer than the other')
  t.strictSame(read({ idle: 60, absolute: 60 }), { idle: 60, absolute: 60 })
  t.strictSame(read({ idle: 400 * DAY, absolute: 400 * DAY }), { idle: 400 * DAY, absolute: 400 * DAY })
  t.ok(Object.isFrozen(read()))
})

t.test('an idle lifetime longer than the absolute one is refused', async (t) => {
  t.equal(refusal({ idle: 61, absolute: 60 }), 'login.session.lifetime: idle (61 s) is longer than absolute (60 s); shorten idle or lengthen absolute')
  t.match(refusal({ idle: 8 * DAY }), /is longer than absolute \(604800 s\)/)
})

t.test('what is no sane number of seconds is refused', async (t) => {
  for (const key of ['idle', 'absolute']) {
    for (const value of [0, -1, 59, 60.5, NaN, '3600', '1d', null, true, [3600], 3600n]) {
      t.match(refusal({ [key]: value }), new RegExp(`^login\\.session\\.lifetime\\.${key}: expected 60 to 34560000 whole seconds, got [^;]*$`), String(value))
    }
    for (const value of [34_560_001, 86_400_000, Infinity]) t.match(refusal({ [key]: value }), /; are these milliseconds\?$/)
  }
  for (const value of [null, 3600, '1d', [], () => {}]) t.match(refusal(value), /expected an object, got .*; write \{ idle, absolute \}, in seconds$/)
  t.match(refusal({ Idle: 60 }), /unknown key "Idle"; did you mean "idle"\?/)
  t.match(refusal({ rolling: true }), /unknown key "rolling"; known are idle, absolute/)
})

const LIFETIME = { idle: 600, absolute: 3600 }
const since = (startedAt: number, touchedAt: number, ceiling?: number) => ({ startedAt: NOW + startedAt, touchedAt: NOW + touchedAt, ceiling: ceiling === undefined ? undefined : NOW + ceiling })

const TABLE: ReadonlyArray<readonly [title: string, times: ReturnType<typeof since>, isAlive: boolean, endsIn: number, isTouchDue: boolean]> = [
  ['just begun', since(0, 0), true, 600, false],
  ['used a moment ago', since(-1000, -59), true, 541, false],
  ['used a minute ago', since(-1000, -60), true, 540, true],
  ['idle for a second less than allowed', since(-599, -599), true, 1, true],
  ['idle for as long as allowed', since(-600, -600), false, 0, false],
  ['idle for long', since(-3000, -2000), false, -1400, false],
  ['a second before the absolute end', since(-3599, -300), true, 1, false],
  ['at the absolute end, though just used', since(-3600, 0), false, 0, false],
  ['near the absolute end, which no request can put off', since(-3100, -100), true, 500, false],
  ['near it, with a second to be gained', since(-3099, -100), true, 500, true],
  ['under a ceiling far off', since(-100, -100, 10_000), true, 500, true],
  ['under a ceiling that is near', since(-100, -100, 30), true, 30, false],
  ['at its ceiling', since(-100, 0, 0), false, 0, false],
  ['past its ceiling', since(-100, 0, -1), false, -1, false],
  ['begun by a clock slightly ahead', since(60, 60), true, 660, false],
  ['begun in the future', since(61, 61), false, 661, false],
  ['used in the future', since(-100, 61), false, 661, false],
  ['used before it began', since(0, -600), false, 0, false]
]

for (const [title, times, isAlive, endsIn, isTouchDue] of TABLE) {
  t.test(`a session ${title} is ${isAlive ? 'alive' : 'over'}`, async (t) => {
    t.strictSame(lifeOf(times, LIFETIME, NOW), { isAlive, endsAt: NOW + endsIn, isTouchDue })
  })
}

t.test('a short idle lifetime is touched every tenth of it, a long one every minute', async (t) => {
  for (const [idle, pause] of [[60, 6], [300, 30], [600, 60], [6000, 60], [DAY, 60]] as const) {
    const isTouchDue = (after: number) => lifeOf(since(-after, -after), { idle, absolute: 7 * DAY }, NOW).isTouchDue
    t.notOk(isTouchDue(pause - 1), `${idle} s idle`)
    t.ok(isTouchDue(pause))
  }
})

t.test('a time that is no number is that of no living session', async (t) => {
  const times = since(0, 0, 1000)
  for (const broken of [{ startedAt: NaN }, { touchedAt: NaN }, { ceiling: NaN }, { startedAt: Infinity }, { touchedAt: Infinity }, { startedAt: -Infinity }, { ceiling: -Infinity }]) {
    const { isAlive, isTouchDue } = lifeOf({ ...times, ...broken }, LIFETIME, NOW)
    t.strictSame([isAlive, isTouchDue], [false, false], JSON.stringify(Object.keys(broken)))
  }
  for (const now of [NaN, Infinity, -Infinity]) t.notOk(lifeOf(times, LIFETIME, now).isAlive)
})

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
