import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import gatehouse, { entra, oidc, tesseral } from '../lib/index.js'
import type { GatehouseOptions } from '../lib/index.js'
import { catchTimers } from './support/caught-timers.js'
import type { CaughtTimer, CaughtTimers } from './support/caught-timers.js'
import { ACCEPTED, guardedApi, trusting, unavailable } from './support/guarded-api.js'
import { createIssuer } from './support/issuer.js'
import { captureLogs } from './support/logs.js'
import { until } from './support/until.js'

const [issuer, other] = await Promise.all([createIssuer(), createIssuer({ algorithms: ['ES256'] })])
t.teardown(() => Promise.all([issuer.close(), other.close()]))
t.beforeEach(() => {
  for (const each of [issuer, other]) { each.behave('answer'); each.reset() }
})

const both = [trusting(issuer, { name: 'first' }), trusting(other, { name: 'second' })]

/** An app that has not been booted. */
async function unready (t: Test, options: Partial<GatehouseOptions>, server: FastifyServerOptions = {}) {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'debug', stream: logs.stream }, ...server })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), ...options })
  return { app, logs }
}

/** Boots. A failure waits for whoever asks for it. */
function booted (app: FastifyInstance): Promise<void> {
  const boot = (async () => { await app.ready() })()
  boot.catch(() => {})
  return boot
}

/** The timers by which the boot waits: unlike the deadlines of fetches they hold the process. */
function patience (timers: CaughtTimers, milliseconds: number): CaughtTimer[] {
  return timers(milliseconds).filter(({ isHolding }) => isHolding)
}

