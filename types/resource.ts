import type { SigningAlgorithm } from './provider.js'

/** A text, or one for each language: `{ en: 'Orders', it: 'Ordini' }`. The first is also the one without language. */
export type Localized = string | Readonly<Record<string, string>>

/**
 * What clients, and the servers they get tokens from, may know of an API (RFC 9728). Each member is the parameter of that
 * name; what is not written is not published, but for the defaults said here. The document is public.
 */
export interface ResourceMetadata {
  /**
   * Its identifier, to the letter: an https URL (http on loopback) without query and fragment. Clients ask for tokens with
   * it (RFC 8707).
   *
   * @example resource: 'https://api.example.com/orders'
   */
  readonly resource: string | undefined
  /** Issuers that give tokens for it. Default: those of the registration's providers that vouch for tokens; none beside a resolver. */
  readonly authorizationServers?: readonly string[] | undefined
  /** Where the keys are that the API signs its own answers with. */
  readonly jwksUri?: string | undefined
  /** Scopes clients may ask for. Default: none are told; a list of all would tell strangers what there is to attack. */
  readonly scopesSupported?: readonly string[] | undefined
  /** Default `['header']`, the only way there is; `[]`, no Bearer tokens, where all must be bound to a key (DPoP). */
  readonly bearerMethodsSupported?: ReadonlyArray<'header'> | undefined
  /** What the API signs its own answers with. */
  readonly resourceSigningAlgValuesSupported?: readonly SigningAlgorithm[] | undefined
  /** What people call it. */
  readonly resourceName?: Localized | undefined
  /** Page for developers. */
  readonly resourceDocumentation?: Localized | undefined
  /** Page that says how its data may be used. */
  readonly resourcePolicyUri?: Localized | undefined
  /** Page with its terms of service. */
  readonly resourceTosUri?: Localized | undefined
  /** Default true where `clientCertificate` names a header, else it is not said: whether connections show certificates only the server knows. */
  readonly tlsClientCertificateBoundAccessTokens?: boolean | undefined
  /** Types of authorization details (RFC 9396) clients may ask for. */
  readonly authorizationDetailsTypesSupported?: readonly string[] | undefined
  /** Default: the registration's `dpop.algorithms`, none where `dpop` is `off`. */
  readonly dpopSigningAlgValuesSupported?: readonly SigningAlgorithm[] | undefined
  /** Default: true where `dpop` is `require`. */
  readonly dpopBoundAccessTokensRequired?: boolean | undefined
  /**
   * Serves the document at `/.well-known/oauth-protected-resource` too, for clients that look nowhere else, although the
   * resource has a path. Only one resource of an origin can. Default false.
   */
  readonly rootMetadata?: boolean | undefined
}

/** The same for a registration: what it accepts, and where its challenges send clients. */
export interface ResourceOptions extends ResourceMetadata {
  /**
   * Providers name this API otherwise in their tokens, by a client id for instance. Default false: each provider's
   * `audience` must contain the resource, or the boot fails. (A resolver's providers are not compared, nor one with
   * `audience: false`, nor one that vouches for sessions only.)
   */
  readonly differentAudience?: boolean | undefined
  /**
   * The document is served there, by `protectedResource()` or by another server: challenges name this address, nothing
   * is served here, and no other parameter may be written.
   */
  readonly metadataUrl?: string | undefined
}
