import type { FastifyContextConfig, FastifyInstance, FastifyRequest, HTTPMethods } from 'fastify'
import type { GuardedRoute, GuardedScope } from '../types/gatehouse.js'
import type { GroupPolicy, RouteDescription } from '../types/route.js'
import { expected, plainObject, refuseUnknownKeys } from './configuration.js'
import { RouteMisconfiguredError } from './errors.js'
import { isInside } from './lineage.js'
import type { Settings } from './options.js'
import { bothPolicies, compilePolicy, PUBLIC, saysAnything } from './policy.js'
import type { KnownNames, Policy, RawPolicy } from './policy.js'

const kDeclared = Symbol('gatehouse.declared')
const kPolicy = Symbol('gatehouse.policy')
const kMistake = Symbol('gatehouse.mistake')

/** What a route said when it was declared, and what came of it. */
interface Declaration {
  readonly policy: Policy
  readonly said: readonly unknown[]
  /** What its groups demand. */
  readonly demanded: readonly Policy[]
  /** Where it stands in the guard table. */
  readonly rows: readonly Row[]
}

/** A row of the guard table while it can still change. */
type Row = { -readonly [Member in keyof GuardedRoute]: GuardedRoute[Member] } & { readonly prefix: string, policy: Policy }

/** A route's config as it is once we looked at it. */
type Config = FastifyContextConfig & {
  [kDeclared]?: Declaration
  [kPolicy]?: Policy | undefined
  [kMistake]?: string
}

/** A route as `onRoute` shows it. */
type DeclaredRoute = RouteDescription & { config?: FastifyContextConfig }

/** The policies of a registration's routes. */
export interface Routes {
  /**
   * To be called for each route as it is declared.
   *
   * @returns the config to serve it with
   * @throws TypeError for a mistake in its config, which fails the boot
   */
  see (scope: FastifyInstance, route: DeclaredRoute): FastifyContextConfig
  group (scope: GuardedScope, policy: GroupPolicy): void
  /**
   * The policy of the route a request matched. A route declared before the plugin loaded, or whose config another
   * plugin changed after us, is compiled here, on its first request.
   *
   * @throws RouteMisconfiguredError for a mistake in such a route, on every request to it
   */
  policyOf (request: FastifyRequest): Policy
  table (): GuardedRoute[]
  /** The policies of the routes in it. */
  policies (): Array<{ readonly method: string, readonly url: string, readonly policy: Policy }>
}

/** @param root the scope the plugin is registered in */
export function createRoutes (root: FastifyInstance, settings: Settings): Routes {
  const known = knownNames(settings)
  const groups: Array<{ scope: GuardedScope, policy: Policy }> = []
  const table: Row[] = []

  function compile (route: RouteDescription, config: Config, demanded: readonly Policy[]): Policy {
    const path = `route ${describe(route)}: config`
    const own = ownPolicy(path, route, config, demanded.length > 0)
    if (own?.mode === 'public') return own
    return jointPolicy(path, own === undefined ? demanded : [...demanded, own])
  }

  /** undefined: the route says nothing, and its groups decide. */
  function ownPolicy (path: string, route: RouteDescription, config: Config, grouped: boolean): Policy | undefined {
    const policy = compilePolicy(path, config, known)
    if (saysAnything(config)) return policy
    if (isPreflightRoute(route)) return PUBLIC
    if (grouped) return undefined
    const { defaultAuth } = settings
    if (typeof defaultAuth !== 'function') return defaultAuth === 'public' ? PUBLIC : compilePolicy(path, { auth: defaultAuth }, known)
    // HEAD follows its GET: both get the answer for GET.
    const chosen = defaultAuth(route.method === 'HEAD' ? { ...route, method: 'GET' } : route) ?? {}
    const chosenPath = `defaultAuth(${describe(route)})`
    refuseUnknownKeys(chosenPath, plainObject(chosenPath, chosen, 'return a route policy or undefined'), ['auth', 'scopes', 'permissions', 'roles'])
    return compilePolicy(chosenPath, chosen, known)
  }

  function note (route: RouteDescription, policy: Policy): readonly Row[] {
    const rows = methodsOf(route).map((method) => ({ method, url: route.url, auth: policy.mode, demands: inWords(policy), prefix: route.prefix, policy }))
    table.push(...rows)
    return rows
  }

  function groupsAround (scope: FastifyInstance): readonly Policy[] {
    return groups.filter((group) => isInside(scope, group.scope)).map((group) => group.policy)
  }

  /** On a route's first request: what it was declared with holds, unless its config says something else by now. */
  function judge (route: RouteDescription, config: Config, scope: FastifyInstance): Policy {
    const declared = config[kDeclared]
    const now = whatItSays(config)
    if (declared?.said.every((value, index) => value === now[index])) return declared.policy
    // A route we did not see, or a config somebody made anew without our symbols: the groups around it hold.
    const policy = compile(route, config, declared?.demanded ?? groupsAround(scope))
    const rows = declared?.rows ?? table.filter(({ method, url }) => url === route.url && methodsOf(route).includes(method))
    if (rows.length === 0) note(route, policy)
    for (const row of rows) Object.assign(row, { auth: policy.mode, demands: inWords(policy), policy })
    return policy
  }

  /** Once a route, whatever comes of it: a mistake costs no more on the next request. */
  function compileLate (config: Config, route: RouteDescription, scope: FastifyInstance): Policy {
    if (config[kMistake] === undefined) {
      try {
        config[kPolicy] = judge(route, config, scope)
        return config[kPolicy]
      } catch (error) {
        config[kMistake] = error instanceof Error ? error.message : 'defaultAuth threw no Error'
      }
    }
    throw misconfigured(config[kMistake])
  }

  return {
    see (scope, { method, url, prefix, ...route }) {
      // A copy: the same object may be another route's config too.
      const config: Config = { ...route.config }
      const demanded = groupsAround(scope)
      const policy = compile({ method, url, prefix }, config, demanded)
      config[kDeclared] = { policy, said: whatItSays(config), demanded, rows: note({ method, url, prefix }, policy) }
      return config
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
      return config[kPolicy] ?? compileLate(config, { method: routeOptions.method, url: routeOptions.url!, prefix: request.server.prefix }, request.server)
    },

    policies: () => table.map(({ method, url, policy }) => ({ method, url, policy })),

    table: () => table.flatMap(({ prefix, policy, ...row }) => {
      const slashed = { ...row, url: `${row.url}/` }
      return row.method !== 'HEAD' && row.url === prefix && root.hasRoute({ ...slashed, method: row.method as HTTPMethods }) ? [row, slashed] : [row]
    })
  }
}

