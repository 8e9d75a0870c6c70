import { spawn } from 'node:child_process'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { reasonToSkip, startRedis } from '../support/redis-server.js'

/** Runs `test/support/login-crowd.ts`; killed with the test. */
async function crowd (t: Test, place: string, people: number): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('../support/login-crowd.ts', import.meta.url)), place, String(people)], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const { answers, lost, ms } = await json(child.stdout) as { answers: string[], lost: number, ms: number }
  t.comment(`${people} callbacks at once: ${ms} ms`)
  t.strictSame({ answers, lost }, { answers: ['302 /'], lost: 0 })
}

t.test('two hundred people log in at once, into a store in memory, and none is lost', (t) => crowd(t, 'memory', 200))

t.test('a thousand people log in at once, into Redis, and none is lost', { skip: reasonToSkip() ?? false }, async (t) => {
  const { port } = await startRedis(t)
  await crowd(t, String(port), 1_000)
})
