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

/** How a provider is asked to log out: data, so that no provider's name is asked for anywhere. */
export interface LogoutForm {
  /** Where, seen from the issuer, if the metadata name no `end_session_endpoint`. */
  readonly path?: string
  /** How parameters are called there. One without a name is not sent. */
  readonly names: {
    readonly clientId?: string
    readonly idTokenHint?: string
    readonly postLogoutRedirectUri?: string
    readonly state?: string
  }
}

/** @see OpenID Connect RP-Initiated Logout section 2 */
export const STANDARD_LOGOUT: LogoutForm = {
  names: { clientId: 'client_id', idTokenHint: 'id_token_hint', postLogoutRedirectUri: 'post_logout_redirect_uri', state: 'state' }
}

/** FusionAuth looks at the hint only where there is no client id: an ID token in a URL would be there for nothing. */
export const CLIENT_ID_LOGOUT: LogoutForm = {
  names: { clientId: 'client_id', postLogoutRedirectUri: 'post_logout_redirect_uri', state: 'state' }
}

/** Auth0's own, for tenants that do not advertise the standard one. */
export const RETURN_TO_LOGOUT: LogoutForm = {
  path: '/v2/logout',
  names: { clientId: 'client_id', postLogoutRedirectUri: 'returnTo' }
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