function whatItSays (config: RawPolicy): readonly unknown[] {
  const { auth, scopes, permissions, roles, scope, permission, role, credentials, providers, claims, authorize, acr, maxAge, dpop } = config
  return [auth, scopes, permissions, roles, scope, permission, role, credentials, providers, claims, authorize, acr, maxAge, dpop]
}

function inWords (policy: Policy): string {
  return [
    ...policy.providers === undefined ? [] : [`providers: ${policy.providers.join(' or ')}`],
    ...policy.credentials === undefined ? [] : [`credentials: ${policy.credentials.join(' or ')}`],
    ...policy.requiresDpop ? ['dpop'] : [],
    ...policy.demands.map((demand) => demand.text),
    ...policy.authorize.map(() => 'authorize')
  ].join(', ')
}

/** Where a resolver chooses providers, their names are not known before. */
function knownNames ({ resolver, providers, authenticators, bases, dpop }: Settings): KnownNames {
  const own = authenticators.map(({ name }) => name)
  const configured = [...providers.values()]
  return {
    providers: resolver === undefined ? [...configured.map(({ name }) => name), ...own] : undefined,
    credentials: [...new Set([
      'access_token',
      ...configured.some(({ apiKeys }) => apiKeys !== undefined) ? ['api_key'] : [],
      ...configured.some(({ client }) => client !== undefined) ? ['session'] : [],
      ...own
    ])],
    dpop: { isRequired: dpop.mode === 'require', obstacle: dpop.mode === 'off' ? "cannot be met, for the registration says dpop: 'off'" : bases.length === 0 ? 'needs baseUrl: proofs name the address people reach this server at' : undefined }
  }
}

/** @throws TypeError where groups and route between them leave nobody who may vouch, no kind of credential, or no login that would do */
function jointPolicy (path: string, policies: readonly Policy[]): Policy {
  const policy = policies.reduce(bothPolicies)
  if (policy.providers?.length === 0) throw new TypeError(`${path}.auth.providers: none of these may vouch in the group the route is in`)
  if (policy.credentials?.length === 0) throw new TypeError(`${path}.auth.credentials: none of these is accepted in the group the route is in`)
  if (policy.stepUp?.acrValues?.length === 0) throw new TypeError(`${path}.auth.acr: none of these is accepted in the group the route is in`)
  return policy
}

/** The wildcard route @fastify/cors answers preflights with, `*` in its scope. Any other OPTIONS route is one like others. */
function isPreflightRoute ({ method, url, prefix }: RouteDescription): boolean {
  return method === 'OPTIONS' && url === `${prefix}*`
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
