import type { JsonWebKey } from 'node:crypto'
import type { AnswerCacheOptions, CallBudget } from './authenticator.js'
import type { SigningAlgorithm } from './provider.js'

interface IntrospectionSettings {
  /** The introspection endpoint. Default: what the issuer's discovery document names. */
  readonly endpoint?: string | undefined
  /** This API's own client at the provider. */
  readonly clientId: string | undefined
  /** `false` accepts answers without `aud`, and with any: only for an issuer that serves this API alone. */
  readonly audience?: false | undefined
  /** What opaque tokens of this provider begin with. Needed where several providers of a registration take credentials that are no JWTs. */
  readonly prefix?: string | undefined
  /**
   * Asks for signed answers (RFC 9701) and accepts no others; the algorithm they are signed with. The keys are those of
   * the discovery document.
   */
  readonly signedResponseAlg?: 'RS256' | 'PS256' | 'ES256' | 'Ed25519' | undefined
  readonly cache?: AnswerCacheOptions | undefined
  readonly budget?: CallBudget | undefined
}

/**
 * How opaque access tokens are judged: the provider is asked (RFC 7662). An answer is accepted only if it says
 * `active: true`, is marked as an access token's (`token_type` `Bearer`, or what the provider's `tokenKind.access` names)
 * and meets what a JWT would have to: issuer, audience, times. A token that is a JWT is never introspected.
 *
 * @see RFC 7662, RFC 9701
 */
export type IntrospectionOptions = IntrospectionSettings & (
  | {
    readonly clientSecret: string | undefined
    /** Default `client_secret_basic`. */
    readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | undefined
    readonly key?: undefined
    readonly keyAlg?: undefined
    readonly keyId?: undefined
  }
  | {
    /** A private key, as JWK or PEM (PKCS #8): `private_key_jwt`. */
    readonly key: JsonWebKey | string | undefined
    /** The algorithm it signs with. Default: the JWK's `alg`, else what fits the key: RS256, ES256, Ed25519. */
    readonly keyAlg?: SigningAlgorithm | undefined
    /** Its id at the provider. Default: the JWK's `kid`. */
    readonly keyId?: string | undefined
    readonly clientSecret?: undefined
    readonly clientAuthentication?: 'private_key_jwt' | undefined
  }
)
