import type { AnswerCacheOptions, CallBudget } from '../../types/authenticator.js'
import type { ApiKeyBackend, ClaimMapping, Provider } from '../../types/provider.js'
import { answerPolicy } from '../answer-policy.js'
import { expected, isPlainObject, plainObject, refuseUnknownKeys, within } from '../configuration.js'
import { defineProvider } from './define.js'
import { secret } from './secret.js'
import { hostName, issuerUrl, keyUrl } from './url.js'

/** How a project's API keys are judged. */
export interface TesseralApiKeyOptions {
  /**
   * What the project's API keys begin with, `acme_sk_`: others are refused without asking. Needed beside another
   * provider of credentials that are no JWTs.
   */
  readonly prefix?: string | undefined
  readonly cache?: AnswerCacheOptions | undefined
  readonly budget?: CallBudget | undefined
}

/** What `tesseral()` takes. */
export interface TesseralOptions {
  /** The project's publishable key: `publishable_key_…`. It is no secret. */
  readonly publishableKey: string | undefined
  /** How routes, logs and `request.auth.provider` call it. Default `tesseral`. */
  readonly name?: string | undefined
  /** Host of the configuration service, with a path for a self-hosted one: `auth.example.com/api/config-api`. Default `config.tesseral.com`. */
  readonly configApiHostname?: string | undefined
  /** Seconds until the project's keys are fetched again, 60 to 3600. Default 600. */
  readonly refreshInterval?: number | undefined
  /**
   * What issues access tokens, with `{project}` in place of the project's id as issuers write it, with hyphens. Default
   * `https://{project}.tesseral.app`.
   */
  readonly issuer?: string | undefined
  /** Accepts the project's API keys. Default false; needs `backendApiKey`. */
  readonly apiKeys?: boolean | TesseralApiKeyOptions | undefined
  /** The secret of a backend API key, `tesseral_secret_key_…`: this server's own, which API keys are judged with. */
  readonly backendApiKey?: string | undefined
  /** Host of the backend service, with a path for a self-hosted one: `auth.example.com/api/backend`. Default `api.tesseral.com`. */
  readonly backendApiHostname?: string | undefined
  /** Which claims mean what, where they differ from Tesseral's. */
  readonly claims?: Partial<ClaimMapping> | undefined
}

/**
 * The claims of a Tesseral access token: `request.auth.accessTokenClaims<TesseralAccessTokenClaims>()`.
 *
 * Limits: issuer, audience and times were checked; the shape of the others is Tesseral's word.
 */
export interface TesseralAccessTokenClaims {
  /** `https://project-….tesseral.app`, the audience too. */
  readonly iss: string
  readonly aud: string
  /** The user's id. */
  readonly sub: string
  readonly exp: number
  readonly nbf: number
  readonly iat: number
  readonly session: { readonly id: string }
  readonly user: { readonly id: string, readonly email: string, readonly displayName?: string, readonly profilePictureUrl?: string }
  readonly organization: { readonly id: string, readonly displayName: string }
  /** What the user may do in the organization; absent where that is nothing. */
  readonly actions?: readonly string[]
  /** Whoever acts as the user, in an impersonated session only. */
  readonly impersonator?: { readonly email: string }
}

const OWN = ['publishableKey', 'name', 'configApiHostname', 'refreshInterval', 'issuer', 'apiKeys', 'backendApiKey', 'backendApiHostname', 'claims']
const LOOPBACK = /^(localhost|127\.0\.0\.1)(:|$)/

