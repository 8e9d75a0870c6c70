import type { Identity } from '../types/identity.js'
import type { ClaimRequirement, Demands, Primitive } from '../types/route.js'
import { expected, plainObject } from './configuration.js'
import { compileRequirement } from './requirement.js'
import type { CompiledRequirement } from './requirement.js'
import { compileStepUp, isStepUp } from './step-up.js'
import type { StepUpDemand } from './step-up.js'

/** One thing that is demanded, compiled once. */
export type Demand = IdentityDemand | StepUpDemand

/** One thing an identity must have. */
export type IdentityDemand =
  | { readonly kind: 'scopes' | 'permissions' | 'roles', readonly requirement: CompiledRequirement, readonly text: string }
  | { readonly kind: 'claim', readonly name: string, readonly accepts: (value: unknown) => boolean, readonly text: string }

const REMEDY = 'leave it out to demand nothing'

/** @throws TypeError naming the path */
export function compileDemands (path: string, demands: { readonly [Kind in keyof Demands]?: unknown }): Demand[] {
  const compiled: Demand[] = compileStepUp(path, demands)
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

/**
 * In the order they are asked. Step-up first: its challenge names the scopes too, so that one more login mends both. Then
 * scopes, which a client can ask for.
 */
export function inOrder (demands: readonly Demand[]): readonly Demand[] {
  const rank = (demand: Demand) => isStepUp(demand) ? 0 : demand.kind === 'scopes' ? 1 : 2
  return Object.freeze([...demands].sort((one, other) => rank(one) - rank(other)))
}

/** Whether what it demands comes from an access token alone: scopes, permissions, roles. */
export function isGranted (demand: Demand): boolean {
  return 'requirement' in demand
}

/** The scopes that would satisfy every demand for scopes, for a challenge; undefined if there is none. */
export function sufficientScope (demands: readonly Demand[]): string | undefined {
  const scopes = demands.flatMap((demand) => demand.kind === 'scopes' ? demand.requirement.sufficient : [])
  return scopes.length === 0 ? undefined : [...new Set(scopes)].join(' ')
}

/** Whether the identity meets the demand. Pure. */
export function meets (identity: Identity, demand: IdentityDemand): boolean {
  return demand.kind === 'claim'
    ? Object.hasOwn(identity.claims, demand.name) && demand.accepts(identity.claims[demand.name])
    : demand.requirement.met(identity[demand.kind])
}

function compileClaim (path: string, name: string, requirement: unknown): IdentityDemand {
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
