import type { AccessTokenClaims } from './claims.js'

/**
 * The kind of credential an identity was read from: a JWT or an opaque token, an API key, the cookie of a web login, or
 * what an authenticator of the app is called.
 */
export type CredentialsType = 'access_token' | 'api_key' | 'session' | (string & {})

/**
 * What a verified credential says. Deeply frozen: identities are shared between the requests that carry the
 * same credential.
 */
export interface Identity {
  readonly type: CredentialsType
  /** Name of the provider, or of the authenticator, that vouched. */
  readonly provider: string
  /** undefined for what an authenticator vouched for. */
  readonly issuer: string | undefined
  readonly subject: string
  readonly clientId: string | undefined
  readonly organizationId: string | undefined
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
  /** The claims of an access token; of a session, its `user`; what an authenticator gave, whose types are its own; of a provider's API key none. */
  readonly claims: AccessTokenClaims
  /** Seconds since the epoch; undefined where the credential does not say. Always there for a JWT. */
  readonly expiresAt: number | undefined
}
