import type { Test } from 'tap'

/** Deadlines that come only when they are told to. */
export interface Deadlines {
  /** The milliseconds that were asked for, in this order. */
  readonly asked: number[]
  /** Lets every deadline set so far come now. */
  come (): void
}

/** Stops `AbortSignal.timeout` until the test ends: what hangs need not be waited for, what is slow is not cut off. */
export function holdDeadlines (t: Test): Deadlines {
  const asked: number[] = []
  const pending = new Set<AbortController>()
  t.intercept(AbortSignal, 'timeout', {
    value (ms: number) {
      const controller = new AbortController()
      asked.push(ms)
      pending.add(controller)
      return controller.signal
    }
  })
  return {
    asked,
    come () {
      for (const controller of pending) controller.abort(new DOMException('the deadline came', 'TimeoutError'))
      pending.clear()
    }
  }
}
