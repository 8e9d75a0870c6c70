/** A timer somebody set and nobody cleared. */
export interface CaughtTimer {
  /** Milliseconds, rounded. */
  readonly delay: number
  /** Whether it keeps the process alive. */
  readonly isHolding: boolean
  /** Calls back now. */
  fire (): void
}

/** The timers pending now with this delay, in milliseconds, oldest first. */
export type CaughtTimers = (delay: number) => CaughtTimer[]

interface Pending { delay: number, timer: NodeJS.Timeout, callback: () => void }

/**
 * Watches `setTimeout` and `clearTimeout` until the test ends. Timers still run by themselves; long ones can be fired
 * by hand, which goes well with a clock that stands still.
 */
export function catchTimers (t: { teardown (restore: () => void): unknown }): CaughtTimers {
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const pending = new Set<Pending>()
  const forget = (timer: unknown) => {
    for (const entry of pending) if (entry.timer === timer) pending.delete(entry)
  }
  Reflect.set(globalThis, 'setTimeout', (callback: (...args: unknown[]) => void, delay: number = 0, ...args: unknown[]) => {
    const run = () => { forget(timer); callback(...args) }
    const timer = set(run, delay)
    pending.add({ delay: Math.round(delay), timer, callback: run })
    return timer
  })
  Reflect.set(globalThis, 'clearTimeout', (timer: unknown) => { forget(timer); clear(timer as NodeJS.Timeout) })
  t.teardown(() => { Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }) })
  return (delay) => [...pending].filter((entry) => entry.delay === delay).map(({ timer, callback }) => ({
    delay,
    isHolding: timer.hasRef(),
    fire: () => { clear(timer); callback() }
  }))
}
