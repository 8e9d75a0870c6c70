import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { DefaultAuth, FetchOptions } from '../types/options.js'
import type { Provider, ProviderResolver } from '../types/provider.js'
import type { Store } from '../types/store.js'
import { checkAuthenticators } from './authenticator-options.js'
import type { CheckedAuthenticator } from './authenticator-options.js'
import { readBaseUrls } from './base-url.js'
import type { BaseUrl } from './base-url.js'
import { readCertificateSource } from './binding/certificate-options.js'
import type { CertificateSource } from './binding/certificate-options.js'
import { readDpop } from './binding/options.js'
import type { DpopSettings } from './binding/options.js'
import { expected, isPlainObject, oneOf, plainObject, refuseUnknownKeys, within } from './configuration.js'
import { isProvider } from './providers/define.js'
import { readResource } from './resource.js'
import type { ResourceSettings } from './resource.js'
import { checkedStore } from './store-option.js'

/** The options as the rest of the house reads them: complete, checked, frozen. */
export interface Settings {
  /** Configured providers by issuer; empty where a resolver chooses. */
  readonly providers: ReadonlyMap<string, Provider>
  readonly resolver: ProviderResolver | undefined
  readonly defaultAuth: DefaultAuth
  /** undefined: no cache. `ttl` in milliseconds. */
  readonly cache: { readonly max: number, readonly ttl: number } | undefined
  /** Seconds. */
  readonly clockTolerance: number
  readonly enforce: 'preHandler' | 'onRequest'
  readonly startup: 'warm' | 'lazy' | 'require'
  readonly authenticators: readonly CheckedAuthenticator[]
  /** Where people reach this server; none if nobody said. */
  readonly bases: readonly BaseUrl[]
  /** undefined: nothing is said of it. */
  readonly resource: ResourceSettings | undefined
  /** Origins whose pages may act with cookies, this server's own among them. */
  readonly trustedOrigins: readonly string[]
  /** undefined: the default, in memory. */
  readonly store: Store | undefined
  readonly dpop: DpopSettings
  readonly clientCertificate: CertificateSource
  /** Whether bound tokens are accepted whoever sends them. */
  readonly ignoresBinding: boolean
  readonly fetchOptions: FetchOptions
}

const OPTIONS = ['provider', 'defaultAuth', 'cache', 'clockTolerance', 'enforce', 'startup', 'authenticators', 'baseUrl', 'resource', 'trustedOrigins', 'store', 'dpop', 'clientCertificate', 'dangerouslyIgnoreBinding', 'fetchOptions']
/** Fastify passes a registration's own options through to the plugin. */
const FASTIFYS_OWN = ['prefix', 'logLevel', 'logSerializers']

/** @throws TypeError naming path, value and remedy */
export function readOptions (options: unknown): Settings {
  const given = plainObject('gatehouse', options, 'pass { provider: … }')
  refuseUnknownKeys('gatehouse', Object.fromEntries(Object.entries(given).filter(([key]) => !FASTIFYS_OWN.includes(key))), OPTIONS)
  const { provider, defaultAuth = 'required', cache = {}, clockTolerance = 10, enforce = 'preHandler', startup = 'warm', authenticators = [], baseUrl, resource, trustedOrigins = [], store, dpop, clientCertificate = 'tls', dangerouslyIgnoreBinding = false, fetchOptions = {} } = given
  const resolver = typeof provider === 'function' ? provider as ProviderResolver : undefined
  if (typeof defaultAuth !== 'function') oneOf('gatehouse.defaultAuth', defaultAuth, ['required', 'optional', 'public'])
  oneOf('gatehouse.enforce', enforce, ['preHandler', 'onRequest'])
  oneOf('gatehouse.startup', startup, ['warm', 'lazy', 'require'])
  if (startup === 'require' && resolver !== undefined) {
    throw new TypeError("gatehouse.startup: 'require' needs providers known at boot, a resolver has none; use 'warm' or 'lazy'")
  }
  const providers = resolver === undefined ? providersByIssuer(provider, authenticators) : new Map<string, Provider>()
  // Written with no value it is an environment variable that is not set.
  const bases = 'baseUrl' in given ? readBaseUrls('gatehouse.baseUrl', baseUrl) : Object.freeze([])
  const checkedDpop = readDpop('gatehouse.dpop', 'dpop' in given ? dpop : 'allow')
  if (checkedDpop.mode === 'require' && bases.length === 0) throw new TypeError("gatehouse.dpop: 'require' needs baseUrl: proofs name the address people reach this server at")
  const certificateSource = readCertificateSource('gatehouse.clientCertificate', clientCertificate)
  if (typeof dangerouslyIgnoreBinding !== 'boolean') throw expected('gatehouse.dangerouslyIgnoreBinding', 'true or false', dangerouslyIgnoreBinding)
  if (dangerouslyIgnoreBinding && checkedDpop.mode !== 'off') throw new TypeError("gatehouse.dangerouslyIgnoreBinding: goes with dpop: 'off' only, where somebody in front of this server checks proofs")
  return Object.freeze({
    providers,
    resolver,
    defaultAuth: defaultAuth as DefaultAuth,
    cache: cacheSettings(cache),
    clockTolerance: within('gatehouse.clockTolerance', clockTolerance, 0, 60, 'seconds'),
    enforce: enforce as Settings['enforce'],
    startup: startup as Settings['startup'],
    authenticators: checkAuthenticators(authenticators, [...providers.values()].flatMap(({ name, apiKeys }) => apiKeys === undefined ? [name] : [name, 'api_key'])),
    bases,
    resource: 'resource' in given ? readResource('gatehouse.resource', resource, { bases, providers: [...providers.values()], dpop: checkedDpop, clientCertificate: certificateSource }) : undefined,
    trustedOrigins: Object.freeze([...bases.map(({ origin }) => origin), ...origins(trustedOrigins)]),
    store: store === undefined ? undefined : checkedStore('gatehouse.store', store),
    dpop: checkedDpop,
    clientCertificate: certificateSource,
    ignoresBinding: dangerouslyIgnoreBinding,
    fetchOptions: fetchSettings(fetchOptions)
  })
}

