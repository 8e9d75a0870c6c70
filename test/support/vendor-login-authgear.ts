import { randomBytes } from 'node:crypto'
import { startVendor } from './vendor-login.js'
import type { Context, VendorOptions, VendorProvider } from './vendor-login.js'

const CLAIMS = 'https://authgear.com/claims/user'
const SCOPES = 'https://authgear.com/scopes'
const PATHS = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  userinfo: '/oauth2/userinfo',
  jwks: '/oauth2/jwks',
  revocation: '/oauth2/revoke',
  end_session: '/oauth2/end_session'
}

/**
 * Authgear with a confidential client: opaque access tokens, `sid` and namespaced claims in an ID token of five
 * minutes, a refresh token with `offline_access` only, which stays the same and is not sent again; no `iss` in the
 * callback. Logout is direct with a hint of the session at hand, and a question without.
 */
export function authgearProvider (t: { teardown (end: () => unknown): unknown }, options: VendorOptions): Promise<VendorProvider> {
  const clientId = randomBytes(8).toString('hex')
  const afterLogout = [`${options.baseUrl}/`]
  return startVendor(t, {
    options,
    clientId,
    redirectUris: [`${options.baseUrl}/callback`],
    afterLogout,
    accessTokenLifetime: 1800,
    idTokenLifetime: 300,
    routes: PATHS,
    claims: {
      openid: ['sub', `${CLAIMS}/is_anonymous`, `${CLAIMS}/is_verified`, `${CLAIMS}/can_reauthenticate`, `${CLAIMS}/roles`],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name']
    },
    person: (login) => ({
      [`${CLAIMS}/is_anonymous`]: false,
      [`${CLAIMS}/is_verified`]: true,
      [`${CLAIMS}/can_reauthenticate`]: true,
      [`${CLAIMS}/roles`]: ['reader'],
      email: `${login}@example.com`,
      email_verified: true,
      name: login
    }),
    metadata: (origin) => ({
      issuer: origin,
      authorization_endpoint: origin + PATHS.authorization,
      token_endpoint: origin + PATHS.token,
      userinfo_endpoint: origin + PATHS.userinfo,
      jwks_uri: origin + PATHS.jwks,
      revocation_endpoint: origin + PATHS.revocation,
      end_session_endpoint: origin + PATHS.end_session,
      scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'address', 'phone', `${SCOPES}/full-access`, `${SCOPES}/full-userinfo`, `${SCOPES}/pre-authenticated-url`, 'device_sso'],
      response_types_supported: ['code', 'none'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256']
    }),
    callback: (parameters) => { parameters.delete('iss') },
    answer (body, ctx) {
      if (body.error === 'invalid_client') {
        ctx.status = 400
        Object.assign(body, { error: 'invalid_request', error_description: 'invalid client secret' })
      } else if (ctx.oidc?.params?.grant_type === 'refresh_token') {
        delete body.refresh_token
      }
    },
    async before (ctx) {
      if (ctx.path === '/settings') {
        ctx.type = 'html'
        ctx.body = '<!doctype html><title>Settings</title><h1>Settings</h1>'
        return true
      }
      // An unregistered address is ignored, and so is everything without a hint.
      const { post_logout_redirect_uri: address, id_token_hint: hint, client_id: _, ...rest } = ctx.query
      if (ctx.path === PATHS.end_session && (hint === undefined || !afterLogout.includes(address ?? ''))) {
        ctx.query = { ...rest, ...(hint === undefined ? {} : { id_token_hint: hint }) }
      }
      return false
    },
    logout: (ctx) => ({ isDirect: isOfThisSession(ctx, clientId), home: '/settings' })
  })
}

function isOfThisSession ({ oidc }: Context, clientId: string): boolean {
  const { session, entities } = oidc!
  return session?.accountId === undefined || (entities.IdTokenHint !== undefined && entities.IdTokenHint.payload?.sid === session.sidFor(clientId))
}
