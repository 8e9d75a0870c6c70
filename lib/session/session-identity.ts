import type { FastifyRequest } from 'fastify'
import type { Identity } from '../../types/identity.js'
import type { AccessTokenClaims } from '../../types/claims.js'
import type { Provider } from '../../types/provider.js'
import type { SessionRecord } from '../../types/session.js'
import { AuthError, InvalidCredentialError } from '../errors.js'
import type { Internals } from '../internals.js'
import type { Allowed, MaybePromise, Outcome } from '../outcome.js'
import { unavailable } from '../store/refused.js'
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

interface Visit {
  readonly session: RequestSession
  readonly provider: Provider
  readonly request: FastifyRequest
  readonly allowed: Allowed
}

interface Known {
  /** What the access token said, if it is one for this API. */
  readonly token: Identity | undefined
  readonly identity: Identity
}

const NONE: readonly string[] = Object.freeze([])
/** Seconds: where a token that young has ended already, clocks differ, and neither another nor another login is the remedy. */
const YOUNG = 60

/**
 * Identities of sessions. Scopes, permissions and roles come from the access token alone, and only if that would be
 * accepted as a credential of this API; what else it says, and what the app keeps in the session, grants nothing.
 */
export function createSessionIdentities ({ pipeline, bindings }: Pick<Internals, 'pipeline' | 'bindings'>): SessionIdentities {
  const known = new WeakMap<SessionRecord, Known>()
  let bare = 0

  function of (session: RequestSession, provider: Provider, request: FastifyRequest, allowed: Allowed): MaybePromise<Identity> {
    const { record } = session.current
    if (!vouchesForTokens(provider)) return withoutToken(session, provider, 'the provider has no audience')
    const visit: Visit = { session, provider, request, allowed }
    if (isRefreshDue(record, nowInSeconds()) && record.refreshToken !== undefined) return renewed(visit, undefined)
    return byToken(visit, true)
  }

  /** @param ended an access token that was found to have ended, whatever is written of its end */
  async function renewed (visit: Visit, ended: string | undefined): Promise<Identity> {
    const { session, provider, allowed } = visit
    const outcome = await session.renew(ended)
    if (outcome === 'ended') throw new InvalidCredentialError({ reason: 'session_unknown', provider: provider.name, hint: 'somebody logged out meanwhile' })
    // Nobody can say now what the caller may do: not a 403, which would say that it may not.
    if (typeof outcome === 'object' && allowed.needsAccessToken) throw outcome.later
    return byToken(visit, false)
  }

  /** @param isRenewable whether it was not tried yet */
  function byToken (visit: Visit, isRenewable: boolean): MaybePromise<Identity> {
    const { session, provider, request, allowed } = visit
    const { record } = session.current
    if (record.accessToken === undefined) return withoutToken(session, provider, 'there is none')
    if (allowed.needsAccessToken === true && !isUsable(record, nowInSeconds())) throw loginRequired(provider)
    const outcome = judged(() => pipeline.identify(record.accessToken!, request, { providers: [provider.name], credentials: ['access_token'] }, bindings.nobody))
    return outcome instanceof Promise
      ? outcome.catch(unavailable).then((verdict) => conclude(verdict, visit, isRenewable))
      : conclude(outcome, visit, isRenewable)
  }

  /** A token for somebody else, or one that ended, grants nothing; the session is as good as before. */
  function conclude (verdict: Identity | AuthError, visit: Visit, isRenewable: boolean): MaybePromise<Identity> {
    const { session, provider, request, allowed } = visit
    const { record } = session.current
    if (!(verdict instanceof AuthError)) {
      // By the word of the issuer: the provider's own mapping may call callers by another claim.
      const isTheirs = verdict.claims.sub === record.subject
      if (!isTheirs) explain(session, "it is somebody else's")
      return identityOf(record, provider, isTheirs ? verdict : undefined)
    }
    // Nobody can judge it now.
    if (verdict.statusCode >= 429 && allowed.needsAccessToken === true) throw verdict
    // Nobody said when it ends, or it ended before.
    if (verdict.reason === 'token_expired' && nowInSeconds() - (record.accessTokenSince ?? 0) > YOUNG) {
      if (isRenewable && record.refreshToken !== undefined) return renewed(visit, record.accessToken)
      if (allowed.needsAccessToken === true) throw loginRequired(provider)
    }
    const { code, refusal } = verdict
    request.log.debug({ gatehouse: { code, ...refusal } }, "the session's access token grants nothing here")
    return withoutToken(session, provider, [refusal.reason, refusal.hint ?? []].flat().join(': '))
  }

  /** @param reason for the log: what is wrong with the token */
  function withoutToken (session: RequestSession, provider: Provider, reason: string): Identity {
    bare++
    explain(session, reason)
    return identityOf(session.current.record, provider, undefined)
  }

  function identityOf (record: SessionRecord, provider: Provider, token: Identity | undefined): Identity {
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

function explain (session: RequestSession, reason: string): void {
  session.grantsNothing = `the session's access token is not for this API: ${reason}`
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

function judged (identify: () => Outcome): MaybePromise<Identity> | AuthError {
  try {
    return identify()
  } catch (error) {
    return unavailable(error)
  }
}

/** Not a 403: who logs in again may. */
function loginRequired ({ name }: Provider): LoginRequiredError {
  return new LoginRequiredError({ reason: 'access_token_ended', provider: name, hint: 'the route demands what the access token gave, and there is no new one: ask for a refresh token with the scope offline_access' })
}