function providersByIssuer (provider: unknown, authenticators: unknown): ReadonlyMap<string, Provider> {
  const list: readonly unknown[] = Array.isArray(provider) ? provider : [provider]
  const hasAuthenticators = Array.isArray(authenticators) && authenticators.length > 0
  if (list.length === 0 && !hasAuthenticators) throw expected('gatehouse.provider', 'at least one provider', provider, 'an empty list is for apps with authenticators only')
  const providers = new Map<string, Provider>()
  const names = new Set<string>()
  for (const value of list) {
    if (!isProvider(value)) throw expected('gatehouse.provider', 'what oidc(…) or auth0(…) returns, a list of those, or a function', value, value === undefined && hasAuthenticators ? 'write provider: [] where authenticators alone vouch' : undefined)
    if (providers.has(value.issuer)) {
      const remedy = value.issuerTemplate === undefined ? 'give one of them, with both audiences' : 'give one of them, or register them in sibling scopes'
      throw new TypeError(`gatehouse.provider: two providers have the issuer ${value.issuer}; ${remedy}`)
    }
    if (names.has(value.name)) throw new TypeError(`gatehouse.provider: two providers are called ${JSON.stringify(value.name)}; give each a name of its own: { name: '…' }`)
    providers.set(value.issuer, value)
    names.add(value.name)
  }
  refuseUnreachable([...providers.values()])
  return providers
}

/** Opaque credentials do not say whose they are: what one provider takes, no later one is asked about. */
function refuseUnreachable (providers: readonly Provider[]): void {
  const before: Array<{ name: string, prefix: string }> = []
  for (const { name, introspection, apiKeys } of providers) {
    for (const { prefix } of [apiKeys, introspection].filter((judge) => judge !== undefined)) {
      const greedy = before.find((earlier) => prefix.startsWith(earlier.prefix))
      if (greedy !== undefined) {
        throw new TypeError(`gatehouse.provider: ${name} would not be asked about credentials that ${greedy.name} takes first: give ${greedy.name} a prefix of its own, or put it last`)
      }
      before.push({ name, prefix })
    }
  }
}

function origins (value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw expected('gatehouse.trustedOrigins', 'a list of origins', value)
  for (const origin of Array.from(value)) {
    // A browser never sends a pattern.
    if (typeof origin !== 'string' || !/^https?:[^*]*$/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw expected('gatehouse.trustedOrigins', 'a list of origins: scheme, host and port, in lower case and without a slash at the end', origin)
    }
  }
  return Object.freeze([...value as string[]])
}

function cacheSettings (cache: unknown): Settings['cache'] {
  if (cache === false) return undefined
  const { max = 10_000, ttl = 300, ...rest } = plainObject('gatehouse.cache', cache, 'write false to switch it off')
  refuseUnknownKeys('gatehouse.cache', rest, ['max', 'ttl'])
  const entries = within('gatehouse.cache.max', max, 1, 1_000_000, 'tokens')
  if (!Number.isInteger(entries)) throw expected('gatehouse.cache.max', 'a whole number', max)
  return Object.freeze({ max: entries, ttl: within('gatehouse.cache.ttl', ttl, 1, 3600, 'seconds') * 1000 })
}

function fetchSettings (fetchOptions: unknown): FetchOptions {
  const { dispatcher, headers, ...rest } = plainObject('gatehouse.fetchOptions', fetchOptions)
  refuseUnknownKeys('gatehouse.fetchOptions', rest, ['dispatcher', 'headers'])
  if (dispatcher !== undefined && (typeof dispatcher !== 'object' || dispatcher === null || !('dispatch' in dispatcher))) {
    throw withoutValue('gatehouse.fetchOptions.dispatcher', 'an undici dispatcher', dispatcher)
  }
  return Object.freeze({
    ...(dispatcher === undefined ? {} : { dispatcher }),
    ...(headers === undefined ? {} : { headers: headerSettings('gatehouse.fetchOptions.headers', headers) })
  })
}

function headerSettings (path: string, headers: unknown): Readonly<Record<string, string>> {
  if (!isPlainObject(headers)) throw withoutValue(path, 'an object of names and texts', headers)
  const copy = { ...headers }
  for (const [name, value] of Object.entries(copy)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value as string)
    } catch {
      throw new TypeError(`${path}: ${JSON.stringify(name)} is no header that can be sent; names are tokens, values texts`)
    }
    if (typeof value !== 'string') throw withoutValue(`${path}[${JSON.stringify(name)}]`, 'a text', value)
  }
  return Object.freeze(copy) as Record<string, string>
}

/** Proxies and gateways take passwords: what was found is not shown. */
function withoutValue (path: string, expectation: string, found: unknown): TypeError {
  return new TypeError(`${path}: expected ${expectation}, got ${found === null ? 'null' : Array.isArray(found) ? 'a list' : `a value of type ${typeof found}`}`)
}
