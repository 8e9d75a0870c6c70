import type { Actor } from './actor.js'
import type { AccessTokenClaims } from './claims.js'
import type { DownstreamToken, ExchangeOptions } from './exchange.js'
import type { CredentialsType } from './identity.js'
import type { Permission, Role, Scope } from './register.js'
import type { Demands } from './route.js'
import type { WebSession } from './web-session.js'

/**
 * `request.auth`: who is calling and what they may do. Where nobody is authenticated every accessor but
 * `isAuthenticated` throws `NotAuthenticatedError`, which names the route and the remedy: a 500 on a public or
 * unguarded route (a mistake in the app), a bare 401 on an optional one. Printing or serializing it never shows
 * the credential.
 */
export interface RequestAuth {
  /** True once a credential of this request was verified. Never throws. */
  readonly isAuthenticated: boolean
  readonly credentialsType: CredentialsType
  /** Name of the provider, or of the authenticator, that vouched. */
  readonly provider: string
  /** For whom the credential speaks: the `sub` claim, unless the provider maps another. */
  readonly subject: string
  readonly scopes: readonly string[]
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
  /**
   * The organization (tenant, workspace) the caller acts in.
   * @throws NoOrganizationError where the credential names none
   */
  organizationId (): string
  /**
   * The raw token or API key, for services of the same audience only: a token for this API is not a token for
   * another. Never log it.
   * @throws NotAnAccessTokenError for a session, whose cookie is for nobody else: ask `session.accessToken()`
   */
  credentials (): string
  /**
   * The verified claims, deeply frozen. `Claims` is the caller's word: its shape is not checked.
   * @throws NotAnAccessTokenError for an API key, a session, or another credential that is no access token
   */
  accessTokenClaims<Claims extends object = AccessTokenClaims> (): Readonly<Claims>
  /**
   * The login the browser is in.
   * @throws NoSessionError where the credential is no session
   */
  readonly session: WebSession
  /**
   * Who acts for the subject, by the verified `act` claim; undefined: the subject itself. Decide by this one.
   * @throws ForbiddenError where `act` cannot be read: nobody can tell who acts
   */
  readonly actor: Actor | undefined
  /**
   * The actor, then those who acted before, the earliest last: what happened, not what anybody may do. Empty without `act`.
   * @throws ForbiddenError where `act` cannot be read, or names more than 16 in each other
   */
  readonly delegationChain: readonly Actor[]
  /**
   * A token for another service, exchanged for the caller's at the provider that vouched, in the name of its `clientId`.
   * Kept until shortly before its end, and never past the caller's own; requests that ask for the same share one call.
   *
   * @example const { accessToken } = await request.auth.exchange({ audience: 'https://orders.example.com' })
   * @throws ExchangeError where the provider refuses, or gives something else
   * @throws ProviderUnavailableError where it cannot be asked now
   * @throws NotAnAccessTokenError where the credential is neither access token nor session
   * @throws LoginRequiredError where it is a session whose access token ended
   * @throws TypeError where the options are wrong, or the provider has no client
   * @see RFC 8693
   */
  exchange (options: ExchangeOptions): Promise<DownstreamToken>
  /** Whether all of these scopes are held. */
  hasScope (...scopes: readonly [Scope, ...Scope[]]): boolean
  /** Whether all of these permissions are held. */
  hasPermission (...permissions: readonly [Permission, ...Permission[]]): boolean
  /** Whether all of these roles are held. */
  hasRole (...roles: readonly [Role, ...Role[]]): boolean
  /**
   * Demands what a route's `config` could, from inside a handler or resolver, and throws the same errors.
   * @throws NotAuthenticatedError where nobody is authenticated
   * @throws InsufficientUserAuthenticationError where the login was of another class, or too long ago
   * @throws InsufficientScopeError where a scope is missing
   * @throws ForbiddenError where a permission, role or claim is missing
   * @throws TypeError where the demands themselves are wrong
   */
  require (demands: Demands): void
}
