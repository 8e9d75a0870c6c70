/** How the demo's provider is set up: JWT access tokens for the API a request names, and pages of its own. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { Adapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import type { Configuration, Context } from 'oidc-provider/lib/provider.js'
import type { Html } from '../html.js'
import { contentPolicy } from './layout.js'
import { claimsOf } from './people.js'
import { errorPage, signedOutPage, signOutPage } from './provider-pages.js'

const HOUR = 3600

export function configuration (adapter: (model: string) => Adapter): Configuration {
  return {
    adapter,
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    cookies: { keys: [randomUUID()] },
    extraClientMetadata: { properties: ['grant'] },
    extraTokenClaims: (_ctx, { client }) => client.grant.claims,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, audience, { grant }) => ({
          audience,
          scope: grant.scope,
          accessTokenFormat: 'jwt',
          accessTokenTTL: grant.lifetime,
          jwt: { sign: { alg: grant.alg } }
        }),
        // The API that was named at login is the one the access token is for
        useGrantedResource: () => true
      },
      revocation: { enabled: true, allowedPolicy: () => true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => { show(ctx, signOutPage(form), ctx.oidc.params?.post_logout_redirect_uri) },
        postLogoutSuccessSource: (ctx) => { show(ctx, signedOutPage()) }
      }
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => claimsOf(id) }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [signingKey('RS256'), signingKey('ES256')] },
    renderError: (ctx, out) => { show(ctx, errorPage(out.error_description ?? out.error ?? 'unknown error')) },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      ClientCredentials: (_ctx, _token, { grant }) => grant.lifetime,
      Grant: 24 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      Session: 24 * HOUR
    }
  }
}

function show (ctx: Context, page: Html, formTarget?: string): void {
  ctx.type = 'html'
  ctx.set('content-security-policy', contentPolicy(formTarget))
  ctx.body = String(page)
}

function signingKey (alg: 'RS256' | 'ES256'): object {
  const { privateKey } = alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg.toLowerCase() }
}
