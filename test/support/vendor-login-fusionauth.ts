import { randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { jwtVerify } from 'jose'
import { newApplication } from '../../examples/fusionauth-setup/application.js'
import type { Checked } from '../../examples/fusionauth-setup/options.js'
import { startVendor } from './vendor-login.js'
import type { Context, Token, VendorOptions, VendorProvider } from './vendor-login.js'

export interface FusionAuthProviderOptions extends VendorOptions {
  /** Of the person's registration to the application; undefined: there is none. Default `['reader']`. */
  readonly roles?: readonly string[] | undefined
}

const TENANT = 'a3f1c1f0-5a4e-4b0c-9a52-0c6d5b1ff001'
const PATHS = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  userinfo: '/oauth2/userinfo',
  jwks: '/.well-known/jwks.json',
  end_session: '/oauth2/logout'
}
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512']

/**
 * FusionAuth with the application our set-up script makes: JWT access tokens whose `aud` is the application, with
 * `roles`, `tid` and `applicationId`; a callback and token answers with members of its own; a logout that asks for the
 * `client_id`. There is nowhere to revoke a token.
 */
export function fusionauthProvider (t: { teardown (end: () => unknown): unknown }, options: FusionAuthProviderOptions): Promise<VendorProvider> {
  const clientId = randomUUID()
  const { roles = ['reader'], baseUrl } = options
  const { oauthConfiguration } = newApplication({ appUrl: baseUrl, clientSecret: '' } as Checked, '')
  const { authorizedRedirectURLs, logoutURL } = oauthConfiguration as { authorizedRedirectURLs: string[], logoutURL: string }
  const person = (login: string) => ({ email: `${login}@example.com`, email_verified: true, preferred_username: login, name: login, given_name: login })
  const common = (token: Token) => ({ authenticationType: 'PASSWORD', auth_time: token.authTime, tid: TENANT, sid: token.sid })
  return startVendor(t, {
    options,
    clientId,
    // The list is for logins and logouts alike.
    redirectUris: authorizedRedirectURLs,
    afterLogout: authorizedRedirectURLs,
    accessTokenLifetime: 3600,
    idTokenLifetime: 3600,
    routes: PATHS,
    claims: {
      openid: ['sub', 'authenticationType', 'tid'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'preferred_username']
    },
    person: (login) => ({ ...person(login), authenticationType: 'PASSWORD', tid: TENANT }),
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx: { oidc: { issuer: string } }) => ctx.oidc.issuer,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: clientId, scope: 'openid', accessTokenFormat: 'jwt', accessTokenTTL: options.accessTokenLifetime ?? 3600, jwt: { sign: { alg: 'RS256' } }
        })
      }
    },
    formats: {
      customizers: {
        jwt (ctx: Context, token: Token, parts: { header: object | undefined, payload: Record<string, unknown> }) {
          const { AuthorizationCode, RefreshToken } = ctx.oidc!.entities
          const { client_id: _, ...rest } = parts.payload
          const { email, email_verified: verified, preferred_username: username } = person(token.accountId)
          parts.header = { typ: 'JWT', gty: [AuthorizationCode === undefined ? 'refresh_token' : 'authorization_code'] }
          parts.payload = {
            ...rest,
            ...common({ ...token, ...(AuthorizationCode ?? RefreshToken) }),
            scope: scopeOf(ctx),
            email,
            email_verified: verified,
            preferred_username: username,
            ...(roles === undefined ? {} : { applicationId: clientId, roles })
          }
        }
      }
    },
    metadata: (origin) => ({
      issuer: origin,
      authorization_endpoint: origin + PATHS.authorization,
      token_endpoint: origin + PATHS.token,
      userinfo_endpoint: origin + PATHS.userinfo,
      jwks_uri: origin + PATHS.jwks,
      end_session_endpoint: origin + PATHS.end_session,
      device_authorization_endpoint: `${origin}/oauth2/device_authorize`,
      introspection_endpoint: `${origin}/oauth2/introspect`,
      scopes_supported: ['openid', 'offline_access'],
      response_types_supported: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'],
      response_modes_supported: ['form_post', 'fragment', 'query'],
      grant_types_supported: ['authorization_code', 'password', 'implicit', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ALGORITHMS
    }),
    callback (parameters) {
      if (parameters.has('error')) parameters.set('error_reason', 'consent_canceled')
      else parameters.set('userState', roles === undefined ? 'AuthenticatedNotRegistered' : 'Authenticated')
      parameters.set('locale', 'en')
    },
    answer (body, ctx) {
      if (body.error !== undefined) body.error_reason = body.error === 'invalid_client' ? 'invalid_client_authentication' : 'auth_code_not_found'
      else Object.assign(body, { userId: ctx.oidc!.entities.Account!.accountId, scope: scopeOf(ctx), ...(body.refresh_token === undefined ? {} : { refresh_token_id: randomUUID() }) })
    },
    async before (ctx, origin, key) {
      if (ctx.path === PATHS.userinfo) {
        await answerUserinfo(ctx, { issuer: origin, audience: clientId }, key)
        return true
      }
      const { client_id: id, id_token_hint: hint, post_logout_redirect_uri: address } = ctx.query
      if (ctx.path !== PATHS.end_session) return false
      if (id !== undefined && hint !== undefined) delete ctx.query.id_token_hint
      if (address === undefined || authorizedRedirectURLs.includes(address)) return false
      ctx.status = 400
      ctx.body = { error: 'invalid_request', error_reason: 'invalid_post_logout_redirect_uri' }
      return true
    },
    logout: () => ({ isDirect: true, home: logoutURL })
  })
}

/** What was asked for at login; oidc-provider tells a token for a resource only that resource's scopes. */
function scopeOf ({ oidc }: Context): string {
  const { AuthorizationCode, RefreshToken } = oidc!.entities
  return (AuthorizationCode ?? RefreshToken)!.scope!
}

/** oidc-provider refuses tokens for a resource here. */
async function answerUserinfo (ctx: Context, expected: { issuer: string, audience: string }, key: KeyObject): Promise<void> {
  try {
    const { payload: { sub, email, email_verified: verified, preferred_username: username, applicationId, roles, tid } } = await jwtVerify(ctx.get('authorization').replace(/^Bearer /, ''), key, expected)
    ctx.body = { sub, email, email_verified: verified, preferred_username: username, applicationId, roles, tid }
  } catch {
    ctx.status = 401
    ctx.body = { error: 'invalid_token' }
  }
}
