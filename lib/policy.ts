import type { FastifyRequest } from 'fastify'
import { expected, isPlainObject, plainObject, refuseUnknownKeys } from './configuration.js'
import { compileDemands, inOrder, isGranted, sufficientScope } from './demand.js'
import type { Demand } from './demand.js'
import { isSeconds, looksLikeAcr, sufficientStepUp } from './step-up.js'
import type { StepUp } from './step-up.js'

/** What a route demands, compiled once and frozen. */
export interface Policy {
  readonly mode: 'public' | 'optional' | 'required'
  /** Only these may vouch; undefined: all. */
  readonly providers: readonly string[] | undefined
  /** Only credentials of these kinds; undefined: all. */
  readonly credentials: readonly string[] | undefined
  /** Whether an access token must come with a DPoP proof. */
  readonly requiresDpop: boolean
  readonly demands: readonly Demand[]
  /** Each must answer true, in this order. */
  readonly authorize: ReadonlyArray<(request: FastifyRequest) => boolean | Promise<boolean>>
  /** The scopes a caller should ask for, for challenges. */
  readonly scope: string | undefined
  /** What a login must give so that it will do; undefined: any login will. */
  readonly stepUp: StepUp | undefined
  /** Whether it demands what a session has from its access token alone: scopes, permissions, roles. */
  readonly needsAccessToken: boolean
}

export const PUBLIC: Policy = Object.freeze({
  mode: 'public', providers: undefined, credentials: undefined, requiresDpop: false, demands: [], authorize: [], scope: undefined, stepUp: undefined, needsAccessToken: false
})

const MEMBERS = ['scopes', 'permissions', 'roles'] as const
const NEAR_MISSES = [['scope', 'scopes'], ['permission', 'permissions'], ['role', 'roles']] as const
/** Members of `auth` that would demand nothing beside it, by the form that tells them from other plugins' members. */
const INSIDE_AUTH: ReadonlyArray<readonly [name: 'credentials' | 'providers' | 'claims' | 'authorize' | 'acr' | 'maxAge' | 'dpop', isOurs: (value: unknown) => boolean]> = [
  ['credentials', isListOfTexts], ['providers', isListOfTexts], ['claims', isPlainObject], ['authorize', (value) => typeof value === 'function'],
  ['acr', looksLikeAcr], ['maxAge', isSeconds], ['dpop', (value) => value === 'require']
]

/** What a policy may name; undefined: anything. */
export interface KnownNames {
  /** Providers and authenticators. */
  readonly providers?: readonly string[] | undefined
  readonly credentials?: readonly string[] | undefined
  /** What the registration says of proofs, and why a route cannot demand them, if it cannot. */
  readonly dpop?: { readonly isRequired: boolean, readonly obstacle: string | undefined }
}

/** A route's config as it comes: anything may stand in it. */
export interface RawPolicy {
  readonly auth?: unknown
  readonly scopes?: unknown
  readonly permissions?: unknown
  readonly roles?: unknown
  readonly scope?: unknown
  readonly permission?: unknown
  readonly role?: unknown
  readonly credentials?: unknown
  readonly providers?: unknown
  readonly claims?: unknown
  readonly authorize?: unknown
  readonly acr?: unknown
  readonly maxAge?: unknown
  readonly dpop?: unknown
}

/** Whether a route's config says anything to the gatehouse. */
export function saysAnything (config: RawPolicy): boolean {
  return config.auth !== undefined || MEMBERS.some((member) => config[member] !== undefined)
}

/**
 * A route's `config` as a policy. `auth` left out means `required`.
 *
 * @param path what messages call it: `route GET /messages: config`
 * @param config other plugins' members are left alone; near misses of ours are not
 * @param known what may be named: the registration's providers, and kinds of credentials; undefined: anything
 * @throws TypeError naming the path, the value and the remedy
 */
export function compilePolicy (path: string, config: RawPolicy, known: KnownNames = {}): Policy {
  for (const [miss, member] of NEAR_MISSES) {
    if (config[miss] !== undefined) throw new TypeError(`${path}.${miss}: did you mean ${JSON.stringify(member)}?`)
  }
  for (const [name, isOurs] of INSIDE_AUTH) {
    if (isOurs(config[name])) throw new TypeError(`${path}.${name}: belongs inside auth: write auth: { ${name}: … }`)
  }
  const { auth = 'required' } = config
  if (auth === false) return publicPolicy(path, config)
  const { mode, providers, credentials, requiresDpop, claims, acr, maxAge, authorize } = longForm(`${path}.auth`, auth, known)
  const demands = inOrder([...compileDemands(path, pick(config)), ...compileDemands(`${path}.auth`, { claims, acr, maxAge })])
  if (mode === 'optional' && demands.length > 0) {
    throw new TypeError(`${path}: an optional route lets anonymous callers in, so it cannot demand ${demands[0]!.text}; ` +
      "make it 'required', or call request.auth.require() where it matters")
  }
  return Object.freeze({
    mode,
    providers,
    credentials,
    requiresDpop: requiresDpop || known.dpop?.isRequired === true,
    demands,
    authorize: Object.freeze(authorize === undefined ? [] : [authorize]),
    scope: sufficientScope(demands),
    stepUp: sufficientStepUp(demands),
    needsAccessToken: demands.some(isGranted)
  })
}

