import type { FastifyInstance } from 'fastify'
import type { Settings } from './options.js'
import type { Routes } from './routes.js'
import type { KeyRings } from './token/rings.js'
import { routesWithHook, withoutNames } from './unseen-routes.js'

/** Milliseconds `startup: 'require'` waits at most. */
const PATIENCE = 5_000

/**
 * At ready: says what is open by name, prints the guard table at debug, and sees to the first keys.
 *
 * @throws Error with `startup: 'require'`, naming provider, address and cause of each that is not there
 */
export async function startUp (app: FastifyInstance, settings: Settings, rings: KeyRings, routes: Routes): Promise<void> {
  for (const { name, audience } of settings.providers.values()) {
    if (audience === false) app.log.warn({ provider: name }, 'audience: false: tokens for any API of this provider are accepted')
  }
  app.log.debug({ routes: routes.table() }, 'gatehouse: the guard table')
  if (settings.startup === 'lazy') return
  const fetches = rings.configured.map((ring) => ring.refresh())
  if (settings.startup === 'warm') return
  await within(Promise.all(fetches), Math.min(PATIENCE, (app.initialConfig.pluginTimeout || Infinity) * 0.8))
  const missing = [...settings.providers.values()].filter((provider) => !rings.of(provider).usable())
  if (missing.length === 0) return
  const causes = missing.map((provider) => {
    const { discovery, jwksUri } = provider.keys
    return `${provider.name}: ${rings.of(provider).health().lastError ?? `${discovery?.[0] ?? jwksUri} did not answer in time`}`
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
