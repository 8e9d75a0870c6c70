import type { RegisteredClaims } from './register.js'

/**
 * The claims every verified access token may carry, under their wire names. A JWT always has `iss` and `exp`;
 * what an introspection endpoint says of an opaque token may lack both.
 *
 * @see RFC 7519 section 4.1, RFC 9068 section 2.2, RFC 7662 section 2.2
 */
export interface StandardClaims {
  /** Issuer: equals the provider's, to the letter; where that stands for many tenants, one of theirs. */
  readonly iss?: string
  /** Expiration time, seconds since the epoch; a fraction is possible. */
  readonly exp?: number
  /** Subject. A token without it is accepted only if the provider maps `subject` to another claim. */
  readonly sub?: string
  /** Audience: contains one of the provider's audiences, unless those are `false`. */
  readonly aud?: string | readonly string[]
  /** Issued at, seconds since the epoch. */
  readonly iat?: number
  /** Not before, seconds since the epoch. */
  readonly nbf?: number
  /** The token's own identifier. */
  readonly jti?: string
  /** Space-separated scopes, or a list of them with some providers. */
  readonly scope?: string | readonly string[]
  /** The client the token was issued to (RFC 9068). */
  readonly client_id?: string
  /** The client the token was issued to (OpenID Connect). */
  readonly azp?: string
  /** The authentication context class of the login (RFC 9470, RFC 9068). */
  readonly acr?: string
  /** When the person authenticated, seconds since the epoch (RFC 9470, RFC 9068). */
  readonly auth_time?: number
  /** Any other claim. It is the provider's word, its type is not checked. */
  readonly [claim: string]: unknown
}

/** What `request.auth.accessTokenClaims()` gives: the standard claims and those the app named in `Register`. */
export type AccessTokenClaims = StandardClaims & Readonly<RegisteredClaims>
