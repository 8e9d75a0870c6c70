import { DEADLINE, SECOND_LOOK_DEADLINE } from '../../lib/token/timing.js'
import { fakeClock } from '../support/clock.js'

/** A clock that stands still until it is moved, for the whole process. */
export interface VirtualTime {
  /** Moves all clocks on, and lets the deadlines come that fell due. Other timers run on real time. */
  advance (seconds: number): void
  /** Moves the wall clock alone, back too, as an administrator or a time server does. */
  setWall (seconds: number): void
  restore (): void
}

/** Replaces `Date.now` and `performance.now`, and watches the timers of our deadlines, known by their length. */
export function virtualTime (): VirtualTime {
  const undo: Array<() => void> = []
  const clock = fakeClock({ teardown: (restore) => undo.push(restore) })
  const deadlines = watchDeadlines()
  let jumped = 0
  Date.now = () => clock.now() + jumped
  return {
    advance (seconds) {
      clock.advance(seconds * 1000)
      deadlines.come()
    },
    setWall: (seconds) => { jumped += seconds * 1000 },
    restore () {
      deadlines.restore()
      for (const restore of undo) restore()
    }
  }
}

function watchDeadlines (): { come (): void, restore (): void } {
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const pending = new Map<unknown, { dueAt: number, callback: () => void }>()
  Reflect.set(globalThis, 'setTimeout', (callback: (...args: unknown[]) => void, ms: number, ...args: unknown[]) => {
    const timer = set(() => { pending.delete(timer); callback(...args) }, ms)
    if (ms === DEADLINE || ms === SECOND_LOOK_DEADLINE) pending.set(timer, { dueAt: performance.now() + ms, callback })
    return timer
  })
  Reflect.set(globalThis, 'clearTimeout', (timer: NodeJS.Timeout) => {
    pending.delete(timer)
    clear(timer)
  })
  return {
    come () {
      for (const [timer, { dueAt, callback }] of pending) {
        if (dueAt > performance.now()) continue
        clearTimeout(timer as NodeJS.Timeout)
        callback()
      }
    },
    restore: () => { Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }) }
  }
}