/**
 * Tesseral. Permissions are the token's `actions`, the organization is `organization.id`; there are no scopes and no
 * roles. The project's configuration, fetched by its publishable key, names issuer, audience, keys and cookie: the
 * access token is taken from `Authorization: Bearer`, else from the cookie `tesseral_{project id}_access_token`.
 *
 * With `apiKeys`, the project's API keys are accepted as Bearer credentials too; Tesseral is asked about each, and its
 * answers are kept for 30 seconds.
 *
 * Traps: owners of an organization hold every action of the project. An impersonated session can do what the user can;
 * only the claim `impersonator` tells. An access token is good for 5 minutes, also after its session was revoked. For an
 * API key `accessTokenClaims()` throws, and `subject` is the key's id. With `startup: 'warm'` or `'require'`, a
 * publishable key that the configuration service refuses fails the boot. Behind a resolver (`provider` a function) only
 * Bearer access tokens are accepted, neither cookies nor API keys. Hosts on loopback, `localhost` and `127.0.0.1`,
 * are reached by plain http, for tests and local stand-ins; all others by https.
 *
 * @example tesseral({ publishableKey: process.env.TESSERAL_PUBLISHABLE_KEY })
 * @example tesseral({ publishableKey, apiKeys: true, backendApiKey: process.env.TESSERAL_BACKEND_API_KEY })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function tesseral (options: TesseralOptions): Provider {
  const { publishableKey, configApiHostname = 'config.tesseral.com', refreshInterval = 600, issuer = 'https://{project}.tesseral.app', apiKeys, backendApiKey, backendApiHostname = 'api.tesseral.com', ...settings } =
    plainObject('tesseral()', options, 'pass { publishableKey }')
  refuseUnknownKeys('tesseral()', settings, OWN)
  const template = issuerOfProjects(issuer)
  const key = publishableKeyOf(publishableKey)
  const config = serviceUrl('configApiHostname', configApiHostname, 'TESSERAL_CONFIG_API_HOSTNAME')
  const backend = serviceUrl('backendApiHostname', backendApiHostname, 'TESSERAL_BACKEND_API_HOSTNAME')
  return defineProvider('tesseral()', {
    name: 'tesseral',
    issuer: template,
    audience: template,
    claims: { permissions: 'actions', organization: { path: ['organization', 'id'] } },
    tokenKind: { required: ['nbf'] },
    // No claim names the project: the keys of its configuration are for its issuer alone.
    tenants: { claim: undefined },
    apiKeys: backendOf(apiKeys, backendApiKey, backend),
    cookie: { before: 'tesseral_', after: '_access_token' },
    keys: Object.freeze({ project: Object.freeze({ url: `${config}/v1/config/${key}`, refreshInterval: within('tesseral({ refreshInterval })', refreshInterval, 60, 3600, 'seconds') }) }),
    remedies: { issuer: '', audience: '' },
    settings: { ...settings, algorithms: ['ES256'] }
  })
}

/** It goes into a URL, so its form is checked. What is none may be a secret: it is not shown. */
function publishableKeyOf (value: unknown): string {
  const path = 'tesseral({ publishableKey })'
  if (typeof value !== 'string' || value === '' || value === 'undefined') throw expected(path, "a project's publishable key", value, 'is TESSERAL_PUBLISHABLE_KEY set?')
  if (/^publishable_key_[0-9a-z]{1,100}$/.test(value)) return value
  const remedy = value.includes('secret') ? 'this is a secret: keep it on the server, and pass the publishable key' : 'copy it from the Tesseral console, without quotes and white space'
  throw new TypeError(`${path}: expected a project's publishable key, publishable_key_ and then digits and letters in lower case; ${remedy}`)
}

function issuerOfProjects (value: unknown): string {
  const parts = typeof value === 'string' ? value.split('{project}') : []
  if (parts.length !== 2 || /[{}]/.test(parts.join(''))) throw expected('tesseral({ issuer })', 'a URL with {project} in it once', value, "put it where the project's id stands: https://{project}.tesseral.app")
  issuerUrl('tesseral({ issuer })', parts.join('project-1'), false, 'begin it with https://')
  return value as string
}

function serviceUrl (option: string, value: unknown, variable: string): string {
  const path = `tesseral({ ${option} })`
  const slash = typeof value === 'string' && !/^https?:/i.test(value) ? value.indexOf('/') : -1
  const host = hostName(path, slash === -1 ? value : String(value).slice(0, slash), variable)
  const rest = slash === -1 ? '' : String(value).slice(slash)
  if (!/^(\/\w[\w.~-]*)*$/.test(rest)) throw expected(path, 'a host name, or one with a path', value, 'remove a slash at the end, query and fragment')
  return keyUrl(path, `${LOOPBACK.test(host) ? 'http' : 'https'}://${host}${rest}`, false)
}

/** @throws TypeError that never shows the backend API key */
function backendOf (apiKeys: unknown, backendApiKey: unknown, backend: string): ApiKeyBackend | undefined {
  if (apiKeys === undefined && backendApiKey !== undefined) {
    throw new TypeError('tesseral({ backendApiKey }): nothing uses it; add apiKeys: true to accept API keys, or write apiKeys: false')
  }
  if (apiKeys === undefined || apiKeys === false) return undefined
  const path = 'tesseral({ apiKeys })'
  if (apiKeys !== true && !isPlainObject(apiKeys)) throw new TypeError(`${path}: expected true, false or { prefix, cache, budget }`)
  const { prefix = '', cache, budget, ...rest }: Record<string, unknown> = apiKeys === true ? {} : { ...apiKeys }
  refuseUnknownKeys(path, rest, ['prefix', 'cache', 'budget'])
  if (typeof prefix !== 'string' || !/^[a-z0-9_]*$/.test(prefix)) throw expected(`${path}.prefix`, 'digits, letters in lower case and _', prefix)
  return Object.freeze({ url: `${backend}/v1/api-keys/authenticate`, secret: secret(backendSecret(backendApiKey)), prefix, answers: answerPolicy(path, cache, budget) })
}

function backendSecret (value: unknown): string {
  if (typeof value === 'string' && /^tesseral_secret_key_\w{1,200}$/.test(value)) return value
  const path = 'tesseral({ backendApiKey })'
  if (typeof value !== 'string' || value === '' || value === 'undefined') throw new TypeError(`${path}: apiKeys needs the secret of a backend API key; is TESSERAL_BACKEND_API_KEY set?`)
  const remedy = value.startsWith('backend_api_key_') ? "this is the key's id: its secret is shown once, when the key is created" : 'copy it without quotes and white space'
  throw new TypeError(`${path}: expected the secret of a backend API key, which begins with tesseral_secret_key_; ${remedy}`)
}
