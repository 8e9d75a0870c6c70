import type { LogoutForm } from '../../types/provider.js'

/** @see OpenID Connect RP-Initiated Logout section 2 */
export const STANDARD_LOGOUT = form({
  names: { clientId: 'client_id', idTokenHint: 'id_token_hint', postLogoutRedirectUri: 'post_logout_redirect_uri', state: 'state' }
})

/** FusionAuth looks at the hint only where there is no client id: an ID token in a URL would be there for nothing. */
export const CLIENT_ID_LOGOUT = form({
  names: { clientId: 'client_id', postLogoutRedirectUri: 'post_logout_redirect_uri', state: 'state' }
})

/** Auth0's own, for tenants that do not advertise the standard one. */
export const RETURN_TO_LOGOUT = form({
  path: '/v2/logout',
  names: { clientId: 'client_id', postLogoutRedirectUri: 'returnTo' }
})

/** Cognito advertises its endpoint as if it were the standard one, but takes no parameter of the standard beside the client id. */
export const LOGOUT_URI_LOGOUT = form({
  names: { clientId: 'client_id', postLogoutRedirectUri: 'logout_uri' }
})

function form ({ names, ...rest }: LogoutForm): LogoutForm {
  return Object.freeze({ ...rest, names: Object.freeze(names) })
}
