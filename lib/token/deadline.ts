import { setMaxListeners } from 'node:events'

/** Ends any number of works at once: so many listeners are no leak. */
export function endOfAll (): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/**
 * Does work that must end by itself once its signal is aborted: after so many milliseconds, or when `outer` is.
 *
 * Not by `AbortSignal.any` and `AbortSignal.timeout`: what only they refer to, the garbage collector of Node 20
 * takes, and then nothing ends the work.
 */
export async function withDeadline<Result> (milliseconds: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController()
  const abort = () => { controller.abort() }
  const timer = setTimeout(abort, milliseconds).unref()
  outer.addEventListener('abort', abort)
  if (outer.aborted) abort()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', abort)
  }
}

/**
 * Does work of others, which may not end at all: once the signal is aborted, nobody waits for it any longer.
 *
 * @throws Error when it took too long, or `outer` was aborted
 */
export function raceDeadline<Result> (milliseconds: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  return withDeadline(milliseconds, outer, (signal) => new Promise((resolve, reject) => {
    const giveUp = () => { reject(new Error(outer.aborted ? 'the app is closing' : 'no answer in time')) }
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    else work(signal).then(resolve, reject)
  }))
}
