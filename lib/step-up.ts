import { expected } from './configuration.js'
import { loggable } from './refusal.js'
import type { Refusal } from './refusal.js'
import { isScopeToken } from './scope-token.js'

/** How, or how lately, a caller must have logged in: one demand, compiled once. */
export type StepUpDemand =
  | { readonly kind: 'acr', readonly values: readonly string[], readonly text: string }
  | { readonly kind: 'maxAge', readonly seconds: number, readonly text: string }

/** What a login must give: one of these classes, and be no older than that. */
export interface StepUp {
  /** Empty where two demands have none in common. */
  readonly acrValues?: readonly string[]
  /** Seconds. */
  readonly maxAge?: number
}

/** Claims about a login, of an access token or an ID token: anything may stand in them. */
export type LoginClaims = Readonly<Record<string, unknown>>

/** @throws TypeError naming path, value and remedy */
export function compileStepUp (path: string, { acr, maxAge }: { readonly acr?: unknown, readonly maxAge?: unknown }): StepUpDemand[] {
  const demands: StepUpDemand[] = []
  if (acr !== undefined) {
    const values = classes(`${path}.acr`, acr)
    demands.push({ kind: 'acr', values, text: `acr: ${values.join(' or ')}` })
  }
  if (maxAge !== undefined) {
    if (!isSeconds(maxAge)) throw expected(`${path}.maxAge`, 'seconds, a whole number', maxAge, 'leave it out to accept a login of any age')
    demands.push({ kind: 'maxAge', seconds: maxAge, text: `maxAge: ${maxAge} s` })
  }
  return demands
}

/** Whether a value is an `acr` of ours, also where it stands in the wrong place. */
export function looksLikeAcr (value: unknown): boolean {
  const items: readonly unknown[] = Array.isArray(value) ? Array.from(value) : [value]
  return items.length > 0 && items.every((item) => typeof item === 'string')
}

/** Whether a value is a `maxAge` of ours, likewise. */
export function isSeconds (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether a demand is one of these. */
export function isStepUp <Other extends { readonly kind: string }> (demand: Other | StepUpDemand): demand is StepUpDemand {
  return demand.kind === 'acr' || demand.kind === 'maxAge'
}

/** What would satisfy all of them: the classes they have in common, and the least age; undefined if there are none. */
export function sufficientStepUp (demands: ReadonlyArray<{ readonly kind: string } | StepUpDemand>): StepUp | undefined {
  const own = demands.filter(isStepUp)
  if (own.length === 0) return undefined
  const lists = own.flatMap((demand) => demand.kind === 'acr' ? [demand.values] : [])
  const ages = own.flatMap((demand) => demand.kind === 'maxAge' ? [demand.seconds] : [])
  return Object.freeze({
    ...(lists.length === 0 ? {} : { acrValues: lists.reduce((common, values) => common.filter((value) => values.includes(value))) }),
    ...(ages.length === 0 ? {} : { maxAge: Math.min(...ages) })
  })
}

/**
 * Whether a login was as demanded. A time that is none, or is yet to come, is not.
 *
 * @param tolerance seconds
 * @see RFC 9470 sections 5 and 6
 */
export function isStrongEnough (claims: LoginClaims, demand: StepUpDemand, tolerance: number): boolean {
  if (demand.kind === 'acr') {
    const acr = own(claims, 'acr')
    return typeof acr === 'string' && demand.values.includes(acr)
  }
  const time = own(claims, 'auth_time')
  if (!isTime(time)) return false
  const age = ageOf(time)
  return age >= -tolerance && age <= demand.seconds + tolerance
}

/**
 * What the operator is told of a login that was not.
 *
 * @param type the kind of credential
 */
export function shortcomingOf (claims: LoginClaims, demand: StepUpDemand, type: string): Pick<Refusal, 'reason' | 'found' | 'hint'> {
  const name = demand.kind === 'acr' ? 'acr' : 'auth_time'
  const reason = demand.kind === 'acr' ? 'acr_insufficient' : 'authentication_too_old'
  const value = own(claims, name)
  if (value === undefined) return { reason, found: `no ${name}`, hint: whereItIsMissing(name, type) }
  if (demand.kind === 'acr') return { reason, found: loggable(value) }
  if (!isTime(value)) return { reason, found: loggable(value), hint: 'auth_time must be seconds since the epoch: the issuer must mend it' }
  const age = Math.round(ageOf(value))
  return age >= 0 ? { reason, found: `logged in ${age} s ago` } : { reason, found: `auth_time is ${-age} s ahead`, hint: 'auth_time is in milliseconds, or a clock is wrong' }
}

function whereItIsMissing (name: string, type: string): string {
  if (type === 'access_token') return `have the provider put ${name} into access tokens (RFC 9470 section 6)`
  if (type === 'session') return `have the provider put ${name} into ID tokens`
  return 'this kind of credential speaks of no login: name those the route takes with auth.credentials'
}

/** Own members only: a claim called `constructor` must not find Object's. */
function own (claims: LoginClaims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

/** Seconds; of `1e400`, too, which JSON reads as infinite: that is yet to come. */
function isTime (value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function ageOf (time: number): number {
  return Date.now() / 1000 - time
}

function classes (path: string, value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? Array.from(value) : [value]
  if (items.length === 0) throw expected(path, 'a class, or a list of classes', value, 'leave it out to accept any login')
  for (const item of items) {
    // A challenge, and a request to the provider, have them separated by spaces.
    if (typeof item === 'string' && isScopeToken(item)) continue
    const remedy = typeof item === 'string' && /\S\s+\S/.test(item) ? `write ${JSON.stringify(item.trim().split(/\s+/))} to accept each` : undefined
    throw expected(path, 'texts without white space, quotes or backslashes', item, remedy)
  }
  return Object.freeze([...new Set(items as readonly string[])])
}
