import type { FastifyRequest } from 'fastify'
import type { Provider, TokenCookie } from '../types/provider.js'
import type { Pipeline } from './authenticate.js'
import type { WorkingAuthenticator } from './authenticators.js'
import { cookieValues } from './cookies.js'
import { bearerToken } from './credentials.js'
import type { Extraction } from './credentials.js'
import { ForbiddenError, InvalidRequestError, InvalidTokenError, MissingCredentialError } from './errors.js'
import type { Settings } from './options.js'
import { mayActByCookie } from './origin.js'
import { providerRefused } from './outcome.js'
import type { MaybePromise } from './outcome.js'
import { loggable } from './refusal.js'
import type { Refusal } from './refusal.js'
import type { Finding, Presented, Source } from './source.js'
import { looksLikeJws } from './token/parse.js'
import type { KeyRings } from './token/rings.js'
import type { WebLoginPlace } from './web-login.js'

/** An authenticator of the app. */
interface OwnSource extends Source, Pick<WorkingAuthenticator, 'from' | 'match'> {}

interface Parts {
  readonly settings: Settings
  readonly rings: KeyRings
  readonly pipeline: Pipeline
  readonly authenticators: readonly WorkingAuthenticator[]
  readonly place: WebLoginPlace
}

/**
 * Finds the one credential of a request. In this order: what authenticators find in headers; the Bearer token; cookies,
 * which are not looked at where a header carries a credential: an authenticator's, a provider's, the session's.
 *
 * @throws InvalidRequestError for two credentials in headers
 * @throws ForbiddenError for a cookie sent by a page that is not trusted
 */
export type Finder = (request: FastifyRequest) => MaybePromise<Finding>

export function createFinder ({ settings, rings, pipeline, authenticators, place }: Parts): Finder {
  const bearer: Source = { isCookie: false, isBearer: true, identify: pipeline.identify, cacheControl: unsaid }
  const own = authenticators.map(({ from, match, identify }): OwnSource => ({ from, match, isCookie: from === 'cookie', isBearer: false, identify, cacheControl: from === 'authorization' ? unsaid : privately }))
  const inHeaders = own.filter(({ isCookie }) => !isCookie)
  const inCookies = own.filter(({ isCookie }) => isCookie)
  const cookies = [...settings.providers.values()].flatMap((provider) => provider.cookie === undefined ? [] : [{ provider, cookie: provider.cookie, pattern: anyNamed(provider.cookie), source: cookieSource(provider, pipeline) }])

  function find (request: FastifyRequest): MaybePromise<Finding> {
    const token = bearerToken(request.raw.rawHeaders)
    const found = inHeaders.length === 0 ? undefined : matching(inHeaders, request)
    if (found !== undefined) {
      if (isElsewhereToo(found.source, token, request)) throw new InvalidRequestError({ reason: 'credentials_repeated', hint: 'send a credential in the Authorization header, or one in another header' })
      return found
    }
    if (typeof token === 'string') return { source: bearer, credential: token }
    if (request.headers.cookie === undefined || (inCookies.length === 0 && cookies.length === 0 && place.login === undefined)) return token
    return inCookie(request, request.headers.cookie, token)
  }

  /** Who the caller is must not depend on which of two headers is read. */
  function isElsewhereToo ({ from }: OwnSource, token: Extraction, request: FastifyRequest): boolean {
    if (from === 'header' && typeof token === 'string') return true
    return matching(inHeaders.filter((source) => source.from !== from), request) !== undefined
  }

  function matching (sources: readonly OwnSource[], request: FastifyRequest): { readonly source: OwnSource, readonly credential: string } | undefined {
    for (const source of sources) {
      const credential = source.match(request)
      if (credential !== undefined) return { source, credential }
    }
    return undefined
  }

  function inCookie (request: FastifyRequest, header: string, nothing: Finding): MaybePromise<Finding> {
    const own = matching(inCookies, request)
    if (own !== undefined) return trusted(own, request, [])
    for (const { provider, cookie, pattern, source } of cookies) {
      if (!pattern.test(header)) continue
      const ring = rings.of(provider)
      // The cookie is named after the project, which only its configuration knows.
      if (ring.project === undefined) return ring.ready().then(() => ring.project === undefined ? nothing : inCookie(request, header, nothing))
      const values = cookieValues(header, `${cookie.before}${ring.project.id}${cookie.after}`)
      if (values.length > 1) return { reason: 'cookie_repeated', hint: 'two cookies of that name come from two domains or paths' }
      if (values.length === 1) return trusted({ source, credential: values[0]! }, request, ring.project.trustedDomains)
    }
    if (place.login?.carries(header) === true) return trusted({ source: place.login.source, credential: header }, request, [])
    return nothing
  }

  function trusted (presented: Presented, { method, headers }: FastifyRequest, domains: readonly string[]): Presented {
    if (mayActByCookie(method, headers, { origins: settings.trustedOrigins, domains })) return presented
    throw new ForbiddenError({ reason: 'origin_refused', found: loggable(headers.origin ?? 'no Origin'), hint: 'a cookie came with an unsafe method from a page that is not trusted: name its origin in trustedOrigins if it is yours' })
  }

  return find
}

/** The error where nothing was presented, but had to be. */
export function missing (about: Pick<Refusal, 'reason' | 'found' | 'hint'>, scope: string | undefined): MissingCredentialError {
  return new MissingCredentialError({ hint: 'send Authorization: Bearer <token>; some proxies strip the header', ...about }, scope)
}

/** A cookie named after any project: without one nothing needs to be fetched. */
function anyNamed ({ before, after }: TokenCookie): RegExp {
  return new RegExp(`(?:^|[; \\t])${before}\\w+${after}[ \\t]*=`)
}

/** What one caller's cookie or key opened is not for a shared cache. */
function privately (): 'private' {
  return 'private'
}

/** Of a request with an Authorization header shared caches know. */
function unsaid (): undefined {}

/** A provider's cookie carries its access tokens, nothing else. */
function cookieSource ({ name }: Provider, pipeline: Pipeline): Source {
  return {
    isCookie: true,
    isBearer: false,
    cacheControl: privately,
    identify (credential, request, { providers, credentials }) {
      if (providers?.includes(name) === false) return providerRefused(providers, name)
      if (!looksLikeJws(credential)) return new InvalidTokenError({ reason: 'token_malformed', provider: name, found: 'a cookie that is no JWT' })
      return pipeline.identify(credential, request, { providers: [name], credentials })
    }
  }
}
