import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LoginDecision } from '../../types/login.js'
import type { JsonMembers } from '../../types/session.js'
import { plainObject, refuseUnknownKeys } from '../configuration.js'
import { newRecord } from '../session/record.js'
import { kSession } from '../session/request-session.js'
import { addCookies, replaceCookie } from '../session/set-cookies.js'
import type { CallbackParameters } from './callback.js'
import { LoginError, ProviderUnavailableError } from './errors.js'
import type { LoginParts } from './parts.js'
import { siteFor } from './parts.js'
import { NOT_SILENTLY } from './silent.js'
import type { Site } from './site.js'
import type { LoginResult } from './tokens.js'
import type { Transaction } from './transaction.js'
import { givenMembers, userOf } from './user.js'

/**
 * The browser is back from the provider: it gets a session, a new one whatever it had, and goes where it wanted to.
 *
 * @throws LoginError, ProviderUnavailableError; what `afterLogin` throws
 */
export async function completeLogin (parts: LoginParts, request: FastifyRequest, reply: FastifyReply, provider: string, parameters: CallbackParameters): Promise<FastifyReply> {
  const site = siteFor(parts, request, provider)
  const { transaction, setCookie } = await site.transactions.take(parameters.state, provider, request.headers.cookie)
  if (transaction === undefined) {
    addCookies(reply, setCookie)
    return withoutTransaction(site, request, reply, provider)
  }
  const result = await finish(parts, parameters, transaction).catch((error: unknown) => {
    // Whoever tries again where nobody could be asked needs it once more.
    if (!(error instanceof ProviderUnavailableError)) addCookies(reply, setCookie)
    if (transaction.isSilent === true && error instanceof LoginError && NOT_SILENTLY.includes(error.error ?? '')) return undefined
    throw error
  })
  if (result === undefined) return reply.redirect(transaction.returnTo, statusFor(request))
  addCookies(reply, setCookie)
  const { user, data, returnTo } = await decide(parts, request, provider, result)
  await start(parts, site, request, reply, { provider, result, user, data })
  return reply.redirect(returnTo === undefined ? transaction.returnTo : site.returnTo(returnTo), statusFor(request))
}

function finish ({ clients, signal }: LoginParts, parameters: CallbackParameters, transaction: Transaction): Promise<LoginResult> {
  return clients.of(transaction.provider).finish(parameters, transaction, signal)
}

/** A page from the browser's history, a callback reloaded, a cookie that was lost. Never to the provider from here: that could go on for ever. */
async function withoutTransaction (site: Site, request: FastifyRequest, reply: FastifyReply, provider: string): Promise<FastifyReply> {
  const { session } = await site.keeper.load(request.headers.cookie)
  if (session !== undefined) return reply.redirect(site.returnTo(undefined), statusFor(request))
  throw new LoginError({
    reason: 'transaction_missing',
    provider,
    hint: 'the browser brought no cookie of a login under way: it took more than an hour, was completed before, began at another origin than baseUrl, or cookies are blocked'
  })
}

/** What the session will say, after everybody was asked who may have a say. */
async function decide ({ settings, clients, signal, inBackground }: LoginParts, request: FastifyRequest, provider: string, result: LoginResult) {
  const { claims, accessToken, refreshToken, scope } = result
  const client = clients.of(provider)
  const userinfo = settings.userinfo ? await client.userinfo(accessToken, claims.sub, signal) : undefined
  const user = userOf(claims, userinfo ?? {})
  const login = { provider, issuer: claims.iss, subject: claims.sub, user, claims, accessToken, scope }
  const decision = await settings.afterLogin?.(Object.freeze(login), request)
  if (decision !== false) return { user, ...decisionOf(decision) }
  // Nobody will use it.
  if (refreshToken !== undefined) inBackground(client.revoke(refreshToken, signal))
  throw new LoginError({ reason: 'after_login_refused', provider }, 'access_denied')
}

function decisionOf (decision: unknown): { user?: JsonMembers, data?: JsonMembers, returnTo?: string } {
  if (decision === undefined) return {}
  const path = 'the answer of afterLogin'
  const { user, data, returnTo, ...rest }: { readonly [Member in keyof LoginDecision]?: unknown } = plainObject(path, decision, 'return { user, data, returnTo }, false, or nothing')
  refuseUnknownKeys(path, rest, ['user', 'data', 'returnTo'])
  return {
    ...(user === undefined ? {} : { user: givenMembers(`${path}: user`, user) }),
    ...(data === undefined ? {} : { data: givenMembers(`${path}: data`, data) }),
    ...(typeof returnTo === 'string' ? { returnTo } : {})
  }
}

interface Begun {
  readonly provider: string
  readonly result: LoginResult
  readonly user: JsonMembers
  readonly data?: JsonMembers | undefined
}

async function start ({ settings }: LoginParts, site: Site, request: FastifyRequest, reply: FastifyReply, { provider, result, user, data = {} }: Begun): Promise<void> {
  const { claims, idToken, accessToken, accessTokenExpiresAt, refreshToken, scope, sid } = result
  const { session_expiry: ceiling } = claims
  const record = newRecord({
    provider,
    issuer: claims.iss,
    subject: claims.sub,
    sid,
    ceiling: typeof ceiling === 'number' ? ceiling : undefined,
    user,
    data,
    idToken,
    accessToken,
    accessTokenSince: Date.now() / 1000,
    accessTokenExpiresAt,
    refreshToken,
    scope
  })
  // A form posted by the provider's page brings no cookie of the former session.
  const { cookies } = await site.keeper.start(record, { header: request.headers.cookie, sweep: settings.responseMode === 'form_post' })
  request[kSession]?.forget()
  replaceCookie(reply, site.cookie, cookies)
}

/** @see RFC 9110 section 15.4.4: after a POST the browser is to GET. */
function statusFor ({ method }: FastifyRequest): 302 | 303 {
  return method === 'POST' ? 303 : 302
}
