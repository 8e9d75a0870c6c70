import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import gatehouse, { oidc } from '../lib/index.js'
import { createIssuer } from './support/issuer.js'
import { listen } from './support/issuer/server.js'

const run = promisify(execFile)
const program = new URL('support/idle-process.ts', import.meta.url).pathname

// Started together: most of their time is spent loading TypeScript.
t.jobs = 2
for (const [mode, outcome, state] of [['answer', 'user-1', 'fresh'], ['status-500', 'GATEHOUSE_UNAVAILABLE', 'away']] as const) {
  t.test(`a process with a provider that answers like ${mode} ends by itself, though timers are pending and nothing was closed`, { buffered: true }, async (t) => {
    const issuer = await createIssuer()
    t.teardown(() => issuer.close())
    issuer.behave(mode)
    // Loads TypeScript the way this process does: coverage of another loader's output would not fit together with ours.
    const args = [...process.execArgv, program, issuer.issuer, issuer.audience, issuer.token()]
    const { stdout, stderr } = await run(process.execPath, args, { timeout: 30_000 })
    t.same(JSON.parse(stdout), { outcome, states: [state] })
    t.equal(stderr, '')
  })
}

function deferred (): { promise: Promise<void>, resolve: () => void } {
  let settle = () => {}
  const promise = new Promise<void>((resolve) => { settle = resolve })
  return { promise, resolve: settle }
}

t.test('close aborts the fetch under way', { buffered: true }, async (t) => {
  const { promise: asked, resolve: ask } = deferred()
  const { promise: aborted, resolve: abort } = deferred()
  const { origin, close } = await listen((request) => { request.once('close', abort); ask() })
  t.teardown(close)
  const app = Fastify()
  await app.register(gatehouse, { provider: oidc({ issuer: origin, audience: 'https://api.example' }) })
  await app.ready()
  await asked
  await app.close()
  await aborted
  t.match(app.gatehouse.health(), [{ fetches: 1, failures: 0 }], 'and counts it as no failure')
})
