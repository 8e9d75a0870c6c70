import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CompletedLogin, LoginDecision } from '../../types/login.js'
import type { JsonMembers } from '../../types/session.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { newRecord } from '../session/record.js'
import { addCookies, replaceCookie } from '../session/set-cookies.js'
import { markArrival } from './arrival.js'
import type { CallbackParameters } from './callback.js'
import { LoginError, ProviderUnavailableError } from './errors.js'
import type { LoginParts } from './parts.js'
import { offerAnother, refusalOf, siteFor } from './parts.js'
import { isNotSilently, markSilent } from './silent.js'
import type { Site } from './site.js'
import type { LoginResult } from './tokens.js'
import type { Transaction } from './transaction.js'
import { givenMembers, userOf, withActor } from './user.js'

/** A browser that is back from a provider. */
interface Arrival {
  readonly parts: LoginParts
  readonly site: Site
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Name of the provider. */
  readonly provider: string
}

/**
 * The browser is back from the provider: it gets a session, a new one whatever it had, and goes where it wanted to.
 *
 * @throws LoginError, ProviderUnavailableError, StoreUnavailableError; what `afterLogin` throws
 */
export async function completeLogin (parts: LoginParts, request: FastifyRequest, reply: FastifyReply, provider: string, parameters: CallbackParameters): Promise<FastifyReply> {
  const site = siteFor(parts, request, provider)
  const arrival: Arrival = { parts, site, request, reply, provider }
  const { transaction, setCookie } = await site.transactions.take(parameters.state, provider, request.headers.cookie)
  if (transaction === undefined) {
    addCookies(reply, setCookie)
    return withoutTransaction(arrival)
  }
  try {
    const result = await finish(arrival, parameters, transaction, setCookie)
    const returnTo = await startSession(arrival, result, transaction.demanded)
    return goTo(arrival, returnTo === undefined ? transaction.returnTo : site.returnTo(returnTo))
  } catch (error) {
    const refusal = transaction.isSilent === true ? refusalOf(error) : undefined
    if (refusal === undefined) {
      if (error instanceof LoginError) offerAnother(parts, request, error, transaction.returnTo)
      throw error
    }
    // Nobody asked for this login: the page is shown without it.
    if (!isNotSilently(refusal.error)) parts.reporter.refuse(refusal, request, undefined)
    return goTo(arrival, transaction.returnTo)
  }
}

async function finish ({ parts: { clients, signal }, site, reply, provider }: Arrival, parameters: CallbackParameters, transaction: Transaction, setCookie: readonly string[]): Promise<LoginResult> {
  try {
    const result = await clients.of(provider).finish(parameters, transaction, signal)
    addCookies(reply, setCookie)
    return result
  } catch (error) {
    // Whoever tries again where nobody could be asked needs it once more.
    if (transaction.isSilent !== true && error instanceof ProviderUnavailableError) site.transactions.release(transaction)
    else addCookies(reply, setCookie)
    throw error
  }
}

/** A page from the browser's history, a callback reloaded, a cookie that was lost. Never to the provider from here: that could go on for ever. */
async function withoutTransaction (arrival: Arrival): Promise<FastifyReply> {
  const { site, request, provider } = arrival
  const { session } = await site.keeper.load(request.headers.cookie)
  if (session !== undefined) return goTo(arrival, site.returnTo(undefined))
  throw new LoginError({
    reason: 'transaction_missing',
    provider,
    hint: 'the browser brought no cookie of a login under way: it took more than an hour, was completed before, began at another origin than baseUrl, or cookies are blocked'
  })
}

/** @returns where `afterLogin` sends the browser */
async function startSession (arrival: Arrival, result: LoginResult, demanded: string | undefined): Promise<string | undefined> {
  const { parts: { clients, settings, revoke }, site, request, reply, provider } = arrival
  const { claims, idToken, accessToken, accessTokenExpiresAt, refreshToken, scope, sid } = result
  try {
    const { user, data, returnTo } = await decide(arrival, result)
    const record = newRecord({
      provider,
      issuer: claims.iss,
      clientId: clients.clientIdOf(provider),
      subject: claims.sub,
      sid,
      ceiling: claims.session_expiry,
      user,
      data,
      idToken,
      accessToken,
      accessTokenSince: Date.now() / 1000,
      accessTokenExpiresAt,
      refreshToken,
      scope
    })
    // A form posted by the provider's page brings no cookie of the former session, and no visit from there a Strict one.
    const sweep = settings.responseMode === 'form_post' || settings.cookieOptions.sameSite === 'Strict'
    const { cookies } = await site.keeper.start(record, { header: request.headers.cookie, sweep })
    addCookies(reply, [markArrival(site.arrivalMark, demanded)])
    replaceCookie(reply, site.cookie, cookies)
    // Who logs out later is not to be logged in again unasked.
    if (settings.silent) addCookies(reply, [markSilent(site.silentMark)])
    return returnTo
  } catch (error) {
    // Nobody will use it.
    if (refreshToken !== undefined) revoke(provider, refreshToken, request.log)
    throw error
  }
}

/** What the session will say, after everybody was asked who may have a say. */
async function decide ({ parts: { settings, clients, signal }, request, provider }: Arrival, { claims, accessToken, scope }: LoginResult): Promise<{ user: JsonMembers, data: JsonMembers, returnTo: string | undefined }> {
  const userinfo = settings.userinfo ? await clients.of(provider).userinfo(accessToken, claims.sub, signal) : undefined
  const user = userOf(provider, claims, userinfo ?? {})
  // A copy: what the app does to its claims changes nothing of the session.
  const login: CompletedLogin = { provider, issuer: claims.iss, subject: claims.sub, user, claims: structuredClone(claims), accessToken, scope }
  const decision: unknown = await settings.afterLogin?.(Object.freeze(login), request)
  if (decision === false) throw new LoginError({ reason: 'after_login_refused', provider }, 'access_denied')
  const { user: theirs = user, ...rest } = decisionOf(decision)
  return { data: {}, returnTo: undefined, ...rest, user: withActor(theirs, provider, claims) }
}

function decisionOf (decision: unknown): { user?: JsonMembers, data?: JsonMembers, returnTo?: string } {
  if (decision === undefined) return {}
  const path = 'the answer of afterLogin'
  const { user, data, returnTo, ...rest }: { readonly [Member in keyof LoginDecision]?: unknown } = plainObject(path, decision, 'return { user, data, returnTo }, false, or nothing')
  refuseUnknownKeys(path, rest, ['user', 'data', 'returnTo'])
  if (returnTo !== undefined && typeof returnTo !== 'string') throw expected(`${path}: returnTo`, 'a path of this site', returnTo)
  return {
    ...(user === undefined ? {} : { user: givenMembers(`${path}: user`, user) }),
    ...(data === undefined ? {} : { data: givenMembers(`${path}: data`, data) }),
    ...(returnTo === undefined ? {} : { returnTo })
  }
}

/** @param path of this site */
function goTo ({ parts: { settings }, request, reply }: Arrival, path: string): FastifyReply {
  // @see RFC 9110 section 15.4.4: after a POST the browser is to GET.
  if (settings.cookieOptions.sameSite !== 'Strict') return reply.redirect(path, request.method === 'POST' ? 303 : 302)
  // Redirected on from the provider's page, the browser would not send the session, and be sent to log in again, for
  // ever. What a page of this site opens is no visit from elsewhere.
  const target = path.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return reply.type('text/html; charset=utf-8').send(`<!doctype html><html lang="en"><meta http-equiv="refresh" content="0; url=${target}"><title>Logged in</title><p><a href="${target}">Continue</a></p></html>\n`)
}
