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
