import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a command is on the PATH; undefined: it is not installed. */
export function pathOf (command: string): string | undefined {
  return process.env.PATH?.split(delimiter).map((folder) => join(folder, command)).find(isExecutable)
}

/**
 * Why tests that need a command are skipped, or undefined where they need not be.
 *
 * @param loss what is not tested then
 * @throws where CI is set: there, nothing may go untested
 */
export function reasonToSkipWithout (command: string, loss: string): string | undefined {
  if (pathOf(command) !== undefined) return undefined
  const reason = `${command} is not installed: ${loss}`
  if (process.env.CI) throw new Error(reason)
  return reason
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
