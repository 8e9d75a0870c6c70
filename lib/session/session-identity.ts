import type { FastifyRequest } from 'fastify'
import type { Identity } from '../../types/identity.js'
import type { AccessTokenClaims } from '../../types/claims.js'
import type { Provider } from '../../types/provider.js'
import type { SessionRecord } from '../../types/session.js'
import type { Pipeline } from '../authenticate.js'
import { AuthError, InvalidCredentialError } from '../errors.js'
import type { Allowed, MaybePromise, Outcome } from '../outcome.js'
import { organizationOf } from '../token/identity.js'
import { LoginRequiredError } from './errors.js'
import { nowInSeconds } from './keeper.js'
import { isRefreshDue, isUsable } from './refresh-time.js'
import type { RequestSession } from './request-session.js'

/** Who a session says the caller is. */
export interface SessionIdentities {
  /**
   * At once where nobody must be asked.
   *
   * @throws UnavailableError, ProviderUnavailableError where the route demands scopes, and nobody can say now what they are
   * @throws InvalidCredentialError where somebody logged out meanwhile
   * @throws LoginRequiredError where the route demands scopes, and the access token ended for good
   * @throws CookieTooLargeError where refreshed tokens do not fit
   */
  of (session: RequestSession, provider: Provider, request: FastifyRequest, allowed: Allowed): MaybePromise<Identity>
  /** Identities that were given without an access token that is one for this API: the pipeline counts the others. */
  readonly bare: number
}

interface Known {
  /** What the access token said, if it is one for this API. */
  readonly token: Identity | undefined
  readonly identity: Identity
}

const NONE: readonly string[] = Object.freeze([])

/**
 * Identities of sessions. Scopes, permissions and roles come from the access token alone, and only if that would be
 * accepted as a credential of this API; what else it says, and what the app keeps in the session, grants nothing.
 */
export function createSessionIdentities (pipeline: Pipeline): SessionIdentities {
  const known = new WeakMap<SessionRecord, Known>()
  let bare = 0

  function of (session: RequestSession, provider: Provider, request: FastifyRequest, allowed: Allowed): MaybePromise<Identity> {
    const { record } = session.current
    if (!vouchesForTokens(provider)) return identityOf(record, provider, undefined)
    if (isRefreshDue(record, nowInSeconds()) && record.refreshToken !== undefined) return renewed(session, provider, request, allowed)
    return byToken(record, provider, request, allowed)
  }

  async function renewed (session: RequestSession, provider: Provider, request: FastifyRequest, allowed: Allowed): Promise<Identity> {
    const outcome = await session.renew()
    if (outcome === 'ended') throw new InvalidCredentialError({ reason: 'session_unknown', provider: provider.name, hint: 'somebody logged out meanwhile' })
    // Nobody can say now what the caller may do: not a 403, which would say that it may not.
    if (typeof outcome === 'object' && allowed.needsAccessToken) throw outcome.later
    return byToken(session.current.record, provider, request, allowed)
  }

  function byToken (record: SessionRecord, provider: Provider, request: FastifyRequest, allowed: Allowed): MaybePromise<Identity> {
    if (record.accessToken === undefined) return identityOf(record, provider, undefined)
    // Not a 403: who logs in again may.
    if (allowed.needsAccessToken === true && !isUsable(record, nowInSeconds())) {
      throw new LoginRequiredError({ reason: 'access_token_ended', provider: provider.name, hint: 'the route demands what the access token gave, and there is no new one: ask for a refresh token with the scope offline_access' })
    }
    const outcome = judged(() => pipeline.identify(record.accessToken!, request, { providers: [provider.name], credentials: ['access_token'] }), request, allowed)
    return outcome instanceof Promise
      ? outcome.catch((error: unknown) => tolerated(error, request, allowed)).then((token) => identityOf(record, provider, token))
      : identityOf(record, provider, outcome)
  }

  function identityOf (record: SessionRecord, provider: Provider, given: Identity | undefined): Identity {
    if (given === undefined) bare++
    // By the word of the issuer: the provider's own mapping may call callers by another claim.
    const token = given?.claims.sub === record.subject ? given : undefined
    const seen = known.get(record)
    if (seen !== undefined && seen.token === token) return seen.identity
    const { subject, issuer, user } = record
    const identity: Identity = Object.freeze({
      type: 'session',
      provider: provider.name,
      issuer,
      subject,
      clientId: provider.client!.clientId,
      organizationId: organizationIn(record, provider),
      scopes: token?.scopes ?? NONE,
      permissions: token?.permissions ?? NONE,
      roles: token?.roles ?? NONE,
      claims: user as AccessTokenClaims,
      expiresAt: undefined
    })
    known.set(record, { token, identity })
    return identity
  }

  return { of, get bare () { return bare } }
}

/** The app's own mapping may expect claims only access tokens have. */
function organizationIn ({ user }: SessionRecord, provider: Provider): string | undefined {
  try {
    return organizationOf(user, provider)
  } catch {
    return undefined
  }
}

/** Without an audience a provider vouches for sessions only: no access token of it is one for this API. */
export function vouchesForTokens ({ audience }: Provider): boolean {
  return audience === false || audience.length > 0
}

function judged (identify: () => Outcome, request: FastifyRequest, allowed: Allowed): MaybePromise<Identity> | undefined {
  try {
    const outcome = identify()
    return outcome instanceof AuthError ? tolerated(outcome, request, allowed) : outcome
  } catch (error) {
    return tolerated(error, request, allowed)
  }
}

/** A token for somebody else, or one that ended, grants nothing; the session is as good as before. */
function tolerated (error: unknown, request: FastifyRequest, { needsAccessToken }: Allowed): undefined {
  const isAboutToken = error instanceof AuthError && error.statusCode < 429
  if (!(isAboutToken || (error instanceof AuthError && !needsAccessToken))) throw error
  request.log.debug({ gatehouse: { code: error.code, ...error.refusal } }, "the session's access token grants nothing here")
}
