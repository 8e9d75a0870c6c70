import Fastify from 'fastify'
import type { FastifyServerOptions } from 'fastify'
import t from 'tap'
import gatehouse, { oidc } from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { tesseral } from '../../lib/providers/index.js'
import type { TesseralOptions } from '../../lib/providers/index.js'
import { catchTimers } from '../support/caught-timers.js'
import { unavailable } from '../support/guarded-api.js'
import { projectApi } from '../support/tesseral/api.js'
import { identifier } from '../support/tesseral/identifiers.js'
import { createProject } from '../support/tesseral/project.js'
import type { TestProject } from '../support/tesseral/project.js'
import { until } from '../support/until.js'

interface Boot {
  readonly options?: Partial<TesseralOptions>
  readonly gatehouse?: Partial<GatehouseOptions>
  readonly server?: FastifyServerOptions
}

/** Boots an API of the project. A failure waits for whoever asks for it. */
async function boot (t: { teardown (undo: () => unknown): unknown }, project: TestProject, { options = {}, gatehouse: settings = {}, server = {} }: Boot = {}) {
  const app = Fastify(server)
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: tesseral({ ...project.options, ...options }), ...settings })
  const ready = (async () => { await app.ready() })()
  ready.catch(() => {})
  return { app, ready }
}

t.test('by default the boot waits for the configuration', async (t) => {
  const project = await createProject(t)
  const { app, ready } = await boot(t, project)
  await ready
  t.match(app.gatehouse.health(), [{ provider: 'tesseral', state: 'fresh', keys: [project.keys[0]!.kid] }])
})

for (const startup of ['warm', 'require'] as const) {
  for (const [title, publishableKey, status] of [
    ['is well formed, but not known', identifier('publishable_key'), 404],
    ['is malformed', 'publishable_key_1', 400]
  ] as const) {
    t.test(`${startup}: a publishable key that ${title} fails the boot, naming provider, key, address and remedy`, async (t) => {
      const project = await createProject(t)
      const { ready } = await boot(t, project, { options: { publishableKey, name: 'customers' }, gatehouse: { startup } })
      await t.rejects(ready, {
        message: `gatehouse: customers: the configuration service refuses the publishable key ${publishableKey} ` +
          `(${project.configServer.origin}/v1/config/${publishableKey}: status ${status}); ` +
          'copy the key anew, and check the host of the configuration service if it is your own'
      })
    })
  }
}

t.test('lazy does not ask: a wrong key is a 503 that the log explains', async (t) => {
  const project = await createProject(t)
  const { ask, refusals } = await projectApi(t, project, { publishableKey: identifier('publishable_key') })
  t.equal(project.config.requests, 0)
  t.same(await ask({ token: project.token() }), unavailable())
  t.match(refusals(), [{ reason: 'keys_unavailable', provider: 'tesseral', hint: /status 404$/ }])
})

for (const how of ['html', 'refuse', { status: 500 }, { status: 429 }, { status: 401 }, { status: 403 }, { status: 407 }, { status: 410 }] as const) {
  t.test(`warm goes on when the service is merely away: ${typeof how === 'string' ? how : `status ${how.status}`}`, async (t) => {
    const project = await createProject(t)
    project.config.how = how
    const { app, ready } = await boot(t, project)
    await ready
    t.match(app.gatehouse.health(), [{ state: 'away', failures: 1 }])
  })
}

t.test('require waits for no service that is away, whatever it says: the boot fails, but not over the key', async (t) => {
  for (const status of [401, 403, 410, 500]) {
    const project = await createProject(t)
    project.config.how = { status }
    const { ready } = await boot(t, project, { gatehouse: { startup: 'require' } })
    await t.rejects(ready, { message: `gatehouse: startup: 'require', but not every provider is there: tesseral: ${project.configServer.origin}/v1/config/${project.publishableKey}: status ${status}` })
  }
})

t.test('the boot waits 5 seconds at most, and no longer than 80 % of the pluginTimeout', async (t) => {
  for (const { startup, pluginTimeout, milliseconds } of [
    { startup: 'warm', pluginTimeout: 10_000, milliseconds: 5_000 },
    { startup: 'warm', pluginTimeout: 0, milliseconds: 5_000 },
    { startup: 'warm', pluginTimeout: 1_000, milliseconds: 800 },
    { startup: 'require', pluginTimeout: 1_000, milliseconds: 800 }
  ] as const) {
    await t.test(`${startup}, pluginTimeout ${pluginTimeout}`, async (t) => {
      const project = await createProject(t)
      project.config.how = 'hang'
      const timers = catchTimers(t)
      const { ready } = await boot(t, project, { gatehouse: { startup }, server: { pluginTimeout } })
      await until(() => project.config.requests === 1)
      const [patience, ...others] = timers(milliseconds).filter(({ isHolding }) => isHolding)
      t.same(others, [])
      patience?.fire()
      if (startup === 'warm') await ready
      else await t.rejects(ready, { message: `gatehouse: startup: 'require', but not every provider is there: tesseral: ${project.configServer.origin}/v1/config/${project.publishableKey} did not answer in time` })
    })
  }
})

t.test('warm waits for no other provider', async (t) => {
  const project = await createProject(t)
  const hanging = await createProject(t)
  hanging.config.how = 'hang'
  const other = oidc({ issuer: 'https://id.example', audience: 'x', keys: { jwksUri: `${hanging.configServer.origin}/jwks` } })
  const { app, ready } = await boot(t, project, { gatehouse: { provider: [tesseral(project.options), other] } })
  await ready
  t.match(app.gatehouse.health(), [{ state: 'fresh' }, { state: 'idle', fetches: 1 }])
})
