import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../../examples/demo/browser.js'
import type { Page } from '../../examples/demo/browser.js'
import { freePort } from '../../examples/demo/free-port.js'
import { loginProvider } from '../support/login-provider.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const skip = reasonToSkip() ?? false

t.test('two processes share sessions through Redis', { skip }, async (t) => {
  const cluster = await startCluster(t)
  const { home, paths } = cluster
  const browser = new Browser()
  const exchanges = () => paths.filter((path) => path === '/token').length

  await t.test('who logged in once is known to both', async (t) => {
    const page = await logIn(browser, home)
    t.match(page, { status: 200, url: `${home}/`, text: '"hello":"ada"' })
    const pages = await inParallel(20, () => browser.fetch(home))
    t.strictSame(new Set(pages.map(({ status }) => status)), new Set([200]))
    t.equal(servers(pages).size, 2)
  })

  await t.test('what one writes into the session the other reads', async (t) => {
    const pages: Page[] = []
    for (let visit = 1; visit <= 20; visit++) {
      const page = await browser.fetch(`${home}/visits`)
      t.equal(page.text, `{"visits":${visit}}`)
      pages.push(page)
    }
    t.equal(servers(pages).size, 2)
  })

  await t.test('an access token that ended is refreshed once, however many requests ask both for it', async (t) => {
    cluster.lifetime = 1
    await logIn(browser, `${home}/login`)
    const before = await browser.fetch(`${home}/access-token`)
    t.equal(before.status, 200)
    await sleep(1100)
    cluster.lifetime = 600
    const already = exchanges()
    const pages = await inParallel(40, () => browser.fetch(`${home}/access-token`))
    t.equal(servers(pages).size, 2)
    t.strictSame(new Set(pages.map(({ status }) => status)), new Set([200]))
    const tokens = new Set(pages.map(({ text }) => text))
    t.equal(tokens.size, 1, 'all got the same one')
    t.notOk(tokens.has(before.text), 'and it is new')
    t.equal(exchanges() - already, 1)
  })

  await t.test('a logout at one is one at the other', async (t) => {
    const other = new Browser()
    await logIn(other, home, 'grace')
    const page = await browser.submit(await browser.open(`${home}/logout`), { logout: 'yes' })
    t.ok(page.url.startsWith(cluster.issuer), 'the start page asks whoever left to log in')
    const pages = await inParallel(20, () => browser.fetch(home))
    t.strictSame(new Set(pages.map(({ status }) => status)), new Set([401]))
    t.equal(servers(pages).size, 2)
    t.match(await other.fetch(home), { status: 200, text: '"hello":"grace"' }, 'others stay')
  })

  await t.test('both end when the first process is told to', async (t) => {
    const pids = [...servers(await inParallel(20, () => browser.fetch(home)))].map(Number)
    t.equal(pids.length, 2)
    t.strictSame(await cluster.end(), [0, null])
    for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    await t.rejects(browser.fetch(home), { code: 'ECONNREFUSED' })
  })
})

t.test('a process that cannot start ends the others', async (t) => {
  const child = startProcesses(t, { ISSUER: 'http://127.0.0.1:9', CLIENT_ID: 'web', CLIENT_SECRET: 'hunter2', SESSION_SECRET: 'short' })
  let said = ''
  child.stderr.on('data', (text) => { said += text })
  t.strictSame(await once(child, 'close'), [1, null])
  t.match(said, 'login.session.secret')
})

async function startCluster (t: Test) {
  // Seconds an access token lasts that is given now.
  const tokens = { lifetime: 600 }
  const { port: redisPort } = await startRedis(t)
  const port = await freePort()
  const home = `http://127.0.0.1:${port}`
  const ttl = { AccessToken: () => tokens.lifetime, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 }
  const { issuer, secret, paths } = await loginProvider(t, { baseUrl: home, conformIdTokenClaims: false, ttl })
  const child = startProcesses(t, {
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    ISSUER: issuer,
    CLIENT_ID: 'web',
    CLIENT_SECRET: secret,
    SESSION_SECRET: randomBytes(32).toString('base64'),
    PORT: String(port)
  })
  child.stderr.pipe(process.stderr)
  // It listens once the first of the processes does.
  while ((await inParallel(10, () => new Browser().fetch(home).catch(() => undefined))).some((page) => page === undefined)) await sleep(50)
  const seen = new Set<unknown>()
  while (seen.size < 2) {
    for (const pid of servers([await new Browser().fetch(home)])) seen.add(pid)
    await sleep(10)
  }
  return Object.assign(tokens, {
    home,
    issuer,
    paths,
    end () {
      child.kill('SIGTERM')
      return once(child, 'exit')
    }
  })
}

/** Runs the example; it is killed with the test, and what it forked ends with it. */
function startProcesses (t: Test, env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/cluster/index.ts'], { cwd: root, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  return child
}

function logIn (browser: Browser, home: string, login = 'ada'): Promise<Page> {
  return browser.signIn(home, { login, password: 'any' })
}

function inParallel<Result> (times: number, work: () => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: times }, work))
}

/** The processes that answered. */
function servers (pages: readonly Page[]): Set<unknown> {
  return new Set(pages.map(({ headers }) => headers['x-served-by']))
}
