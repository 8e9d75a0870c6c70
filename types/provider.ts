import type { KeyObject } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { StandardClaims } from './claims.js'

/**
 * The signature algorithms an access token may use. All are asymmetric: `none` and HS* cannot be configured.
 *
 * @see RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2
 */
export type SigningAlgorithm =
  | 'RS256' | 'RS384' | 'RS512'
  | 'PS256' | 'PS384' | 'PS512'
  | 'ES256' | 'ES384' | 'ES512'
  | 'EdDSA' | 'Ed25519'

/** Where a value stands among the claims: each element is the name of a member one level deeper. */
export interface ClaimPath {
  readonly path: readonly string[]
}

/**
 * Where a value comes from: the name of a claim, taken to the letter (dots have no meaning), the path of a
 * nested one, or a function of the verified claims. A function must be quick, without side effects and must
 * not keep the claims; it may be asked more than once about one token; what it throws refuses the token.
 */
export type ClaimSource = string | ClaimPath | ((claims: StandardClaims) => unknown)

/** Which claims mean what. Where several sources are given, lists are joined and single values are the first present. */
export interface ClaimMapping {
  /** For whom the token speaks. Default `sub`. A token that has none is refused. */
  readonly subject: ClaimSource | readonly ClaimSource[]
  /** Default `scope` and `scp`, each a space-separated text or a list. */
  readonly scopes: ClaimSource | readonly ClaimSource[]
  /** Default `permissions`, a list. */
  readonly permissions: ClaimSource | readonly ClaimSource[]
  /** Default `roles`, a list. */
  readonly roles: ClaimSource | readonly ClaimSource[]
  /** Default `org_id`. */
  readonly organization: ClaimSource | readonly ClaimSource[]
  /** Default `client_id`, then `azp`. */
  readonly client: ClaimSource | readonly ClaimSource[]
}

/** Names of claims and the values that matter of each. */
export type ClaimValues = Readonly<Record<string, readonly string[]>>

/**
 * How an access token is told from an ID token or another JWT of the same issuer when its `typ` header does
 * not say so. Asked in this order: a token without a claim of `required` is refused; a value of `access` accepts;
 * a claim of `marks`, or a value of `others`, refuses.
 *
 * @see RFC 8725 section 3.11, 3.12
 */
export interface TokenKind {
  /** Claims every access token of the provider has. */
  readonly required: readonly string[]
  readonly access: ClaimValues
  readonly marks: readonly string[]
  readonly others: ClaimValues
}

