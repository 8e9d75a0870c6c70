import type { SigningAlgorithm } from './provider.js'
import type { Store } from './store.js'

/**
 * Whether access tokens may, or must, be bound to a key of the client's. `off`: the DPoP scheme is not supported.
 * `allow`: a bound token needs its proof, a plain Bearer token needs none. `require`: what comes as Bearer is refused.
 */
export type DpopMode = 'off' | 'allow' | 'require'

/** Nonces that proofs must carry: a proof made in advance, or on a machine with a wrong clock, is then worth nothing. */
export interface DpopNonceOptions {
  /**
   * What nonces are derived from, at least 32 bytes. Processes with the same secret accept each other's, and nothing is
   * stored. A list: the first makes new ones, all are accepted.
   */
  readonly secret: string | readonly string[] | undefined
  /** Seconds until a new nonce is handed out; the one before stays good that long again. Default 60, 10 to 3600. */
  readonly lifetime?: number | undefined
}

/** Proofs of possession (RFC 9449). */
export interface DpopOptions {
  /** Default `allow`. */
  readonly mode?: DpopMode | undefined
  /** What proofs may be signed with. Default: every asymmetric algorithm tokens may be signed with. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined
  /** Seconds a proof may be old. Default 300, 1 to 3600. */
  readonly iatOffset?: number | undefined
  /** Seconds a proof may be ahead of this server's clock. Default 30, at most 300. */
  readonly iatLeeway?: number | undefined
  /** Default: none is asked for. */
  readonly nonce?: DpopNonceOptions | undefined
  /**
   * Remembers proofs until they are too old, so that none is accepted twice. Default: the registration's `store`, or
   * a place in the memory of this process.
   */
  readonly store?: Store | undefined
  /**
   * Proofs of this process remembered at once, of which one key alone gets a ninth; 100 to 10,000,000. Default: 500,000 in
   * memory, or the `max` of a `memoryStore` that is `store`, which is the most in any case; 1,000,000 in another store.
   */
  readonly maxProofs?: number | undefined
  /**
   * `refuse`, the default: where the store cannot be reached, callers get 503. `accept`: proofs pass that were perhaps used
   * before; each time it is logged. A store that is full is 503 in either case.
   */
  readonly onStoreFailure?: 'refuse' | 'accept' | undefined
}

/**
 * Where a proxy that ended TLS says which certificate the client showed. The header is believed only if the connection
 * comes from one of `trustedProxies`; the proxy must remove what clients send under its name.
 */
export interface ClientCertificateHeader {
  /** The header's name. Default: the one usual for the format. */
  readonly header?: string | undefined
  /**
   * `rfc9440`: `Client-Cert: :base64 of the DER:`. `pem`: the PEM in one line, percent-encoded (nginx's
   * `$ssl_client_escaped_cert`), with spaces for its line ends, or its base64 alone; of several the first is taken.
   * `xfcc`: Envoy's `X-Forwarded-Client-Cert`, of whose elements the last is taken.
   */
  readonly format: 'rfc9440' | 'pem' | 'xfcc'
  /** Addresses, or ranges such as `10.0.0.0/8`, proxies connect from. */
  readonly trustedProxies: readonly string[]
}

/** What proves, beside a token that came another way than by a request, that the sender owns it. */
export interface VerifyOptions {
  /** A DPoP proof, and what it must have been made for. */
  readonly proof?: { readonly jwt: string, readonly method: string, readonly url: string } | undefined
  /** The client's certificate, as the TLS connection showed it: PEM, or DER. */
  readonly certificate?: string | Uint8Array | undefined
  /** Accepts a bound token without looking at who sent it. */
  readonly dangerouslyIgnoreBinding?: boolean | undefined
}
