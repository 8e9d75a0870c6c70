import { hash } from 'node:crypto'
import type { LoginWishes } from '../../types/login.js'
import { isNavigation } from '../navigation.js'
import type { Policy } from '../policy.js'
import { kSession } from '../session/request-session.js'
import type { WebLogin } from '../web-login.js'
import { hasJustArrived } from './arrival.js'
import { beginLogin } from './begin.js'
import type { LoginSettings } from './options.js'
import type { LoginParts } from './parts.js'
import { reporting } from './parts.js'

/** Sends browsers whose login does not do where they go to another one, of the same provider, as the route demands it. */
export function createStepUp (parts: LoginParts): WebLogin['stepUp'] {
  const { settings, siteOf } = parts
  return function stepUp (request, reply, policy, done) {
    const session = request[kSession]?.current.record
    if (session === undefined || !settings.redirect || !isNavigation(request.method, request.headers)) return false
    const demanded = demandedBy(policy)
    // Who comes from such a login and still does not do would not after the next one either.
    if (hasJustArrived(siteOf(request)!.arrivalMark, request.headers.cookie, demanded)) return false
    reporting(parts, request, reply, () => beginLogin(parts, request, reply, { provider: session.provider, ...wishesOf(policy, settings) }, demanded)).catch(done)
    return true
  }
}

/**
 * What a login must ask for so that it does on a route: its classes in place of those every login asks for, and the lesser age.
 *
 * @see RFC 9470 section 4
 */
export function wishesOf ({ stepUp: { acrValues, maxAge = Infinity } = {} }: Policy, settings: Pick<LoginSettings, 'maxAge'>): Pick<LoginWishes, 'acrValues' | 'maxAge'> {
  const age = Math.min(maxAge, settings.maxAge ?? Infinity)
  return { acrValues, maxAge: age === Infinity ? undefined : age }
}

/** The demands on a login in short, as a cookie can have them; undefined where there are none. */
export function demandedBy ({ stepUp }: Policy): string | undefined {
  return stepUp === undefined ? undefined : hash('sha256', JSON.stringify(stepUp), 'base64url').slice(0, 16)
}