/** @see RFC 7517 section 5 */
export interface JsonWebKeySet {
  readonly keys: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/**
 * Where the user says a provider's keys are. Exactly one:
 *
 * - `discovery`: a discovery document; of several, the first that is there. It must name the issuer to the letter.
 * - `jwksUri`: the key set.
 * - `jwks`: a key set at hand. Nothing is fetched; rotating keys means a new configuration.
 * - `pem`: one public key or certificate in PEM; it verifies whatever key id a token names.
 */
export type KeyOptions =
  | { readonly discovery: string | readonly string[] | undefined, readonly jwksUri?: undefined, readonly jwks?: undefined, readonly pem?: undefined }
  | { readonly jwksUri: string | undefined, readonly discovery?: undefined, readonly jwks?: undefined, readonly pem?: undefined }
  | { readonly jwks: JsonWebKeySet, readonly discovery?: undefined, readonly jwksUri?: undefined, readonly pem?: undefined }
  | { readonly pem: string | undefined, readonly discovery?: undefined, readonly jwksUri?: undefined, readonly jwks?: undefined }

/**
 * Where a provider's keys are found, checked: discovery documents, the key set, the keys themselves, or a project's
 * configuration, which names the project beside its keys (Tesseral).
 */
export type KeyLocation =
  | { readonly discovery: readonly string[], readonly jwksUri?: undefined, readonly jwks?: undefined, readonly project?: undefined }
  | { readonly jwksUri: string, readonly discovery?: undefined, readonly jwks?: undefined, readonly project?: undefined }
  | { readonly jwks: JsonWebKeySet, readonly discovery?: undefined, readonly jwksUri?: undefined, readonly project?: undefined }
  | { readonly project: ProjectLocation, readonly discovery?: undefined, readonly jwksUri?: undefined, readonly jwks?: undefined }

/** Where a project's configuration is fetched from. */
export interface ProjectLocation {
  readonly url: string
  /** Seconds until it is fetched again. */
  readonly refreshInterval: number
}

/** An issuer with a part that differs from tenant to tenant. */
export interface IssuerTemplate {
  readonly before: string
  readonly after: string
  /** The claim that must name the tenant the issuer does; undefined: keys are of one tenant only, and say which. */
  readonly claim: string | undefined
}

/** A cookie that carries an access token: its name has the project's id between the two. */
export interface TokenCookie {
  readonly before: string
  readonly after: string
}

/** A value that must not be printed. Nothing but `reveal` shows it. */
export interface Secret {
  reveal (): string
}

/** How often somebody who judges credentials is asked, and for how long answers are kept. Times in milliseconds. */
export interface AnswerPolicy {
  readonly ttl: number
  readonly negativeTtl: number
  readonly max: number
  readonly perSecond: number
  readonly burst: number
}

/** Where a provider's own API keys are authenticated, and with what. */
export interface ApiKeyBackend {
  readonly url: string
  readonly secret: Secret
  readonly prefix: string
  readonly answers: AnswerPolicy
}

/**
 * How a client proves at the provider which one it is; `none`: not at all, as a public client.
 *
 * @see OpenID Connect Core section 9
 */
export type ClientAuthentication =
  | { readonly method: 'client_secret_basic' | 'client_secret_post', readonly secret: Secret }
  | { readonly method: 'private_key_jwt', readonly key: KeyObject, readonly alg: string, readonly kid: string | undefined }
  | { readonly method: 'none' }

/** This app as a client of the provider, checked: web login and token exchange are in its name. */
export interface ProviderClient {
  readonly clientId: string
  readonly authentication: ClientAuthentication
}

/** How a provider is asked to end its own session: data, so that no provider's name is asked for anywhere. */
export interface LogoutForm {
  /** Where, seen from the issuer, if the metadata name no `end_session_endpoint`. */
  readonly path?: string
  /** How parameters are called there. One without a name is not sent. */
  readonly names: {
    readonly clientId?: string
    readonly idTokenHint?: string
    readonly postLogoutRedirectUri?: string
    readonly state?: string
  }
}

/** How a provider is asked about opaque tokens, checked. */
export interface Introspection {
  readonly endpoint: string | undefined
  readonly clientId: string
  readonly clientAuthentication: Exclude<ClientAuthentication, { readonly method: 'none' }>
  readonly requiresAudience: boolean
  readonly prefix: string
  readonly signedResponseAlg: string | undefined
  readonly answers: AnswerPolicy
}

/**
 * Who may vouch for callers. Made by `oidc()`, `auth0()` and the like; frozen plain data. The key ring and the
 * caches of a registration hang on it, so make it once and keep it: a resolver that returns a fresh value on
 * each call gets correct answers, but every token is verified anew.
 */
export interface Provider {
  /** How routes (`auth.providers`), logs and `request.auth.provider` call it. Unique in a registration. */
  readonly name: string
  /** Compared with `iss` to the letter; with a part in braces where `issuerTemplate` is given. */
  readonly issuer: string
  /** Where many issuers are accepted that differ in one part, each a tenant's. */
  readonly issuerTemplate: IssuerTemplate | undefined
  /**
   * A token must name one of these in its `audienceClaim`; `false` accepts any, or none. Empty where the provider
   * vouches for sessions only: every token of it that comes as a credential is refused.
   */
  readonly audience: readonly string[] | false
  /** The claim that says whom a token is meant for: `aud`, but `client_id` for Cognito and `azp` for Clerk. */
  readonly audienceClaim: string
  /** A token must use one of these. */
  readonly algorithms: readonly SigningAlgorithm[]
  readonly keys: KeyLocation
  /** `rfc9068` demands `typ: at+jwt` and every claim of RFC 9068 section 2.2; `auto` goes by `tokenKind`. */
  readonly profile: 'auto' | 'rfc9068'
  readonly claims: ClaimMapping
  readonly tokenKind: TokenKind
  /** Claims that must have one value, whatever the route: the tenant whose issuer this is. */
  readonly fixedClaims: Readonly<Record<string, string>>
  /** How opaque tokens are judged; undefined: they are refused. */
  readonly introspection: Introspection | undefined
  /** This app's own client at the provider; undefined: nobody can log in with it. */
  readonly client: ProviderClient | undefined
  /** How its session is ended when a user logs out here. */
  readonly logout: LogoutForm
  /** The provider's own API keys; undefined: they are refused. */
  readonly apiKeys: ApiKeyBackend | undefined
  /** A cookie whose access token is accepted where no header carries a credential. */
  readonly cookie: TokenCookie | undefined
  /** Keys may be fetched by plain http from other hosts than loopback. */
  readonly dangerouslyAllowHttp: boolean
}

/**
 * Chooses the provider of a token. Asked on every request, also for tokens seen before, with the token's
 * *unverified* issuer: answer only with a provider you know. The provider's issuer must equal it.
 * `undefined` refuses the token; what it throws, or a rejected promise, is a 503.
 *
 * @param issuer the `iss` of the token, not yet verified
 * @param request the request that carries the token; undefined when `app.gatehouse.verify()` asks
 */
export type ProviderResolver = (
  issuer: string,
  request: FastifyRequest | undefined
) => Provider | undefined | Promise<Provider | undefined>
