import type { JsonWebKey } from 'node:crypto'
import type { IntrospectionOptions } from '../../types/introspection.js'
import type { ApiKeyBackend, ClaimMapping, ClientAuthentication, KeyLocation, KeyOptions, LogoutForm, Provider, SigningAlgorithm, TokenCookie, TokenKind } from '../../types/provider.js'
import { expected } from '../configuration.js'
import { ALGORITHMS } from './algorithms.js'
import { claimMapping, tokenKindOf } from './claim-settings.js'
import { isWritten, ownClient } from './client.js'
import { introspection } from './introspection.js'
import { issuerOfTenant, issuerTemplate } from './issuer-template.js'
import { keyLocation } from './key-location.js'
import { STANDARD_LOGOUT } from './logout.js'
import { issuerUrl } from './url.js'

export { ALGORITHMS } from './algorithms.js'

/** What every provider lets its user set. */
export interface ProviderSettings {
  /** How routes, logs and `request.auth.provider` call it. Unique in a registration. */
  readonly name?: string | undefined
  /** Narrows the accepted signature algorithms. Default: all asymmetric ones. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined
  /** Default `auto`; `rfc9068` accepts only `at+jwt` with every claim that RFC demands. */
  readonly profile?: 'auto' | 'rfc9068' | undefined
  /** Which claims mean what, where they differ from the provider's defaults. */
  readonly claims?: Partial<ClaimMapping> | undefined
  /** What tells access tokens from other JWTs, beside the provider's own: `access` and `others` are merged by claim. */
  readonly tokenKind?: Partial<TokenKind> | undefined
  /**
   * Fetch keys from here while the issuer keeps its public name, or have them at hand. Default: the issuer's
   * discovery document, of OpenID Connect or of OAuth (RFC 8414).
   */
  readonly keys?: KeyOptions | undefined
  /** Accepts opaque tokens, which the provider is asked about. Default: only JWTs are accepted. */
  readonly introspection?: IntrospectionOptions | undefined
  /**
   * This app's own client at the provider, in whose name users log in and tokens are exchanged. Beside it stands how it proves which client it
   * is: `clientSecret`, or `key`, or `clientAuthentication: 'none'` written out. Where it is given and `audience` is left
   * out, the provider vouches for sessions only: a token of it that comes as a credential is refused.
   */
  readonly clientId?: string | undefined
  /** The client's secret. It is in no log, message or serialized copy. */
  readonly clientSecret?: string | undefined
  /** Default `client_secret_basic` with a secret, `private_key_jwt` with a key. `none`: a public client, which has neither. */
  readonly clientAuthentication?: ClientAuthentication['method'] | undefined
  /** The client's private key, as JWK or PEM (PKCS #8): `private_key_jwt`. It is in no log or message. */
  readonly key?: JsonWebKey | string | undefined
  /** The algorithm the key signs with. Default: the JWK's `alg`, else what fits the key: RS256, ES256, Ed25519. */
  readonly keyAlg?: SigningAlgorithm | undefined
  /** The key's id at the provider. Default: the JWK's `kid`. */
  readonly keyId?: string | undefined
  /** Allows plain http beyond loopback. Anybody on the path can then forge keys. */
  readonly dangerouslyAllowHttp?: boolean | undefined
}

/** The members of `ProviderSettings`, for checking what a user wrote. */
export const SETTINGS = ['name', 'algorithms', 'profile', 'claims', 'tokenKind', 'keys', 'introspection', 'clientId', 'clientSecret', 'clientAuthentication', 'key', 'keyAlg', 'keyId', 'dangerouslyAllowHttp'] as const

/** Whom tokens are for is left out only beside a `clientId`: the provider vouches for sessions only then. */
export type AudienceOrClient = { readonly audience: unknown } | { readonly clientId: string | undefined }

/** What belongs to a client. */
export type ClientSettings = Pick<ProviderSettings, 'clientId' | 'clientSecret' | 'clientAuthentication' | 'key' | 'keyAlg' | 'keyId'>

/** What providers that are always reached by https, and whose access tokens are JWTs, let their users set. */
export type HostedSettings = Omit<ProviderSettings, 'dangerouslyAllowHttp' | 'introspection'>

/** The members of `HostedSettings`. */
export const HOSTED_SETTINGS = SETTINGS.filter((setting) => setting !== 'dangerouslyAllowHttp' && setting !== 'introspection')

/** The audience of a provider that vouches for sessions only. */
const NOBODY: readonly string[] = Object.freeze([])
const SESSIONS_ONLY = 'is its environment variable set? Leave it out where the provider vouches for sessions only'

const defined = new WeakSet<object>()

/** Whether a value came out of `defineProvider`, so that everything about it was checked. A spread copy did not. */
export function isProvider (value: unknown): value is Provider {
  return typeof value === 'object' && value !== null && defined.has(value)
}

