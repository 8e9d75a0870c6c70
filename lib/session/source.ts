import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Identity } from '../../types/identity.js'
import type { Provider } from '../../types/provider.js'
import { AuthError, InvalidCredentialError } from '../errors.js'
import { isNavigation } from '../navigation.js'
import { credentialsRefused, providerRefused } from '../outcome.js'
import type { Allowed, Outcome } from '../outcome.js'
import type { Refusal } from '../refusal.js'
import type { Reporter } from '../report.js'
import type { Source } from '../source.js'
import { unavailable } from '../store/refused.js'
import type { Loaded, Session } from './keeper.js'
import type { SessionPlace } from './place.js'
import { kSession, RequestSession } from './request-session.js'
import type { SessionIdentities } from './session-identity.js'
import { replaceCookie } from './set-cookies.js'

interface Parts {
  /** The site a request came to; undefined: none of ours. */
  readonly siteOf: (request: FastifyRequest) => SessionPlace | undefined
  /** One can log in with, by name. */
  readonly providers: ReadonlyMap<string, Provider>
  readonly identities: SessionIdentities
  readonly reporter: Reporter
}

/** Where a registration reads session cookies: at once for one seen lately that is kept in the cookie. */
export function createSessionSource ({ siteOf, providers, identities, reporter }: Parts): Source {
  function identify (header: string, request: FastifyRequest, allowed: Allowed, reply: FastifyReply): Outcome {
    if (allowed.credentials?.includes('session') === false) return refused(credentialsRefused(allowed.credentials, 'session').refusal)
    const site = siteOf(request)
    if (site === undefined) return refused({ reason: 'host_unknown', found: 'a host that is none of baseUrl' })
    const loaded = site.keeper.load(header)
    return loaded instanceof Promise ? loadLater(loaded, site, request, allowed, reply) : judge(loaded, site, request, allowed, reply)
  }

  async function loadLater (loading: Promise<Loaded>, site: SessionPlace, request: FastifyRequest, allowed: Allowed, reply: FastifyReply): Promise<Identity> {
    const loaded = await loading.catch((error: unknown) => { throw unavailable(error) })
    const outcome = await judge(loaded, site, request, allowed, reply)
    if (outcome instanceof AuthError) throw outcome
    return outcome
  }

  function judge ({ session, clear }: Loaded, site: SessionPlace, request: FastifyRequest, allowed: Allowed, reply: FastifyReply): Outcome {
    const provider = session === undefined ? undefined : providerOf(session)
    if (session === undefined || provider === undefined) {
      replaceCookie(reply, site.cookie, session === undefined ? clear : site.keeper.clear({ header: request.headers.cookie }))
      return refused({ reason: 'session_unknown', hint: 'expired, ended by a logout, or sealed with a secret that is no longer configured' })
    }
    if (allowed.providers?.includes(provider.name) === false) return refused(providerRefused(allowed.providers, provider.name).refusal)
    const visit = new RequestSession({ site, session, request, reply, reporter })
    request[kSession] = visit
    return identities.of(visit, provider, request, allowed)
  }

  /** Of a provider that is no longer configured, or goes by another name, or knows us as another client: nobody vouches for it any more. */
  function providerOf ({ record }: Session): Provider | undefined {
    const provider = providers.get(record.provider)
    return provider?.issuer === record.issuer && provider.client!.clientId === record.clientId ? provider : undefined
  }

  /** The back button shows, after logout too, what a browser keeps of a page; `private` lets it. */
  function cacheControl (request: FastifyRequest): 'private' | 'no-store' {
    return isNavigation(request.method, request.headers) ? 'no-store' : 'private'
  }

  return Object.freeze({ isCookie: true, scheme: undefined, identify, cacheControl })
}

/** Its challenge must not speak of a Bearer token. */
function refused (refusal: Refusal): InvalidCredentialError {
  return new InvalidCredentialError(refusal)
}
