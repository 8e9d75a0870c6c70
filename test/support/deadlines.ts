import type { Test } from 'tap'
import { DEADLINE, SECOND_LOOK_DEADLINE } from '../../lib/token/timing.js'

/** Deadlines that come only when they are told to. */
export interface Deadlines {
  /** The milliseconds that were asked for, in this order. */
  readonly asked: number[]
  /** Lets every deadline set so far come now. */
  come (): void
}

/** Stops the timers of our deadlines until the test ends: what hangs need not be waited for, what is slow is not cut off. */
export function holdDeadlines (t: Test): Deadlines {
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const asked: number[] = []
  const pending = new Map<NodeJS.Timeout, () => void>()
  // Not by t.intercept, which keeps a stack trace of whoever reads them.
  t.teardown(() => { Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }) })
  Reflect.set(globalThis, 'setTimeout', (callback: () => void, ms: number, ...args: unknown[]) => {
    if (ms !== DEADLINE && ms !== SECOND_LOOK_DEADLINE) return set(callback, ms, ...args as [])
    const timer = set(() => {}, ms)
    asked.push(ms)
    pending.set(timer, callback)
    return timer
  })
  Reflect.set(globalThis, 'clearTimeout', (timer: NodeJS.Timeout) => {
    pending.delete(timer)
    clear(timer)
  })
  return {
    asked,
    come () {
      for (const [timer, callback] of pending) {
        clear(timer)
        callback()
      }
      pending.clear()
    }
  }
}
