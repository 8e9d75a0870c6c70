import type { FastifyRequest } from 'fastify'
import type { Provider, TokenCookie } from '../types/provider.js'
import type { Pipeline } from './authenticate.js'
import type { WorkingAuthenticator } from './authenticators.js'
import type { Bindings } from './bindings.js'
import { cookieValues } from './cookies.js'
import { sentToken } from './credentials.js'
import type { Extraction } from './credentials.js'
import { AuthError, ForbiddenError, InvalidRequestError, InvalidTokenError, MissingCredentialError } from './errors.js'
import type { Settings } from './options.js'
import { mayActByCookie } from './origin.js'
import { providerRefused } from './outcome.js'
import type { Allowed, MaybePromise } from './outcome.js'
import type { Policy } from './policy.js'
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
  readonly bindings: Bindings
  readonly authenticators: readonly WorkingAuthenticator[]
  readonly place: WebLoginPlace
}

/**
 * Finds the one credential of a request. In this order: what authenticators find in headers; the access token; cookies,
 * which are not looked at where a header carries a credential: an authenticator's, a provider's, the session's.
 *
 * @throws InvalidRequestError for two credentials in headers
 * @throws ForbiddenError for a cookie sent by a page that is not trusted
 */
export type Finder = (request: FastifyRequest) => MaybePromise<Finding>

export function createFinder ({ settings, rings, pipeline, bindings, authenticators, place }: Parts): Finder {
  const takesDpop = settings.dpop.mode !== 'off'
  const { bearer, bearerWithProof, dpop } = tokenSources(pipeline, bindings)
  const own = authenticators.map(({ from, match, identify }): OwnSource => ({ from, match, isCookie: from === 'cookie', scheme: undefined, identify, cacheControl: from === 'authorization' ? unsaid : privately }))
  const inHeaders = own.filter(({ isCookie }) => !isCookie)
  const inCookies = own.filter(({ isCookie }) => isCookie)
  const cookies = [...settings.providers.values()].flatMap((provider) => provider.cookie === undefined ? [] : [{ provider, cookie: provider.cookie, pattern: anyNamed(provider.cookie), source: cookieSource(provider, pipeline, bindings) }])

  function find (request: FastifyRequest): MaybePromise<Finding> {
    const sent = sentToken(request.raw.rawHeaders, takesDpop)
    const found = inHeaders.length === 0 ? undefined : matching(inHeaders, request)
    if (found !== undefined) {
      if (isElsewhereToo(found.source, sent, request)) throw new InvalidRequestError({ reason: 'credentials_repeated', hint: 'send a credential in the Authorization header, or one in another header' })
      return found
    }
    if ('token' in sent) return { source: sent.scheme === 'DPoP' ? dpop : sent.hasProof ? bearerWithProof : bearer, credential: sent.token }
    if (request.headers.cookie === undefined || (inCookies.length === 0 && cookies.length === 0 && place.login === undefined)) return sent
    return inCookie(request, request.headers.cookie, sent)
  }

  /** Who the caller is must not depend on which of two headers is read. */
  function isElsewhereToo ({ from }: OwnSource, sent: Extraction, request: FastifyRequest): boolean {
    if (from === 'header' && 'token' in sent) return true
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
export function missing (about: Pick<Refusal, 'reason' | 'found' | 'hint'>, { scope, requiresDpop }: Pick<Policy, 'scope' | 'requiresDpop'>): MissingCredentialError {
  return new MissingCredentialError({ hint: `send Authorization: ${requiresDpop ? 'DPoP' : 'Bearer'} <token>; some proxies strip the header`, ...about }, scope)
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

/** What comes in the Authorization header. */
function tokenSources ({ identify }: Pipeline, bindings: Bindings): { readonly bearer: Source, readonly bearerWithProof: Source, readonly dpop: Source } {
  const bearerSource = (binding: Bindings['bearer']): Source => ({
    isCookie: false,
    scheme: 'Bearer',
    cacheControl: unsaid,
    identify: (token, request, allowed) => allowed.requiresDpop === true ? dpopRequired('a Bearer token', allowed) : identify(token, request, allowed, binding)
  })
  return {
    bearer: bearerSource(bindings.bearer),
    bearerWithProof: bearerSource(bindings.bearerWithProof),
    dpop: {
      isCookie: false,
      scheme: 'DPoP',
      cacheControl: unsaid,
      identify (token, request, allowed, reply) {
        const binding = bindings.dpop(request, reply)
        return binding instanceof AuthError ? binding : identify(token, request, allowed, binding)
      }
    }
  }
}

/** As if nothing had come: RFC 9449 section 7.2 has no error code for it, and the challenge says what is wanted. */
function dpopRequired (found: string, { scope }: Allowed): MissingCredentialError {
  return new MissingCredentialError({ reason: 'dpop_required', found, hint: 'this route takes access tokens bound to a key only: Authorization: DPoP <token>, and a proof in the header DPoP' }, scope)
}

/** A provider's cookie carries its access tokens, nothing else. */
function cookieSource ({ name }: Provider, pipeline: Pipeline, { nobody }: Bindings): Source {
  return {
    isCookie: true,
    scheme: undefined,
    cacheControl: privately,
    identify (credential, request, allowed) {
      const { providers, credentials } = allowed
      if (allowed.requiresDpop === true) return dpopRequired('a cookie', allowed)
      if (providers?.includes(name) === false) return providerRefused(providers, name)
      if (!looksLikeJws(credential)) return new InvalidTokenError({ reason: 'token_malformed', provider: name, found: 'a cookie that is no JWT' })
      return pipeline.identify(credential, request, { providers: [name], credentials }, nobody)
    }
  }
}
