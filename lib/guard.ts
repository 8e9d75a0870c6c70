import type { Identity } from '../types/identity.js'
import { meets, sufficientScope } from './demand.js'
import type { Demand, IdentityDemand } from './demand.js'
import { ForbiddenError, InsufficientScopeError, InsufficientUserAuthenticationError } from './errors.js'
import type { Refusal } from './refusal.js'
import { loggable } from './refusal.js'
import { isStepUp, isStrongEnough, shortcomingOf, sufficientStepUp } from './step-up.js'
import type { LoginClaims, StepUpDemand } from './step-up.js'

/** What the session of a request knows beside the identity it gives. */
export interface SessionEvidence {
  /** Why the caller has no scopes, permissions and roles at all, for the log. */
  readonly grantsNothing: string | undefined
  /** The claims of its ID token. */
  readonly login: LoginClaims
}

/** Why a caller may not. */
export type Denial = InsufficientUserAuthenticationError | InsufficientScopeError | ForbiddenError

/**
 * Whether the identity meets every demand: undefined, or the error of the first it does not meet.
 *
 * @param demands in the order they are asked
 * @param tolerance seconds clocks may differ
 * @param session undefined: the request has none
 */
export function guard (demands: readonly Demand[], identity: Identity, tolerance: number, session?: SessionEvidence | null): Denial | undefined {
  for (const demand of demands) {
    if (isStepUp(demand)) {
      const login = loginOf(identity, session)
      if (!isStrongEnough(login, demand, tolerance)) return weakLogin(demands, demand, identity, login)
    } else if (!meets(identity, demand)) {
      return denial(demands, demand, identity, session?.grantsNothing)
    }
  }
  return undefined
}

/** Where an access token, an API key, an authenticator say it: in their claims. What the app made of a session's `user` says nothing. */
function loginOf (identity: Identity, session: SessionEvidence | null | undefined): LoginClaims {
  return (identity.type === 'session' ? session?.login : identity.claims) ?? {}
}

/** 401 for an API key, too, though its holder cannot step up: a token of the kind the challenge asks for would do here. */
function weakLogin (demands: readonly Demand[], demand: StepUpDemand, { type, provider, clientId }: Identity, login: LoginClaims): InsufficientUserAuthenticationError {
  const refusal: Refusal = { provider, clientId, expected: demand.text, ...shortcomingOf(login, demand, type) }
  return new InsufficientUserAuthenticationError(refusal, sufficientStepUp(demands)!, sufficientScope(demands))
}

function denial (demands: readonly Demand[], demand: IdentityDemand, identity: Identity, grantsNothing: string | undefined): InsufficientScopeError | ForbiddenError {
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

function reasonAndHint (kind: 'permissions' | 'roles', demand: Exclude<IdentityDemand, { kind: 'claim' }>, identity: Identity, grantsNothing: string | undefined): Pick<Refusal, 'reason' | 'hint'> {
  if (kind === 'roles') return { reason: 'role_missing', hint: grantsNothing }
  const hint = demand.requirement.met(identity.scopes)
    ? 'the token has it as a scope, not as a permission: demand it with config.scopes, or switch on permissions in the token at the provider'
    : grantsNothing
  return { reason: 'permission_missing', hint }
}
