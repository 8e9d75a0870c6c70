import { performance } from 'node:perf_hooks'

/** A clock that stands still until it is moved. */
export interface FakeClock {
  /** Moves `Date.now()` and `performance.now()` on. Timers do not notice: they run on real time. */
  advance (ms: number): void
  /** Milliseconds since the epoch. */
  now (): number
}

/**
 * Replaces `Date.now` and `performance.now` until the test ends. `new Date()` and timers stay real.
 *
 * lru-cache remembers the time for a millisecond of real time; to see one of its entries expire, wait that long after `advance`.
 */
export function fakeClock (t: { teardown (restore: () => void): unknown }, start: number = Date.now()): FakeClock {
  const monotonicStart = performance.now()
  let elapsed = 0
  const clock: FakeClock = {
    advance: (ms) => { elapsed += ms },
    now: () => start + elapsed
  }
  replaceNow(t, Date, clock.now)
  replaceNow(t, performance, () => monotonicStart + elapsed)
  return clock
}

function replaceNow (t: { teardown (restore: () => void): unknown }, owner: { now (): number }, now: () => number): void {
  const original = Object.getOwnPropertyDescriptor(owner, 'now')
  Object.defineProperty(owner, 'now', { value: now, configurable: true, writable: true })
  t.teardown(() => {
    if (original === undefined) Reflect.deleteProperty(owner, 'now')
    else Object.defineProperty(owner, 'now', original)
  })
}
