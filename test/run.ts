import { spawnSync } from 'node:child_process'
import { testFiles } from './support/groups.js'
import { pathOf } from './support/installed.js'
import { transpile } from './support/transpile.js'

/** What tests start beside Node: commands, which Debian has packages of the same name for. */
const COMMANDS = ['redis-server', 'chromium', 'curl']

/**
 * Runs tap. Where a command that tests start is missing, it is installed, as root on Debian; elsewhere the files that
 * need it are skipped, and then not every line can be covered. With CI set, nothing is skipped: those files fail.
 */
async function main (args: readonly string[]): Promise<number> {
  const missing = COMMANDS.filter(isMissing)
  if (missing.length > 0 && process.getuid?.() === 0 && !isMissing('apt-get')) install(missing)
  const skipped = missing.filter(isMissing)
  if (skipped.length > 0) console.error(`not installed, so the tests that need it are skipped: ${skipped.join(', ')}`)
  const lenient = skipped.length > 0 && !process.env.CI ? ['--allow-incomplete-coverage'] : []
  const chosen = args.some((arg) => !arg.startsWith('-')) ? [] : testFiles()
  return spawnSync('tap', [...await transpile(), ...lenient, ...args, ...chosen], { stdio: 'inherit' }).status ?? 1
}

function isMissing (command: string): boolean {
  return pathOf(command) === undefined
}

function install (packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', ...packages]]) {
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env })
  }
}

process.exitCode = await main(process.argv.slice(2))