t.test('lazy makes no request before the first token', async (t) => {
  const { app, get } = await guardedApi(t, issuer, { startup: 'lazy' })
  t.same(issuer.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.match(app.gatehouse.health(), [{ state: 'idle', fetches: 0 }])
  t.same(await get(issuer.token()), ACCEPTED)
  t.match(issuer.requests, { discovery: 1, jwks: 1 })
})

for (const startup of ['warm', undefined] as const) {
  t.test(`${startup ?? 'by default the boot'} fetches keys in the background, of all providers`, async (t) => {
    const { app, get } = await guardedApi(t, issuer, { provider: both, startup })
    await until(() => app.gatehouse.health().every(({ state }) => state === 'fresh'))
    issuer.behave('refuse')
    t.same(await get(issuer.token()), ACCEPTED)
    t.match([issuer.requests, other.requests], [{ discovery: 1, jwks: 1 }, { discovery: 1, jwks: 1 }])
  })
}

t.test('warm does not wait for a provider that hangs', async (t) => {
  const timers = catchTimers(t)
  issuer.behave('hang')
  const { app } = await guardedApi(t, issuer, { startup: 'warm' })
  await until(() => issuer.requests.discovery === 1)
  t.match(app.gatehouse.health(), [{ fetches: 1, failures: 0 }], 'the app is ready while the fetch is under way')
  t.same(patience(timers, 5_000), [], 'and there is no timer that could have been waited for')
})

t.test('warm logs one warning when the provider is away, and goes on', async (t) => {
  issuer.behave('status-500')
  const { app, get, logs } = await guardedApi(t, issuer, { startup: 'warm' })
  await until(() => app.gatehouse.health()[0]?.failures === 1)
  const reason = `${issuer.issuer}/.well-known/openid-configuration: status 500`
  t.match(logs.lines, [{ level: 40, msg: 'keys of the provider cannot be fetched', provider: 'oidc', reason, heldKeys: 0 }])
  t.equal(logs.lines.length, 1)
  t.same(await get(issuer.token()), unavailable())
})

t.test('require waits for every provider', async (t) => {
  const { app } = await unready(t, { provider: both, startup: 'require' })
  await app.ready()
  t.match(app.gatehouse.health(), [{ state: 'fresh' }, { state: 'fresh' }])
})

t.test('require leaves no timer behind', async (t) => {
  const timers = catchTimers(t)
  const { app } = await unready(t, { startup: 'require' })
  await app.ready()
  t.same(patience(timers, 5_000), [])
})

t.test('require fails the boot naming each provider that is not there, the address and the cause', async (t) => {
  issuer.behave('html')
  other.behave('refuse', 'jwks')
  const { app } = await unready(t, { provider: [...both, oidc({ name: 'third', issuer: issuer.issuer + '/third', audience: 'x', keys: { jwksUri: `${other.issuer}/.well-known/openid-configuration` } })], startup: 'require' })
  await t.rejects(booted(app), {
    message: "gatehouse: startup: 'require', but not every provider is there: " +
      `first: ${issuer.issuer}/.well-known/openid-configuration: answers HTML instead of JSON; ` +
      `second: ${other.issuer}/jwks: UND_ERR_SOCKET; ` +
      `third: ${other.issuer}/.well-known/openid-configuration: has no keys`
  })
})

t.test('require names only the providers that are not there', async (t) => {
  other.behave('status-500')
  const { app } = await unready(t, { provider: both, startup: 'require' })
  await t.rejects(booted(app), { message: new RegExp(`is there: second: ${other.issuer}/.well-known/openid-configuration: status 500$`) })
})

t.test('require waits 5 s at most, and no longer than 80 % of the pluginTimeout', async (t) => {
  for (const { pluginTimeout, milliseconds } of [
    { pluginTimeout: undefined, milliseconds: 5_000 },
    { pluginTimeout: 0, milliseconds: 5_000 },
    { pluginTimeout: 60_000, milliseconds: 5_000 },
    { pluginTimeout: 6_000, milliseconds: 4_800 },
    { pluginTimeout: 1_000, milliseconds: 800 }
  ]) {
    await t.test(`pluginTimeout ${pluginTimeout}`, async (t) => {
      const timers = catchTimers(t)
      issuer.reset()
      issuer.behave('hang')
      const { app } = await unready(t, { provider: both, startup: 'require' }, pluginTimeout === undefined ? {} : { pluginTimeout })
      const boot = booted(app)
      await until(() => issuer.requests.discovery === 1)
      t.equal(patience(timers, milliseconds).length, 1)
      patience(timers, milliseconds)[0]?.fire()
      await t.rejects(boot, { message: /is there: first: .*did not answer in time$/ })
    })
  }
})

t.test('require names the address that did not answer in time, wherever the keys are', async (t) => {
  const timers = catchTimers(t)
  issuer.behave('hang')
  const jwksUri = `${issuer.issuer}/private/jwks`
  const { app } = await unready(t, { provider: oidc({ issuer: 'https://id.example', audience: 'x', keys: { jwksUri } }), startup: 'require' })
  const boot = booted(app)
  await until(() => issuer.requests.jwks === 1)
  patience(timers, 5_000)[0]?.fire()
  const error: unknown = await boot.catch((error: unknown) => error)
  t.match(error, { message: /oidc: .*did not answer in time/ })
  t.ok(error instanceof Error && error.message.includes(jwksUri), 'the address it names')
})

t.test("tenants: 'any' is logged at boot, a project's template is not", async (t) => {
  const provider = [entra({ tenants: 'any', audience: 'api' }), tesseral({ publishableKey: 'publishable_key_1' })]
  const { app, logs } = await unready(t, { provider, startup: 'lazy' })
  await app.ready()
  t.match(logs.lines.filter(({ level }) => Number(level) > 20), [{ level: 40, provider: 'entra', msg: "tenants: 'any': users of every directory are accepted, whoever made it" }])
  t.equal(logs.lines.filter(({ level }) => Number(level) > 20).length, 1)
})

t.test('audience: false is logged at boot, by name', async (t) => {
  const { app, logs } = await unready(t, { provider: [trusting(issuer, { name: 'first', audience: false }), both[1]!], startup: 'lazy' })
  await app.ready()
  t.match(logs.lines.filter(({ level }) => Number(level) > 20), [{ level: 40, provider: 'first', msg: 'audience: false: tokens for any API of this provider are accepted' }])
})

t.test('the guard table is printed at debug', async (t) => {
  const { app, logs } = await unready(t, { startup: 'lazy' })
  app.get('/messages', { config: { scopes: 'read:messages' } }, async () => [])
  app.get('/health', { config: { auth: false } }, async () => ({}))
  await app.ready()
  const [line] = logs.lines.filter(({ msg }) => msg === 'gatehouse: the guard table')
  t.match(line, { level: 20 })
  t.same(line?.routes, app.gatehouse.routes())
  t.match(line?.routes, [
    { method: 'GET', url: '/messages', auth: 'required', demands: 'scopes: read:messages' },
    { method: 'HEAD', url: '/messages', auth: 'required' },
    { method: 'GET', url: '/health', auth: 'public', demands: '' },
    { method: 'HEAD', url: '/health', auth: 'public' }
  ])
})