/** Both policies at once: what a group demands and what a route in it adds. */
export function bothPolicies (outer: Policy, inner: Policy): Policy {
  const demands = inOrder([...outer.demands, ...inner.demands])
  return Object.freeze({
    mode: 'required',
    providers: inBoth(outer.providers, inner.providers),
    credentials: inBoth(outer.credentials, inner.credentials),
    requiresDpop: outer.requiresDpop || inner.requiresDpop,
    demands,
    authorize: Object.freeze([...outer.authorize, ...inner.authorize]),
    scope: sufficientScope(demands),
    stepUp: sufficientStepUp(demands),
    needsAccessToken: demands.some(isGranted)
  })
}

function inBoth (outer: readonly string[] | undefined, inner: readonly string[] | undefined): readonly string[] | undefined {
  return outer === undefined || inner === undefined ? inner ?? outer : outer.filter((name) => inner.includes(name))
}

function publicPolicy (path: string, config: RawPolicy): Policy {
  const demanded = MEMBERS.find((member) => config[member] !== undefined)
  if (demanded !== undefined) {
    throw new TypeError(`${path}: auth: false makes the route public, so it cannot demand ${demanded}; remove one of the two`)
  }
  return PUBLIC
}

type LongForm = Pick<Policy, 'providers' | 'credentials' | 'requiresDpop'> & {
  readonly mode: 'optional' | 'required'
  readonly claims: unknown
  readonly acr: unknown
  readonly maxAge: unknown
  readonly authorize: Policy['authorize'][number] | undefined
}

function longForm (path: string, auth: unknown, known: KnownNames): LongForm {
  if (auth === 'required' || auth === 'optional') {
    return { mode: auth, providers: undefined, credentials: undefined, requiresDpop: false, claims: undefined, acr: undefined, maxAge: undefined, authorize: undefined }
  }
  const remedy = auth === true ? "write 'required'" : undefined
  if (typeof auth !== 'object' || auth === null) throw expected(path, "false, 'required', 'optional' or an object", auth, remedy)
  const { mode = 'required', providers, credentials, dpop, claims, acr, maxAge, authorize, ...rest } = plainObject(path, auth)
  refuseUnknownKeys(path, rest, ['mode', 'providers', 'credentials', 'dpop', 'claims', 'acr', 'maxAge', 'authorize'])
  if (mode !== 'required' && mode !== 'optional') {
    throw expected(`${path}.mode`, "'required' or 'optional'", mode, mode === 'public' ? 'write auth: false for a public route' : undefined)
  }
  if (dpop !== undefined && dpop !== 'require') throw expected(`${path}.dpop`, "'require', or nothing", dpop)
  if (dpop === 'require' && known.dpop?.obstacle !== undefined) throw new TypeError(`${path}.dpop: 'require' ${known.dpop.obstacle}`)
  if (authorize !== undefined && typeof authorize !== 'function') throw expected(`${path}.authorize`, 'a function of the request', authorize)
  return {
    mode,
    providers: providers === undefined ? undefined : listOfNames(`${path}.providers`, 'provider names', providers, known.providers),
    credentials: credentials === undefined ? undefined : listOfNames(`${path}.credentials`, 'kinds of credentials', credentials, known.credentials),
    requiresDpop: dpop === 'require',
    claims,
    acr,
    maxAge,
    authorize: authorize as LongForm['authorize']
  }
}

function listOfNames (path: string, what: string, names: unknown, known: readonly string[] | undefined): readonly string[] {
  if (!Array.isArray(names) || names.length === 0) throw expected(path, `a list of ${what}`, names, 'leave it out to accept all')
  for (const name of Array.from(names)) {
    if (typeof name !== 'string' || (known !== undefined && !known.includes(name))) {
      throw expected(path, known === undefined ? what : `one of ${known.join(', ')}`, name)
    }
  }
  return Object.freeze([...names as string[]])
}

function isListOfTexts (value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && Array.from(value).every((item) => typeof item === 'string')
}

function pick ({ scopes, permissions, roles }: RawPolicy): RawPolicy {
  return { scopes, permissions, roles }
}
