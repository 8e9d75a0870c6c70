import type { Identity } from '../types/identity.js'
import { meets, sufficientScope } from './demand.js'
import type { Demand } from './demand.js'
import { ForbiddenError, InsufficientScopeError } from './errors.js'
import type { Refusal } from './refusal.js'
import { loggable } from './refusal.js'

/**
 * Whether the identity meets every demand: undefined, or the error of the first it does not meet. Pure.
 *
 * @param demands in the order they are asked
 * @param grantsNothing why the caller has no scopes, permissions and roles at all, for the log
 */
export function guard (demands: readonly Demand[], identity: Identity, grantsNothing?: string): InsufficientScopeError | ForbiddenError | undefined {
  for (const demand of demands) {
    if (!meets(identity, demand)) return denial(demands, demand, identity, grantsNothing)
  }
  return undefined
}

function denial (demands: readonly Demand[], demand: Demand, identity: Identity, grantsNothing: string | undefined): InsufficientScopeError | ForbiddenError {
  const { provider, clientId } = identity
  const about = { provider, clientId, expected: demand.text }
  if (demand.kind === 'claim') {
    // The value may be anybody's personal data: the log says whether it was there, not what it was.
    const found = Object.hasOwn(identity.claims, demand.name) ? 'another value' : 'no such claim'
    return new ForbiddenError({ reason: 'claim_refused', ...about, found })
  }
  const found = loggable(identity[demand.kind])
  if (demand.kind === 'scopes') {
    const hint = demand.requirement.met(identity.permissions)
      ? 'the token has it as a permission, not as a scope: demand it with config.permissions'
      : grantsNothing
    return new InsufficientScopeError({ reason: 'scope_missing', ...about, found, hint }, sufficientScope(demands)!)
  }
  return new ForbiddenError({ ...about, ...reasonAndHint(demand.kind, demand, identity, grantsNothing), found })
}

function reasonAndHint (kind: 'permissions' | 'roles', demand: Exclude<Demand, { kind: 'claim' }>, identity: Identity, grantsNothing: string | undefined): Pick<Refusal, 'reason' | 'hint'> {
  if (kind === 'roles') return { reason: 'role_missing', hint: grantsNothing }
  const hint = demand.requirement.met(identity.scopes)
    ? 'the token has it as a scope, not as a permission: demand it with config.scopes, or switch on permissions in the token at the provider'
    : grantsNothing
  return { reason: 'permission_missing', hint }
}
