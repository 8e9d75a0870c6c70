import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { reasonToSkip, startRedis } from '../support/redis-server.js'
import { accessTokens, rotatingProvider } from '../support/session-refresh.js'
import { connectRedis, KEEPERS, logIn, newBrowser, openStore, recordEnding, sessionFor } from '../support/session-stage.js'
import { until } from '../support/until.js'

const NONE = { header: undefined }
const skip = reasonToSkip() ?? false

/** Runs `test/support/session-process.ts`; killed with the test. */
function startProcess (t: { teardown (end: () => unknown): unknown }, ...args: Array<string | number>) {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('../support/session-process.ts', import.meta.url)), ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const output = { text: '' }
  child.stdout.on('data', (bytes) => { output.text += bytes })
  return { child, output, ended: once(child, 'close') }
}

t.test('over Redis', { skip }, async (t) => {
  const { port } = await startRedis(t)
  const raw = connectRedis(t, port)
  t.beforeEach(() => raw.flushall())

  for (const place of ['cookie', 'store'] as const) {
    t.test(`in a ${place}, 200 requests at once in two processes make one refresh`, async (t) => {
      const provider = rotatingProvider({ delay: 100 })
      const processes = [openStore(t, port), openStore(t, port)].map((store) => {
        const keeper = KEEPERS[place](store)
        return { keeper, tokens: accessTokens(t, keeper, store, provider.refresh) }
      })
      const browser = newBrowser()
      await logIn(processes[0]!.keeper, browser, recordEnding(-1))
      const outcomes = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
        const { keeper, tokens } = processes[index % 2]!
        return tokens.of(await sessionFor(keeper, browser.header()), NONE)
      }))
      for (const outcome of outcomes) t.match(outcome, { outcome: 'usable', session: { record: { accessToken: 'access 1', refreshToken: 'refresh 1' } } })
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test(`in a ${place}, two real processes make one refresh`, async (t) => {
      const browser = newBrowser()
      await logIn(KEEPERS[place](openStore(t, port)), browser, recordEnding(-1))
      const children = [1, 2].map(() => startProcess(t, port, place, browser.header(), 100, 10_000, 1_000))
      await Promise.all(children.map(({ ended }) => ended))
      for (const { output } of children) t.match(output.text, /\["access 1"\]\n$/)
      t.equal(await raw.get('refreshes'), '1')
    })

    t.test(`in a ${place}, a process that dies in the middle leaves the refresh to the next`, async (t) => {
      const browser = newBrowser()
      const store = openStore(t, port)
      const keeper = KEEPERS[place](store)
      const session = await logIn(keeper, browser, recordEnding(-1))
      const { child, output, ended } = startProcess(t, port, place, browser.header(), 1, 1_000, 60_000)
      while (output.text === '') await sleep(10)
      const provider = rotatingProvider()
      const waiting = accessTokens(t, keeper, store, provider.refresh, { lease: 4_000 }).of(session, NONE)
      await sleep(1_500)
      t.strictSame(provider.shown, [], 'the lease is renewed while the other lives')
      child.kill('SIGKILL')
      await ended
      t.match(await waiting, { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
      t.strictSame(provider.shown, ['refresh 0'])
    })
  }
})

for (const place of ['cookie', 'store'] as const) {
  t.test(`in a ${place}, Redis that stops while the provider is asked loses nothing the provider said`, { skip }, async (t) => {
    const server = await startRedis(t)
    const store = openStore(t, server.port, 250)
    const keeper = KEEPERS[place](store)
    const provider = rotatingProvider({ delay: 100 })
    const tokens = accessTokens(t, keeper, store, provider.refresh)
    const browser = newBrowser()
    const session = await logIn(keeper, browser, recordEnding(-1))
    const asked = tokens.of(session, NONE)
    await until(() => provider.shown.length === 1)
    server.pause()
    t.teardown(() => { server.resume() })
    t.match(await asked, place === 'cookie' ? { outcome: 'usable' } : { outcome: 'later', cause: { name: 'StoreUnavailableError' } })
    server.resume()
    const other = accessTokens(t, KEEPERS[place](store), store, provider.refresh)
    await sleep(1_000)
    t.match(await other.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1', refreshToken: 'refresh 1' } } })
    t.strictSame(provider.shown, ['refresh 0'])
  })
}
