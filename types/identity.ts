import type { AccessTokenClaims } from './claims.js'

/** The kind of credential an identity was read from. */
export type CredentialsType = 'access_token'

/**
 * What a verified credential says. Deeply frozen: identities are shared between the requests that carry the
 * same token.
 */
export interface Identity {
  readonly type: CredentialsType
  /** Name of the provider that vouched. */
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  readonly clientId: string | undefined
  readonly organizationId: string | undefined
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
  readonly claims: AccessTokenClaims
  /** Seconds since the epoch. */
  readonly expiresAt: number
}
