/** Texts of a parameter that may be repeated. */
type Repeatable = string | readonly string[]

interface Wishes {
  /** Logical names of the services the token is for. Several are sent as several parameters. */
  readonly audience?: Repeatable | undefined
  /** Addresses of the services the token is for: absolute URIs without a fragment. */
  readonly resource?: Repeatable | undefined
  /** Scopes at those services, separated by spaces or in a list. */
  readonly scope?: Repeatable | undefined
  /** The kind of token that is wanted. Default `urn:ietf:params:oauth:token-type:access_token`. */
  readonly requestedTokenType?: string | undefined
  /** Who acts for the subject, where that is not the client itself: a token of theirs, and its type. */
  readonly actorToken?: { readonly token: string, readonly type: string } | undefined
  /** Parameters of the provider's own, by names of letters, digits, `.`, `-` and `_`. None of the protocol's, at most 20 values each. */
  readonly parameters?: Readonly<Record<string, Repeatable>> | undefined
}

/**
 * A token for another service, on behalf of the caller, whose own access token is what is exchanged. At least one of
 * `audience`, `resource` and `scope`.
 *
 * @see RFC 8693 section 2.1
 */
export interface OnBehalfOfOptions extends Wishes {
  readonly subjectToken?: never
  readonly subjectTokenType?: never
  readonly organization?: never
  readonly connection?: never
  readonly loginHint?: never
}

/** A token for something else than the caller's access token: a custom exchange profile of the provider's. */
export interface CustomExchangeOptions extends Wishes {
  /** What is exchanged. The provider's profile decides what it must be. Never log it. */
  readonly subjectToken: string | undefined
  /** Which profile: a URI of your own. Those under `urn:ietf`, `urn:auth0`, `urn:okta`, auth0.com and okta.com are refused. */
  readonly subjectTokenType: string | undefined
  /** The organization the token is for (Auth0). */
  readonly organization?: string | undefined
  readonly connection?: never
  readonly loginHint?: never
}

/** The token another identity provider gave for the caller, which this one keeps (Auth0 Token Vault). */
export interface ConnectionTokenOptions {
  /** The provider's name of the other one: `google-oauth2`. */
  readonly connection: string | undefined
  /** Which of the caller's accounts there. */
  readonly loginHint?: string | undefined
  readonly parameters?: Wishes['parameters']
  readonly subjectToken?: never
  readonly subjectTokenType?: never
  readonly organization?: never
  readonly audience?: never
  readonly resource?: never
  readonly scope?: never
  readonly requestedTokenType?: never
  readonly actorToken?: never
}

/** What `request.auth.exchange()` takes. Unknown keys are refused. */
export type ExchangeOptions = OnBehalfOfOptions | CustomExchangeOptions | ConnectionTokenOptions

/** A token for another service. Frozen, shared between requests; printing or serializing it never shows the token. */
export interface DownstreamToken {
  /** For that service only. Never log it. */
  readonly accessToken: string
  /** Seconds since the epoch; undefined where the provider did not say. It may be near: tokens are kept until shortly before. */
  readonly expiresAt: number | undefined
  /** What was granted: what was asked for, unless the provider said otherwise. */
  readonly scopes: readonly string[]
  /** What kind of token it is: the kind that was asked for. */
  readonly issuedTokenType: string
  /** `N_A`: it is no access token, and is not sent as one. */
  readonly tokenType: 'Bearer' | 'N_A'
}
