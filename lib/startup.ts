import type { FastifyInstance } from 'fastify'
import type { Provider } from '../types/provider.js'
import type { Settings } from './options.js'
import type { Routes } from './routes.js'
import type { KeyRings } from './token/rings.js'
import { routesWithHook, withoutNames } from './unseen-routes.js'

/** Milliseconds the boot waits at most. */
const PATIENCE = 5_000

/**
 * At ready: says what is open by name, prints the guard table at debug, and sees to the first keys. With `warm` only a
 * project's configuration is waited for: a server that refuses its key will refuse it tomorrow too.
 *
 * @throws Error for a project whose key is refused; with `startup: 'require'` also for each provider that is not there
 */
export async function startUp (app: FastifyInstance, settings: Settings, rings: KeyRings, routes: Routes): Promise<void> {
  const providers = [...settings.providers.values()]
  for (const { name, audience, issuerTemplate } of providers) {
    if (audience === false) app.log.warn({ provider: name }, 'audience: false: tokens for any API of this provider are accepted')
    if (issuerTemplate?.claim !== undefined) app.log.warn({ provider: name }, "tenants: 'any': users of every directory are accepted, whoever made it")
  }
  app.log.debug({ routes: routes.table() }, 'gatehouse: the guard table')
  if (settings.startup === 'lazy') return
  const awaited = providers.flatMap((provider) => {
    const fetched = rings.of(provider).refresh()
    return settings.startup === 'require' || provider.keys.project !== undefined ? [fetched] : []
  })
  if (awaited.length === 0) return
  await within(Promise.all(awaited), Math.min(PATIENCE, (app.initialConfig.pluginTimeout || Infinity) * 0.8))
  refuseWrongProjects(providers, rings)
  if (settings.startup === 'require') requireAll(providers, rings)
}

function refuseWrongProjects (providers: readonly Provider[], rings: KeyRings): void {
  for (const provider of providers) {
    const { name, keys: { project } } = provider
    const ring = rings.of(provider)
    if (project === undefined || !ring.isRefused) continue
    const key = project.url.slice(project.url.lastIndexOf('/') + 1)
    throw new Error(`gatehouse: ${name}: the configuration service refuses the publishable key ${key} (${ring.health().lastError}); ` +
      'copy the key anew, and check the host of the configuration service if it is your own')
  }
}

function requireAll (providers: readonly Provider[], rings: KeyRings): void {
  const missing = providers.filter((provider) => !rings.of(provider).usable())
  if (missing.length === 0) return
  const causes = missing.map((provider) => {
    const { discovery, jwksUri, project } = provider.keys
    return `${provider.name}: ${rings.of(provider).health().lastError ?? `${discovery?.[0] ?? jwksUri ?? project?.url} did not answer in time`}`
  })
  throw new Error(`gatehouse: startup: 'require', but not every provider is there: ${causes.join('; ')}`)
}

/** Warns, once each, of routes declared too early and of @fastify/cors registered too late. */
export function warnAboutOrder (app: FastifyInstance, routes: Routes, hookName: string, corsCameFirst: boolean): void {
  const seen = new Set(routes.table().map(({ method, url }) => `${method} ${withoutNames(url)}`))
  const unseen = routesWithHook(app, hookName)
    .filter(({ method, url }) => !seen.has(`${method} ${withoutNames(url)}`) && !(method === 'OPTIONS' && /(^|[^/])\*$/.test(url)))
    .map(({ method, url }) => `${method} ${url}`)
  if (unseen.length > 0) {
    app.log.warn({ routes: unseen }, 'routes declared before the gatehouse loaded: they are guarded, but a mistake in their config shows ' +
      'only on a request; await app.register(gatehouse, …) first')
  }
  if (!corsCameFirst && app.hasPlugin('@fastify/cors')) {
    app.log.warn('@fastify/cors was registered after the gatehouse: browsers will not see its 401 and 403 answers, they carry no CORS headers; register it first')
  }
}

async function within (work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => { timer = setTimeout(resolve, milliseconds) })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
