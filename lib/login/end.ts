import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LogoutParameters } from '../../types/login.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { isPrefetch } from '../navigation.js'
import type { Session } from '../session/keeper.js'
import { kSession } from '../session/request-session.js'
import { addCookies, replaceCookie } from '../session/set-cookies.js'
import { clearArrival, hasJustArrived } from './arrival.js'
import type { LoginParts } from './parts.js'
import { siteFor } from './parts.js'
import { markSilent } from './silent.js'

/**
 * Ends the session of a browser, here first, then at the provider, which sends it back. Without a session it only goes
 * where it would have come back to: a provider that sends browsers here (FusionAuth) is not asked again.
 *
 * @throws StoreUnavailableError where nobody knows whether the session is over; its cookie is cleared all the same
 */
export async function endLogin (parts: LoginParts, request: FastifyRequest, reply: FastifyReply, parameters: LogoutParameters = {}): Promise<FastifyReply> {
  const { settings, clients } = parts
  const { returnTo = settings.logout.returnTo, provider: isProvidersToo = settings.logout.provider, ...rest } = plainObject('reply.logout()', parameters)
  refuseUnknownKeys('reply.logout()', rest, ['returnTo', 'provider'])
  if (typeof isProvidersToo !== 'boolean') throw expected('reply.logout(): provider', 'true or false', isProvidersToo)
  const site = siteFor(parts, request, clients.providers[0]!.name)
  reply.header('cache-control', 'no-store')
  // Nobody wants to log out yet. Chromium would keep a success, and show it in place of what the click asks for.
  if (isPrefetch(request.headers)) return reply.code(503).send()
  const target = site.returnTo(returnTo)
  const cookies = { header: request.headers.cookie }
  const visit = request[kSession]
  visit?.forget()
  if (hasJustArrived(site.arrivalMark, cookies.header)) addCookies(reply, [clearArrival(site.arrivalMark)])
  // Else the next page would ask the provider, and log the person in again.
  if (settings.silent) addCookies(reply, [markSilent(site.silentMark)])
  let session: Session | undefined
  try {
    const loaded = visit === undefined || visit === null ? await site.keeper.load(cookies.header) : { session: visit.current, clear: [] }
    session = loaded.session
    replaceCookie(reply, site.cookie, session === undefined ? loaded.clear : await site.keeper.end(session, cookies))
  } catch (error) {
    replaceCookie(reply, site.cookie, site.keeper.clear(cookies))
    throw error
  }
  const elsewhere = session === undefined ? undefined : await endAtProvider(parts, request, session, isProvidersToo ? site.url(target) : undefined)
  return reply.redirect(elsewhere ?? target, request.method === 'GET' || request.method === 'HEAD' ? 302 : 303)
}

/**
 * Nobody waits for the refresh token to be revoked.
 *
 * @param back undefined: the provider's own session goes on
 * @returns where the browser ends it; undefined where that cannot be
 */
async function endAtProvider ({ clients, signal, revoke }: LoginParts, { log }: FastifyRequest, { record }: Session, back: string | undefined): Promise<string | undefined> {
  // Another issuer by the same name, or in another client's, is told nothing: the tokens are not its own.
  if (!clients.providers.some(({ name, issuer, client }) => name === record.provider && issuer === record.issuer && client!.clientId === record.clientId)) return undefined
  if (record.refreshToken !== undefined) revoke(record.provider, record.refreshToken, log)
  if (back === undefined) return undefined
  // With the provider away the person is logged out here at least.
  return clients.of(record.provider).logoutUrl({ idTokenHint: record.idToken, postLogoutRedirectUri: back }, signal).catch(() => undefined)
}
