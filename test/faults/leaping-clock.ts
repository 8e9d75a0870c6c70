/** A clock that runs as the real one does, but some time ahead of it. */
export interface LeapingClock {
  /** Lets `Date.now()` and `performance.now()` leap ahead. Timers do not notice. */
  leap (milliseconds: number): void
  restore (): void
}

/** Replaces the clock of the whole process: everything that runs at the same time leaps along. */
export function leapingClock (): LeapingClock {
  const wall = Date.now
  const steady = performance.now.bind(performance)
  let ahead = 0
  Date.now = () => wall() + ahead
  Object.defineProperty(performance, 'now', { value: () => steady() + ahead, configurable: true, writable: true })
  return {
    leap: (milliseconds) => { ahead += milliseconds },
    restore () {
      Date.now = wall
      Reflect.deleteProperty(performance, 'now')
    }
  }
}
