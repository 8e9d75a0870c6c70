import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** An example that runs in a process of its own. */
export interface RunningExample {
  readonly child: ChildProcess
  /** What it said so far, complaints too. */
  readonly log: { readonly text: string }
  /** Resolves once its log says that it listens. */
  listening (): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs an example directly, with this environment and no other; it is killed with the test. */
export function runExample (t: Test, name: string, env: Record<string, string>): RunningExample {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${name}`], { cwd: root, env: { PATH: process.env.PATH, ...env } })
  t.teardown(() => { child.kill('SIGKILL') })
  const log = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { log.text += text })
  async function listening () {
    const ended = once(child, 'close').then(() => { throw new Error(log.text) })
    while (!log.text.includes('Server listening')) await Promise.race([ended, once(child.stdout, 'data')])
    ended.catch(() => {})
  }
  return { child, log, listening }
}
