import type { IntrospectionOptions } from '../../types/introspection.js'
import type { ApiKeyBackend, ClaimMapping, ClaimSource, KeyLocation, KeyOptions, Provider, SigningAlgorithm, TokenCookie, TokenKind } from '../../types/provider.js'
import { expected, isPlainObject, plainObject, refuseUnknownKeys } from '../configuration.js'
import { ALGORITHMS } from './algorithms.js'
import { introspection } from './introspection.js'
import { issuerOfTenant, issuerTemplate } from './issuer-template.js'
import { keyLocation } from './key-location.js'
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
  /** Allows plain http beyond loopback. Anybody on the path can then forge keys. */
  readonly dangerouslyAllowHttp?: boolean | undefined
}

/** The members of `ProviderSettings`, for checking what a user wrote. */
export const SETTINGS = ['name', 'algorithms', 'profile', 'claims', 'tokenKind', 'keys', 'introspection', 'dangerouslyAllowHttp'] as const

/** What providers that are always reached by https, and whose access tokens are JWTs, let their users set. */
export type HostedSettings = Omit<ProviderSettings, 'dangerouslyAllowHttp' | 'introspection'>

/** The members of `HostedSettings`. */
export const HOSTED_SETTINGS = SETTINGS.filter((setting) => setting !== 'dangerouslyAllowHttp' && setting !== 'introspection')

const CLAIMS: ClaimMapping = {
  subject: 'sub',
  scopes: ['scope', 'scp'],
  permissions: 'permissions',
  roles: 'roles',
  organization: 'org_id',
  client: ['client_id', 'azp']
}

const TOKEN_KIND: TokenKind = {
  required: [],
  access: { token_use: ['access'] },
  marks: ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'token_introspection'],
  others: { typ: ['ID', 'Refresh', 'Logout'], token_use: ['id'] }
}

const defined = new WeakSet<object>()

/** Whether a value came out of `defineProvider`, so that everything about it was checked. A spread copy did not. */
export function isProvider (value: unknown): value is Provider {
  return typeof value === 'object' && value !== null && defined.has(value)
}

interface Definition {
  readonly name: string
  readonly issuer: unknown
  readonly audience: unknown
  /** The claim the audience stands in. Default `aud`. */
  readonly audienceClaim?: string
  /** Which claims mean what at this provider, where it differs from the usual; the user's own settings come after. */
  readonly claims?: Partial<ClaimMapping>
  /** What tells its access tokens from other JWTs, where that differs. */
  readonly tokenKind?: Partial<TokenKind>
  readonly fixedClaims?: Readonly<Record<string, string>>
  /** For an issuer with a part in braces, which stands for any tenant's name: the claim that names it too, or undefined if keys say whose they are. */
  readonly tenants?: { readonly claim: string | undefined }
  readonly apiKeys?: ApiKeyBackend | undefined
  readonly cookie?: TokenCookie
  /** Where the keys are, unless the issuer's discovery document says so, or the user. */
  readonly keys?: KeyLocation
  /** Said when the issuer or the audience is missing. */
  readonly remedies: { readonly issuer: string, readonly audience: string }
  readonly settings: ProviderSettings
}

/**
 * Checks what a preset and its user said and freezes it as a `Provider`.
 *
 * @param path what messages call it: `auth0({ domain })`
 * @throws TypeError naming path, value and remedy
 */
