import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something is so that happens by itself, a fetch in the background: looks every millisecond, for five seconds. */
export async function until (isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 5_000; tries++) {
    if (isSo()) return
    await sleep(1)
  }
  throw new Error(`never came about: ${isSo.toString()}`)
}
