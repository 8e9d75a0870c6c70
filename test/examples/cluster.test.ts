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
import { createKey, signJws } from '../support/issuer.js'
import { loginProvider } from '../support/login-provider.js'
import { createProver } from '../support/prover.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const skip = reasonToSkip() ?? false
const AUDIENCE = 'https://api.example'

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
    cluster.lifetime = 2
    await logIn(browser, `${home}/login`)
    const before = await browser.fetch(`${home}/access-token`)
    t.equal(before.status, 200)
    // Real seconds: the processes have clocks of their own. A token of one could be over as it comes: its end is a whole
    // second.
    await sleep(2100)
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

  await t.test('a proof that one accepted the other refuses', async (t) => {
    const client = await createProver()
    const now = Math.floor(Date.now() / 1000)
    const payload = { iss: cluster.issuer, aud: AUDIENCE, sub: 'machine', iat: now, exp: now + 600, cnf: { jkt: client.jkt } }
    const token = signJws(JSON.stringify({ alg: cluster.key.alg, kid: cluster.key.kid, typ: 'at+jwt' }), JSON.stringify(payload), cluster.key)
    const headers = { ...client.headers({ token, url: `${home}/api` }), connection: 'close' }
    const answers = await inParallel(20, async () => {
      const response = await fetch(`${home}/api`, { headers })
      return { status: response.status, body: await response.json(), server: response.headers.get('x-served-by') }
    })
    const [accepted, ...more] = answers.filter(({ status }) => status === 200)
    t.match(accepted, { body: { hello: 'machine' } })
    t.strictSame(more, [])
    const refused = answers.filter((answer) => answer !== accepted)
    for (const { status, body } of refused) t.match({ status, body }, { status: 401, body: { code: 'GATEHOUSE_DPOP_PROOF_INVALID' } })
    t.equal(new Set(refused.map(({ server }) => server)).size, 2)
  })

  await t.test('both end when the first process is told to', async (t) => {
    t.strictSame(await cluster.end(), [0, null])
    for (const pid of cluster.pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    await t.rejects(browser.fetch(home), { code: 'ECONNREFUSED' })
  })
})

t.test('a process that ends by itself ends the other, and the first says so by its exit code', { skip }, async (t) => {
  const { home, pids, ended } = await startCluster(t)
  const [one, other] = pids
  process.kill(one!, 'SIGKILL')
  t.strictSame(await ended, [1, null])
  t.throws(() => process.kill(other!, 0), { code: 'ESRCH' })
  await t.rejects(new Browser().fetch(home), { code: 'ECONNREFUSED' })
})

t.test('a wrong setting ends it with 1 and says which', async (t) => {
  const { ended, log } = startProcesses(t, {
    REDIS_URL: 'redis://127.0.0.1:9',
    ISSUER: 'http://127.0.0.1:9',
    AUDIENCE,
    CLIENT_ID: 'web',
    CLIENT_SECRET: 'hunter2',
    SESSION_SECRET: 'short'
  })
  t.strictSame(await ended, [1, null])
  t.match(log.text, 'login.session.secret')
})

async function startCluster (t: Test) {
  // Seconds an access token lasts that is given now.
  const tokens = { lifetime: 600 }
  const { port: redisPort } = await startRedis(t)
  const port = await freePort()
  const home = `http://127.0.0.1:${port}`
  const ttl = { AccessToken: () => tokens.lifetime, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 }
  const key = await createKey('RS256')
  const jwks = { keys: [{ ...key.privateKey.export({ format: 'jwk' }), alg: key.alg, use: 'sig', kid: key.kid }] }
  const { issuer, secret, paths } = await loginProvider(t, { baseUrl: home, conformIdTokenClaims: false, ttl, jwks })
  const { child, ended, log } = startProcesses(t, {
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    ISSUER: issuer,
    AUDIENCE,
    CLIENT_ID: 'web',
    CLIENT_SECRET: secret,
    SESSION_SECRET: randomBytes(32).toString('base64'),
    PORT: String(port)
  })
  return Object.assign(tokens, {
    home,
    issuer,
    key,
    paths,
    ended,
    pids: await bothAnswer(home, log),
    end () {
      child.kill('SIGTERM')
      return ended
    }
  })
}

/** It listens once the first of the processes does. @returns their ids */
async function bothAnswer (home: string, log: { readonly text: string }): Promise<number[]> {
  const seen = new Set<unknown>()
  for (const begin = performance.now(); performance.now() - begin < 30_000; await sleep(20)) {
    const page = await new Browser().fetch(home).catch(() => undefined)
    if (page !== undefined) seen.add(page.headers['x-served-by'])
    if (seen.size === 2) return [...seen].map(Number)
  }
  throw new Error(`${seen.size} of two processes answered within half a minute: ${log.text}`)
}

/** Runs the example; it is killed with the test, and what it forked ends with it. */
function startProcesses (t: Test, env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/cluster/index.ts'], { cwd: root, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const log = { text: '' }
  child.stderr.on('data', (text) => { log.text += text })
  const late = sleep(120_000, undefined, { ref: false }).then(() => { throw new Error(`it goes on: ${log.text}`) })
  return { child, log, ended: Promise.race([once(child, 'close'), late]) }
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
