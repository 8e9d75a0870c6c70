import type { Authenticator } from './authenticator.js'
import type { ClientCertificateHeader, DpopMode, DpopOptions } from './binding.js'
import type { Provider, ProviderResolver } from './provider.js'
import type { ResourceOptions } from './resource.js'
import type { Store } from './store.js'
import type { AuthMode, RouteDescription, RoutePolicy } from './route.js'

/** For a route whose config says nothing. The function sees each such route once, at boot; undefined means `required`. */
export type DefaultAuth = AuthMode | 'public' | ((route: RouteDescription) => RoutePolicy | undefined)

/** The cache of verified tokens. Neither tokens nor decisions are in it, only what a token's hash said when verified. */
export interface CacheOptions {
  /** Tokens held at most. Default 10,000, at least 1. */
  readonly max?: number | undefined
  /**
   * Seconds a verified token is trusted without looking at it again. Never past its `exp`, nor past its key's
   * removal. It does not bound revocation: a token verified by signature works until it expires. Default 300, at
   * most 3600.
   */
  readonly ttl?: number | undefined
}

/**
 * Passed to every outgoing call. Deadline (5 s), size cap (1 MB), method and redirect handling stay ours.
 *
 * @example fetchOptions: { dispatcher: new ProxyAgent('http://proxy.internal:3128') }
 */
export interface FetchOptions {
  /** An undici dispatcher, for proxies and private certificate authorities. It is used as it is, never frozen. */
  readonly dispatcher?: object | undefined
  /** Sent along, for gateways that want a header of their own, to the host of the configured address only. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What `app.register(gatehouse, …)` takes. A wrong value fails the boot; unknown keys are refused. */
export interface GatehouseOptions {
  /**
   * Who may vouch for callers: one provider, several with different issuers, or a function that chooses by
   * issuer.
   */
  readonly provider: Provider | readonly Provider[] | ProviderResolver
  /** For routes that say nothing, also those other plugins mount. Default `required`. */
  readonly defaultAuth?: DefaultAuth | undefined
  /** Default `{ max: 10000, ttl: 300 }`; `false` verifies every token anew. */
  readonly cache?: false | CacheOptions | undefined
  /** Seconds by which clocks may differ, applied to `exp`, `nbf` and `iat`. Default 10, at most 60. */
  readonly clockTolerance?: number | undefined
  /**
   * Where policies are decided. Default `preHandler`: after the body was parsed and validated.
   * `onRequest` refuses before a byte of the body is read.
   */
  readonly enforce?: 'preHandler' | 'onRequest' | undefined
  /**
   * `warm` (default): fetch keys at boot without waiting, log and go on if the provider is away. Only a project's
   * configuration (Tesseral) is waited for, 5 s at most: a publishable key that is refused fails the boot.
   * `lazy`: fetch with the first token. `require`: every provider must answer before the app is ready.
   */
  readonly startup?: 'warm' | 'lazy' | 'require' | undefined
  /** Kinds of credentials of the app's own, beside access tokens: API keys, signed requests. The first that matches decides. */
  readonly authenticators?: readonly Authenticator[] | undefined
  /**
   * Where people reach this server: an origin, with a path prefix if a gateway takes one away, or several; then the
   * request's host selects one. https, but on loopback. Needed for login and `resource`.
   *
   * @example baseUrl: 'https://app.example.com'
   */
  readonly baseUrl?: string | readonly string[] | undefined
  /**
   * What this API is to clients (RFC 9728): its identifier, or metadata. They are served at
   * `/.well-known/oauth-protected-resource`, and challenges say where. Needs `baseUrl`; the audience of each provider must
   * contain it, unless `differentAudience` is written. In a prefixed scope see `protectedResource()`.
   *
   * @example resource: 'https://api.example.com/orders'
   */
  readonly resource?: string | ResourceOptions | undefined
  /**
   * Other origins (`https://admin.example.com`) whose pages may act with a credential from a cookie: on unsafe methods,
   * and with an `Upgrade` header, the request must come from one of them or from a page of this server's own origin.
   */
  readonly trustedOrigins?: readonly string[] | undefined
  /** What several processes must agree on: sessions, logouts. Default `memoryStore()`, which each process has for itself. */
  readonly store?: Store | undefined
  /** Proofs of possession (RFC 9449). Default `allow`; `require` needs `baseUrl`. */
  readonly dpop?: DpopMode | DpopOptions | undefined
  /** Where the certificate of a certificate-bound token (RFC 8705) is looked for. Default `tls`: this server's own connection. */
  readonly clientCertificate?: 'tls' | ClientCertificateHeader | undefined
  /**
   * Accepts tokens bound to a key or a certificate without looking at who sent them; for servers behind a gateway that
   * does. Only with `dpop: 'off'`. Default false.
   */
  readonly dangerouslyIgnoreBinding?: boolean | undefined
  readonly fetchOptions?: FetchOptions | undefined
}
