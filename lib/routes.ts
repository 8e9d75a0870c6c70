import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import type { GuardedRoute } from '../types/gatehouse.js'
import type { GroupPolicy, RouteDescription } from '../types/route.js'
import { expected, plainObject, refuseUnknownKeys } from './configuration.js'
import { RouteMisconfiguredError } from './errors.js'
import { isInside } from './lineage.js'
import type { Settings } from './options.js'
import { bothPolicies, compilePolicy, PUBLIC, saysAnything } from './policy.js'
import type { Policy } from './policy.js'

const kPolicy = Symbol('gatehouse.policy')
const kMistake = Symbol('gatehouse.mistake')

/** A route's config as it is once we looked at it. */
type Config = FastifyContextConfig & {
  [kPolicy]?: Policy
  [kMistake]?: string
}

/** A route as `onRoute` shows it. */
type DeclaredRoute = RouteDescription & { config?: FastifyContextConfig }

/** The policies of a registration's routes. */
export interface Routes {
  /** To be called for each route as it is declared; a mistake in its config throws, which fails the boot. */
  see (scope: FastifyInstance, route: DeclaredRoute): void
  group (scope: FastifyInstance, policy: GroupPolicy): void
  /**
   * The policy of the route a request matched. A route declared before the plugin loaded is compiled here, on its
   * first request.
   *
   * @throws RouteMisconfiguredError for a mistake in such a route, on every request to it
   */
  policyOf (request: FastifyRequest): Policy
  /** Whether `see` was called for it. */
  hasSeen (method: string, url: string): boolean
  table (): GuardedRoute[]
}

/** @param root the scope the plugin is registered in */
export function createRoutes (root: FastifyInstance, settings: Settings): Routes {
  const known = settings.resolver === undefined ? [...settings.providers.values()].map(({ name }) => name) : undefined
  const groups: Array<{ scope: FastifyInstance, policy: Policy }> = []
  const seen = new Map<string, GuardedRoute>()

  function compile (route: RouteDescription, config: Config, demanded: readonly Policy[]): Policy {
    const path = `route ${describe(route)}: config`
    const policy = ownPolicy(path, route, config, demanded.length > 0)
    if (policy === undefined || (policy.mode === 'public' && demanded.length === 0)) return note(route, policy ?? groupPolicy(path, demanded))
    return note(route, policy.mode === 'public' ? policy : groupPolicy(path, [...demanded, policy]))
  }

  /** undefined: the route says nothing, and its groups decide. */
  function ownPolicy (path: string, route: RouteDescription, config: Config, grouped: boolean): Policy | undefined {
    const policy = compilePolicy(path, config, known)
    if (saysAnything(config)) return policy
    if (grouped) return undefined
    if (isPreflightRoute(route)) return PUBLIC
    const { defaultAuth } = settings
    if (typeof defaultAuth !== 'function') return defaultAuth === 'public' ? PUBLIC : compilePolicy(path, { auth: defaultAuth })
    const chosen = defaultAuth(route) ?? {}
    const chosenPath = `defaultAuth(${describe(route)})`
    refuseUnknownKeys(chosenPath, plainObject(chosenPath, chosen, 'return a route policy or undefined'), ['auth', 'scopes', 'permissions', 'roles'])
    return compilePolicy(chosenPath, chosen, known)
  }

  function note (route: RouteDescription, policy: Policy): Policy {
    const demands = [
      ...policy.providers === undefined ? [] : [`providers: ${policy.providers.join(' or ')}`],
      ...policy.demands.map((demand) => demand.text),
      ...policy.authorize.map(() => 'authorize')
    ].join(', ')
    for (const method of methodsOf(route)) seen.set(`${method} ${route.url}`, { method, url: route.url, auth: policy.mode, demands })
    return policy
  }

  /** Once a route, whatever comes of it: a mistake costs no more on the next request. */
  function compileLate (config: Config, route: RouteDescription): Policy {
    if (config[kMistake] === undefined) {
      try {
        config[kPolicy] = compile(route, config, [])
        return config[kPolicy]
      } catch (error) {
        config[kMistake] = error instanceof Error ? error.message : 'defaultAuth threw no Error'
      }
    }
    throw misconfigured(config[kMistake])
  }

  return {
    see (scope, route) {
      const config: Config = { ...route.config }
      // The HEAD route Fastify adds carries its GET's config, judged already.
      const policy = config[kPolicy]
      const description = { method: route.method, url: route.url, prefix: route.prefix }
      if (policy === undefined) {
        const demanded = groups.filter((group) => isInside(scope, group.scope)).map((group) => group.policy)
        config[kPolicy] = compile(description, config, demanded)
      } else {
        note(description, policy)
      }
      route.config = config
    },

    group (scope, policy) {
      const path = 'gatehouse.group()'
      if (!isInside(scope, root)) throw new TypeError(`${path}: this scope is not guarded by this registration; pass the scope the plugin is registered in, or one inside it`)
      const members = plainObject(path, policy, 'pass { scopes, permissions, roles, auth }')
      refuseUnknownKeys(path, members, ['auth', 'scopes', 'permissions', 'roles'])
      const { auth } = members
      const optional = auth === 'optional' || (typeof auth === 'object' && auth !== null && 'mode' in auth)
      if (auth === false || optional) throw expected(`${path}: auth`, "'required' or an object without mode", auth, 'a group demands; only a route itself can be opened')
      groups.push({ scope, policy: compilePolicy(path, members, known) })
    },

    policyOf (request) {
      const { routeOptions } = request
      const config: Config = routeOptions.config
      return config[kPolicy] ?? compileLate(config, { method: routeOptions.method, url: routeOptions.url!, prefix: request.server.prefix })
    },

    hasSeen: (method, url) => seen.has(`${method} ${url}`),
    table: () => [...seen.values()]
  }
}

/** @throws TypeError where groups and route between them leave no provider that may vouch */
function groupPolicy (path: string, policies: readonly Policy[]): Policy {
  const policy = policies.reduce(bothPolicies)
  if (policy.providers?.length === 0) throw new TypeError(`${path}.auth.providers: none of these may vouch in the group the route is in`)
  return policy
}

/** The wildcard route @fastify/cors answers preflights with. Any other OPTIONS route is one like others. */
function isPreflightRoute (route: RouteDescription): boolean {
  return route.method === 'OPTIONS' && route.url.endsWith('*')
}

function methodsOf ({ method }: RouteDescription): readonly string[] {
  return typeof method === 'string' ? [method] : method
}

function describe (route: RouteDescription): string {
  return `${methodsOf(route).join(', ')} ${route.url}`
}

function misconfigured (mistake: string): RouteMisconfiguredError {
  const hint = 'the route was declared before the gatehouse loaded: await app.register(gatehouse, …) first, and mistakes fail the boot'
  return new RouteMisconfiguredError({ reason: 'route_misconfigured', found: mistake, hint }, mistake)
}
