import type { Provider } from '../types/provider.js'
import type { ResourceMetadata } from '../types/resource.js'
import type { BaseUrl } from './base-url.js'
import type { CertificateSource } from './binding/certificate-options.js'
import type { DpopSettings } from './binding/options.js'
import { expected, plainObject, refuseUnknownKeys } from './configuration.js'
import { isSecure } from './providers/url.js'
import { boolean, PARAMETERS, webUrl, wireParameters } from './resource-parameters.js'
import type { PublishedParameters } from './resource-parameters.js'

/** A metadata document, and where this server answers with it. */
export interface MetadataDocument {
  /** The identifier of the resource, to the letter. */
  readonly resource: string
  /** Its address, in the form with the resource's path. */
  readonly url: string
  /** Paths, from the root of the origin: the one in `url`, then the one without the resource's path where it was asked for. */
  readonly paths: readonly string[]
  /** JSON. */
  readonly body: string
}

/** The resource a registration guards, checked. */
export interface ResourceSettings {
  readonly resource: string
  /** The one of `baseUrl` it is under. */
  readonly base: BaseUrl
  /** What challenges say. */
  readonly metadataUrl: string
  /** undefined: somebody else serves it. */
  readonly document: MetadataDocument | undefined
}

/** What of a registration the document speaks of. */
interface Registration {
  readonly bases: readonly BaseUrl[]
  readonly providers: readonly Provider[]
  readonly dpop: DpopSettings
  readonly clientCertificate: CertificateSource
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
/** What a router takes for nothing but itself. */
const PATH = /^(?:\/[\w.~-]+)*\/?$/

/**
 * Reads `resource`: an identifier, or metadata. Without a resolver no token is refused that a client got for the resource
 * as the document says: its audience must be each provider's, unless that is written out to differ.
 *
 * @throws TypeError naming path, value and remedy
 * @see RFC 9728 sections 1.2, 2 and 3.1; RFC 8707 section 2
 */
export function readResource (path: string, value: unknown, registration: Registration): ResourceSettings {
  const given = typeof value === 'object' ? plainObject(path, value, 'pass a URL, or { resource: … }') : { resource: value }
  const { differentAudience = false, metadataUrl, ...metadata } = given
  const where = typeof value === 'object' ? `${path}.resource` : path
  const { href, origin } = identifier(where, given.resource)
  const resource = given.resource as string
  refuseUnknownKeys(path, given, ['resource', ...PARAMETERS, 'rootMetadata', 'differentAudience', 'metadataUrl'])
  const { bases } = registration
  if (bases.length === 0) throw new TypeError(`${path}: needs baseUrl, where people reach this server: baseUrl: '${origin}'`)
  const base = bases.find((candidate) => candidate.origin === origin)
  if (base === undefined) throw expected(where, `a URL of ${bases.map((candidate) => candidate.origin).join(' or ')}`, href, 'its origin must be one of baseUrl')
  if (!boolean(`${path}.differentAudience`, differentAudience)) requireAudience(path, resource, registration.providers)
  if (metadataUrl === undefined) {
    const document = documentOf(path, { ...defaultsOf(registration), ...written(metadata) })
    return Object.freeze({ resource, base, metadataUrl: document.url, document })
  }
  const [unread] = Object.keys(written(metadata)).filter((member) => member !== 'resource')
  if (unread !== undefined) throw new TypeError(`${path}.${unread}: nobody would read it, for metadataUrl says that the document is elsewhere; say it there`)
  return Object.freeze({ resource, base, metadataUrl: webUrl(`${path}.metadataUrl`, metadataUrl), document: undefined })
}

/**
 * Metadata as a document; nothing is added but `bearer_methods_supported`.
 *
 * @throws TypeError naming path, value and remedy
 */
export function readMetadata (path: string, value: unknown): MetadataDocument {
  const given = plainObject(path, value, "write app.register(protectedResource({ resource: 'https://api.example.com', authorizationServers: [ … ] }))")
  for (const member of ['differentAudience', 'metadataUrl']) {
    if (member in given) throw new TypeError(`${path}.${member}: belongs to the resource of a registration: app.register(gatehouse, { resource: { … } })`)
  }
  return documentOf(path, given)
}

/** @param given the members of `ResourceMetadata` */
function documentOf (path: string, given: Readonly<Record<string, unknown>>): MetadataDocument {
  refuseUnknownKeys(path, given, ['resource', ...PARAMETERS, 'rootMetadata'])
  const { resource, rootMetadata = false, ...parameters } = given
  const { origin, pathname } = identifier(`${path}.resource`, resource)
  const own = WELL_KNOWN + (pathname === '/' ? '' : pathname)
  const bearerMethodsSupported = parameters.dpopBoundAccessTokensRequired === true ? [] : ['header']
  const body = JSON.stringify({ resource, ...wireParameters(path, { bearerMethodsSupported, ...written(parameters) }) })
  const isAtRootToo = boolean(`${path}.rootMetadata`, rootMetadata) && own !== WELL_KNOWN
  return Object.freeze({ resource: resource as string, url: origin + own, paths: Object.freeze(isAtRootToo ? [own, WELL_KNOWN] : [own]), body })
}

/** What the registration itself says. */
function defaultsOf ({ providers, dpop, clientCertificate }: Registration): PublishedParameters & Record<string, unknown> {
  // What stands for many issuers is the name of none.
  const issuers = providers.flatMap(({ issuer, issuerTemplate, audience }) => audience === false || audience.length > 0 ? issuerTemplate === undefined ? [issuer] : [] : [])
  return {
    ...(issuers.length === 0 ? {} : { authorizationServers: issuers }),
    ...(clientCertificate.from === 'header' ? { tlsClientCertificateBoundAccessTokens: true } : {}),
    ...(dpop.mode === 'off' ? {} : { dpopSigningAlgValuesSupported: dpop.algorithms }),
    ...(dpop.mode === 'require' ? { dpopBoundAccessTokensRequired: true } : {})
  }
}

function requireAudience (path: string, resource: string, providers: readonly Provider[]): void {
  for (const { name, audience } of providers) {
    if (audience === false || audience.length === 0 || audience.includes(resource)) continue
    throw new TypeError(`${path}: ${resource} is not the audience of ${name}, which is ${audience.join(', ')}: tokens clients get for the resource would be refused; ` +
      `name it in the provider's audience, or write resource: { resource: '${resource}', differentAudience: true } if ${name} calls this API so`)
  }
}

/** @see RFC 9728 section 1.2 */
function identifier (path: string, value: unknown): URL {
  const expectation = 'an https URL such as https://api.example.com/orders'
  if (value === undefined || value === '' || value === 'undefined') throw expected(path, expectation, value, 'is its environment variable set?')
  if (typeof value !== 'string' || !URL.canParse(value)) throw expected(path, expectation, value, 'write scheme and host')
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') throw new TypeError(`${path}: expected a URL without user name and password`)
  if (!isSecure(url, false)) throw expected(path, expectation, value, 'plain http is for loopback; a provider that names this API by no URL goes with differentAudience: true')
  if (/[?#]/.test(value)) throw expected(path, 'a URL without query and fragment', value)
  if (!PATH.test(url.pathname)) throw expected(path, 'a path of letters, digits, dots, dashes and single slashes', value)
  if (value !== url.href && `${value}/` !== url.href) throw expected(path, expectation, value, `write ${url.href}`)
  return url
}

function written (members: Readonly<Record<string, unknown>>): Partial<ResourceMetadata> & Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
