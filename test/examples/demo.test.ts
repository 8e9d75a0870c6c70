import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))

// The printed lines are shell commands: without curl there is nothing to run.
const skip = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not on this machine'

t.test('the demo prints seven curl lines and each gets the status behind it', { skip }, async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/demo/index.ts', '--check'], {
    cwd: root,
    // Without the hooks of the test runner, which would reach into the child.
    env: { PATH: process.env.PATH }
  })
  const statuses = [...stdout.matchAll(/^ok {3}(\d{3})/gm)].map(([, status]) => status)
  t.strictSame(statuses, ['200', '401', '200', '403', '200', '401', '401'])
})