export function defineProvider (path: string, { name, issuer, audience, audienceClaim = 'aud', claims: presetClaims = {}, tokenKind: presetKind = {}, fixedClaims = {}, tenants, apiKeys, cookie, keys, remedies, settings }: Definition): Provider {
  const { dangerouslyAllowHttp = false, algorithms = ALGORITHMS, profile = 'auto', claims = {}, tokenKind = {} } = settings
  if (typeof dangerouslyAllowHttp !== 'boolean') throw expected(`${path}: dangerouslyAllowHttp`, 'true or false', dangerouslyAllowHttp)
  const checkedIssuer = tenants === undefined
    ? issuerUrl(`${path}: issuer`, issuer, dangerouslyAllowHttp, remedies.issuer)
    : templateUrl(`${path}: issuer`, issuer as string, dangerouslyAllowHttp)
  const checkedAlgorithms = algorithmList(`${path}: algorithms`, algorithms)
  const checkedKeys = settings.keys === undefined && keys !== undefined ? keys : keyLocation(`${path}: keys`, settings.keys, { issuer: checkedIssuer, algorithms: checkedAlgorithms, allowHttp: dangerouslyAllowHttp })
  const provider: Provider = Object.freeze({
    name: nonEmpty(`${path}: name`, settings.name === undefined ? name : settings.name),
    issuer: checkedIssuer,
    issuerTemplate: tenants && issuerTemplate(checkedIssuer, tenants.claim),
    audience: audiences(`${path}: audience`, audience, remedies.audience),
    audienceClaim,
    algorithms: checkedAlgorithms,
    keys: checkedKeys,
    profile: profileOf(`${path}: profile`, profile),
    claims: mapping(`${path}: claims`, claims, presetClaims),
    tokenKind: kind(`${path}: tokenKind`, tokenKind, presetKind),
    fixedClaims: Object.freeze({ ...fixedClaims }),
    introspection: introspection(`${path}: introspection`, settings.introspection, { allowHttp: dangerouslyAllowHttp, keys: checkedKeys }),
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

function audiences (path: string, value: unknown, remedy: string): readonly string[] | false {
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

function mapping (path: string, value: unknown, preset: Partial<ClaimMapping>): ClaimMapping {
  const members = plainObject(path, value)
  refuseUnknownKeys(path, members, Object.keys(CLAIMS))
  const merged = frozenCopy({ ...CLAIMS, ...preset, ...definedMembers(members) }) as ClaimMapping
  for (const [member, sources] of Object.entries(merged)) {
    const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources]
    if (list.length === 0 || !list.every(isSource)) {
      throw expected(`${path}.${member}`, 'a claim name, { path: […] }, a function, or a list of those', sources)
    }
  }
  return merged
}

function isSource (value: unknown): value is ClaimSource {
  if (typeof value === 'function') return true
  if (typeof value === 'string') return value !== ''
  return isPlainObject(value) && Array.isArray(value.path) && value.path.length > 0 &&
    value.path.every((name) => typeof name === 'string' && name !== '') && Object.keys(value).length === 1
}

function kind (path: string, value: unknown, preset: Partial<TokenKind>): TokenKind {
  const members = plainObject(path, value)
  refuseUnknownKeys(path, members, Object.keys(TOKEN_KIND))
  const { required, access = {}, marks, others = {} } = { ...preset, ...definedMembers(members) } as Partial<TokenKind>
  for (const [member, list] of Object.entries({ required, marks })) {
    if (list !== undefined && !(Array.isArray(list) && Array.from(list).every((name) => typeof name === 'string'))) throw expected(`${path}.${member}`, 'a list of claim names', list)
  }
  checkClaimValues(`${path}.access`, access)
  checkClaimValues(`${path}.others`, others)
  // By claim, so that whoever adds one does not take the others' protection away; an empty list does.
  return frozenCopy({
    required: required ?? TOKEN_KIND.required,
    access: { ...TOKEN_KIND.access, ...preset.access, ...access },
    marks: marks ?? TOKEN_KIND.marks,
    others: { ...TOKEN_KIND.others, ...preset.others, ...others }
  }) as TokenKind
}

function checkClaimValues (path: string, value: unknown): void {
  for (const [claim, values] of Object.entries(plainObject(path, value))) {
    if (!Array.isArray(values) || !Array.from(values).every((item) => typeof item === 'string')) throw expected(`${path}.${claim}`, 'a list of texts', values)
  }
}

/** A copy of plain objects and lists, frozen to the deepest: what the user gave stays theirs. */
function frozenCopy (value: unknown): unknown {
  // Array.from fills the holes of a list, which every check after it would pass over.
  if (Array.isArray(value)) return Object.freeze(Array.from(value, frozenCopy))
  if (!isPlainObject(value)) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozenCopy(member)])))
}

function definedMembers (value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}