interface Definition {
  readonly name: string
  readonly issuer: unknown
  /** Unless the settings name one. */
  readonly audience?: unknown
  /** The claim the audience stands in. Default `aud`. */
  readonly audienceClaim?: string
  /** Which claims mean what at this provider, where it differs from the usual; the user's own settings come after. */
  readonly claims?: Partial<ClaimMapping>
  /** What tells its access tokens from other JWTs, where that differs. */
  readonly tokenKind?: Partial<TokenKind>
  readonly fixedClaims?: Readonly<Record<string, string>>
  /** For an issuer with a part in braces, which stands for any tenant's name: the claim that names it too, or undefined if keys say whose they are. */
  readonly tenants?: { readonly claim: string | undefined }
  /** Default the standard one. */
  readonly logout?: LogoutForm
  readonly apiKeys?: ApiKeyBackend | undefined
  readonly cookie?: TokenCookie
  /** Where the keys are, unless the issuer's discovery document says so, or the user. */
  readonly keys?: KeyLocation
  /** Said when the issuer or the audience is missing. */
  readonly remedies: { readonly issuer: string, readonly audience: string }
  readonly settings: ProviderSettings & { readonly audience?: unknown }
}

/**
 * Checks what a preset and its user said and freezes it as a `Provider`.
 *
 * @param path what messages call it: `auth0({ domain })`
 * @throws TypeError naming path, value and remedy
 */
export function defineProvider (path: string, { name, issuer, audience, audienceClaim = 'aud', claims: presetClaims = {}, tokenKind: presetKind = {}, fixedClaims = {}, tenants, logout = STANDARD_LOGOUT, apiKeys, cookie, keys, remedies, settings }: Definition): Provider {
  const { dangerouslyAllowHttp = false, algorithms = ALGORITHMS, profile = 'auto', claims = {}, tokenKind = {} } = settings
  if (typeof dangerouslyAllowHttp !== 'boolean') throw expected(`${path}: dangerouslyAllowHttp`, 'true or false', dangerouslyAllowHttp)
  const checkedIssuer = tenants === undefined
    ? issuerUrl(`${path}: issuer`, issuer, dangerouslyAllowHttp, remedies.issuer)
    : templateUrl(`${path}: issuer`, issuer as string, dangerouslyAllowHttp)
  const checkedAlgorithms = algorithmList(`${path}: algorithms`, algorithms)
  const checkedKeys = settings.keys === undefined && keys !== undefined ? keys : keyLocation(`${path}: keys`, settings.keys, { issuer: checkedIssuer, algorithms: checkedAlgorithms, allowHttp: dangerouslyAllowHttp })
  const client = ownClient(path, settings)
  if (client !== undefined && tenants !== undefined) throw new TypeError(`${path}: clientId: a client logs users in at one issuer, and this provider stands for many; name the tenant`)
  const checkedAudience = client === undefined
    ? audiences(`${path}: audience`, settings.audience === undefined ? audience : settings.audience, remedies.audience)
    : audienceBesideClient(`${path}: audience`, settings)
  const provider: Provider = Object.freeze({
    name: nonEmpty(`${path}: name`, settings.name === undefined ? name : settings.name),
    issuer: checkedIssuer,
    issuerTemplate: tenants && issuerTemplate(checkedIssuer, tenants.claim),
    audience: checkedAudience,
    audienceClaim,
    algorithms: checkedAlgorithms,
    keys: checkedKeys,
    profile: profileOf(`${path}: profile`, profile),
    claims: claimMapping(`${path}: claims`, claims, presetClaims),
    tokenKind: tokenKindOf(`${path}: tokenKind`, tokenKind, presetKind),
    fixedClaims: Object.freeze({ ...fixedClaims }),
    introspection: introspection(`${path}: introspection`, settings.introspection, { allowHttp: dangerouslyAllowHttp, keys: checkedKeys, audience: checkedAudience }),
    client,
    logout,
    apiKeys,
    cookie: cookie && Object.freeze({ ...cookie }),
    dangerouslyAllowHttp
  })
  defined.add(provider)
  return provider
}

/** Braces are no part of a URL: it is checked with a tenant in their place. */
function templateUrl (path: string, template: string, allowHttp: boolean): string {
  issuerUrl(path, issuerOfTenant(template, 'tenant'), allowHttp, '')
  return template
}

function nonEmpty (path: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') throw expected(path, 'a text that is not empty', value)
  return value
}

function audienceBesideClient (path: string, settings: { readonly audience?: unknown }): Provider['audience'] {
  return isWritten(settings, 'audience') ? audiences(path, settings.audience, SESSIONS_ONLY) : NOBODY
}

function audiences (path: string, value: unknown, remedy: string): Provider['audience'] {
  if (value === false) return false
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  // An unset environment variable must stop the start, not open the API to every token of the issuer.
  // A copy first: `every` passes over the holes of a list.
  const valid = list.length > 0 && [...list].every((item) => typeof item === 'string' && item !== '' && item === item.trim() && item !== 'undefined')
  if (!valid) throw expected(path, 'a text or a list of texts, none of them empty or with white space around it', value, remedy)
  return Object.freeze([...list as string[]])
}

function algorithmList (path: string, value: unknown): readonly SigningAlgorithm[] {
  if (!Array.isArray(value) || value.length === 0) throw expected(path, 'a list of algorithms', value)
  for (const algorithm of value) {
    if (!ALGORITHMS.includes(algorithm)) {
      const symmetric = typeof algorithm === 'string' && /^(HS|none)/i.test(algorithm)
      throw expected(path, `some of ${ALGORITHMS.join(', ')}`, algorithm,
        symmetric ? 'tokens must be signed with a private key: set RS256 or ES256 at the provider' : undefined)
    }
  }
  return Object.freeze([...value as SigningAlgorithm[]])
}

function profileOf (path: string, value: unknown): Provider['profile'] {
  if (value !== 'auto' && value !== 'rfc9068') throw expected(path, "'auto' or 'rfc9068'", value)
  return value
}
