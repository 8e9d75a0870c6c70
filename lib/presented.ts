import type { FastifyRequest } from 'fastify'
import type { Provider } from '../types/provider.js'
import type { Pipeline } from './authenticate.js'
import type { WorkingAuthenticator } from './authenticators.js'
import { cookieValues } from './cookies.js'
import { bearerToken } from './credentials.js'
import { ForbiddenError, InvalidRequestError, InvalidTokenError, MissingCredentialError } from './errors.js'
import type { Settings } from './options.js'
import { mayActByCookie } from './origin.js'
import { providerRefused } from './outcome.js'
import type { Allowed, MaybePromise, Outcome } from './outcome.js'
import type { Refusal } from './refusal.js'
import { looksLikeJws } from './token/parse.js'
import type { KeyRings } from './token/rings.js'

/** Where a credential was found, and who judges it. */
export interface Source {
  /** Whether the browser sends it by itself. */
  readonly isCookie: boolean
  /** Whether it came as `Authorization: Bearer`. */
  readonly isBearer: boolean
  identify (credential: string, request: FastifyRequest, allowed: Allowed): Outcome
}

/** The one credential of a request. */
export interface Presented {
  readonly source: Source
  readonly credential: string
}

/** What a request presents, or why it presents nothing. */
export type Finding = Presented | Pick<Refusal, 'reason' | 'found' | 'hint'>

interface Parts {
  readonly settings: Settings
  readonly rings: KeyRings
  readonly pipeline: Pipeline
  readonly authenticators: readonly WorkingAuthenticator[]
}

/**
 * Finds the one credential of a request. In this order: what authenticators find in headers; the Bearer token; cookies,
 * which are not looked at where a header carries a credential.
 *
 * @throws InvalidRequestError for two credentials in headers
 * @throws ForbiddenError for a cookie sent by a page that is not trusted
 */
export type Finder = (request: FastifyRequest) => MaybePromise<Finding>

export function createFinder ({ settings, rings, pipeline, authenticators }: Parts): Finder {
  const bearer: Source = { isCookie: false, isBearer: true, identify: pipeline.identify }
  const [inHeaders, inCookies] = (['header', 'cookie'] as const).map((from) => authenticators.filter((authenticator) => authenticator.from === from)) as [WorkingAuthenticator[], WorkingAuthenticator[]]
  const sources = new Map(authenticators.map((authenticator): [WorkingAuthenticator, Source] => [authenticator, { isCookie: authenticator.from === 'cookie', isBearer: false, identify: authenticator.identify }]))
  const cookies = [...settings.providers.values()].flatMap((provider) => provider.cookie === undefined ? [] : [{ provider, cookie: provider.cookie, source: cookieSource(provider, pipeline) }])

  function find (request: FastifyRequest): MaybePromise<Finding> {
    const found = bearerToken(request.raw.rawHeaders)
    const own = inHeaders.length === 0 ? undefined : matching(inHeaders, request)
    if (own !== undefined) {
      // An authenticator may read the Authorization header itself, with or without what the credential begins with;
      // beside it, that is a second credential.
      if (typeof found === 'string' && !(own.credential !== '' && request.headers.authorization!.endsWith(own.credential))) {
        throw new InvalidRequestError({ reason: 'credentials_repeated', hint: 'send either an access token or the other credential' })
      }
      return own
    }
    if (typeof found === 'string') return { source: bearer, credential: found }
    if (request.headers.cookie === undefined || (inCookies.length === 0 && cookies.length === 0)) return found
    return inCookie(request, request.headers.cookie, found)
  }

  function matching (candidates: readonly WorkingAuthenticator[], request: FastifyRequest): Presented | undefined {
    for (const authenticator of candidates) {
      const credential = authenticator.match(request)
      if (credential !== undefined) return { source: sources.get(authenticator)!, credential }
    }
    return undefined
  }

  function inCookie (request: FastifyRequest, header: string, nothing: Finding): MaybePromise<Finding> {
    const own = matching(inCookies, request)
    if (own !== undefined) return trusted(own, request, [])
    for (const { provider, cookie, source } of cookies) {
      if (!header.includes(cookie.before)) continue
      const ring = rings.of(provider)
      // The cookie is named after the project, which only its configuration knows.
      if (ring.project === undefined) return ring.ready().then(() => ring.project === undefined ? nothing : inCookie(request, header, nothing))
      const values = cookieValues(header, `${cookie.before}${ring.project.id}${cookie.after}`)
      if (values.length > 1) return { reason: 'cookie_repeated', hint: 'two cookies of that name come from two domains or paths' }
      if (values.length === 1) return trusted({ source, credential: values[0]! }, request, ring.project.trustedDomains)
    }
    return nothing
  }

  function trusted (presented: Presented, { method, headers }: FastifyRequest, domains: readonly string[]): Presented {
    if (mayActByCookie(method, headers, { origins: settings.trustedOrigins, domains })) return presented
    throw new ForbiddenError({ reason: 'origin_refused', found: originOf(headers.origin), hint: 'a cookie came with an unsafe method from a page that is not trusted: name its origin in trustedOrigins if it is yours' })
  }

  return find
}

/** A page's address is not secret, but it comes from the caller. */
function originOf (origin: string | undefined): string {
  return origin === undefined ? 'no Origin' : origin.slice(0, 100)
}

/** The error where nothing was presented, but had to be. */
export function missing (about: Pick<Refusal, 'reason' | 'found' | 'hint'>, scope: string | undefined): MissingCredentialError {
  return new MissingCredentialError({ hint: 'send Authorization: Bearer <token>; some proxies strip the header', ...about }, scope)
}

/** A provider's cookie carries its access tokens, nothing else. */
function cookieSource ({ name }: Provider, pipeline: Pipeline): Source {
  return {
    isCookie: true,
    isBearer: false,
    identify (credential, request, { providers, credentials }) {
      if (providers?.includes(name) === false) return providerRefused(providers, name)
      if (!looksLikeJws(credential)) return new InvalidTokenError({ reason: 'token_malformed', provider: name, found: 'a cookie that is no JWT' })
      return pipeline.identify(credential, request, { providers: [name], credentials })
    }
  }
}
