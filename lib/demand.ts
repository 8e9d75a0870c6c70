import type { Identity } from '../types/identity.js'
import type { ClaimRequirement, Demands, Primitive } from '../types/route.js'
import { expected, plainObject } from './configuration.js'
import { compileRequirement } from './requirement.js'
import type { CompiledRequirement } from './requirement.js'

/** One thing an identity must have, compiled once. */
export type Demand =
  | { readonly kind: 'scopes' | 'permissions' | 'roles', readonly requirement: CompiledRequirement, readonly text: string }
  | { readonly kind: 'claim', readonly name: string, readonly accepts: (value: unknown) => boolean, readonly text: string }

const REMEDY = 'leave it out to demand nothing'

/**
 * Scopes first: a caller who lacks one learns it from the challenge and can ask for it.
 *
 * @throws TypeError naming the path
 */
export function compileDemands (path: string, demands: { readonly [Kind in keyof Demands]?: unknown }): Demand[] {
  const compiled: Demand[] = []
  for (const kind of ['scopes', 'permissions', 'roles'] as const) {
    if (demands[kind] === undefined) continue
    const requirement = compileRequirement(`${path}.${kind}`, demands[kind])
    compiled.push({ kind, requirement, text: `${kind}: ${requirement.text}` })
  }
  if (demands.claims !== undefined) {
    const claims = Object.entries(plainObject(`${path}.claims`, demands.claims))
    if (claims.length === 0) throw expected(`${path}.claims`, 'at least one claim', demands.claims, REMEDY)
    for (const [name, requirement] of claims) compiled.push(compileClaim(`${path}.claims.${name}`, name, requirement))
  }
  return compiled
}

/** The scopes that would satisfy every demand for scopes, for a challenge; undefined if there is none. */
export function sufficientScope (demands: readonly Demand[]): string | undefined {
  const scopes = demands.flatMap((demand) => demand.kind === 'scopes' ? demand.requirement.sufficient : [])
  return scopes.length === 0 ? undefined : [...new Set(scopes)].join(' ')
}

/** Whether the identity meets the demand. Pure. */
export function meets (identity: Identity, demand: Demand): boolean {
  return demand.kind === 'claim'
    ? Object.hasOwn(identity.claims, demand.name) && demand.accepts(identity.claims[demand.name])
    : demand.requirement.met(identity[demand.kind])
}

function compileClaim (path: string, name: string, requirement: unknown): Demand {
  if (requirement === true) {
    return { kind: 'claim', name, accepts: (value) => value !== null && value !== undefined, text: `claim ${name}` }
  }
  if (typeof requirement === 'function') {
    const ask = requirement as Extract<ClaimRequirement, (value: unknown) => boolean>
    return { kind: 'claim', name, accepts: (value) => ask(value) === true, text: `claim ${name}: a function of it` }
  }
  const values: readonly unknown[] = Array.isArray(requirement) ? [...requirement] : [requirement]
  if (values.length === 0 || !values.every(isPrimitive)) {
    throw expected(path, 'true, a text, number or boolean, a list of them, or a function', requirement)
  }
  return {
    kind: 'claim',
    name,
    accepts: (value) => values.includes(value as Primitive),
    text: `claim ${name}: ${values.map(String).join(' or ')}`
  }
}

function isPrimitive (value: unknown): value is Primitive {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && !Number.isNaN(value))
}
