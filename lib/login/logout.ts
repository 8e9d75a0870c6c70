import type { LogoutForm } from '../../types/provider.js'
import { STANDARD_LOGOUT } from '../providers/logout.js'
import type { LoginMetadata } from './metadata.js'

/** What ends the provider's own session. */
export interface LogoutRequest {
  /** The ID token of the session; an expired one will do. */
  readonly idTokenHint?: string | undefined
  /** Where the provider sends the browser afterwards: one of those registered there. */
  readonly postLogoutRedirectUri?: string | undefined
  /** Comes back with the browser. */
  readonly state?: string | undefined
}

/**
 * Where to send a browser so that its session at the provider ends too.
 *
 * @param form where it has a path, it is for want of an `end_session_endpoint`, which is asked the standard way
 * @returns undefined where there is no such place
 */
export function logoutAddress (request: LogoutRequest, clientId: string, { end_session_endpoint: endpoint, issuer }: LoginMetadata, form: LogoutForm): string | undefined {
  const address = endpoint ?? (form.path === undefined ? undefined : new URL(form.path, issuer).href)
  if (address === undefined) return undefined
  const { names } = endpoint !== undefined && form.path !== undefined ? STANDARD_LOGOUT : form
  const url = new URL(address)
  const values = { clientId, ...request }
  for (const key of ['clientId', 'idTokenHint', 'postLogoutRedirectUri', 'state'] as const) {
    const name = names[key]
    const value = values[key]
    if (name !== undefined && value !== undefined) url.searchParams.set(name, value)
  }
  return url.href
}
