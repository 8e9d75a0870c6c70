import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Collects garbage twice a second, until it is told to stop: what nobody holds on to, a deadline for one, must not get lost
 * while a fetch hangs.
 *
 * @see https://github.com/nodejs/node/issues/57736
 */
export function collectGarbage (): () => void {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const timer = setInterval(collect, 500)
  return () => clearInterval(timer)
}
