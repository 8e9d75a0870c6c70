import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LoginParameters } from '../../types/login.js'
import { plainObject, refuseUnknownKeys } from '../configuration.js'
import { addCookies } from '../session/set-cookies.js'
import type { LoginParts } from './parts.js'
import { siteFor } from './parts.js'
import { markSilent } from './silent.js'

const PARAMETERS = ['returnTo', 'provider', 'prompt', 'maxAge', 'acrValues', 'loginHint', 'authorizationParams']

/**
 * Sends the browser to the provider, with all it must remember until it is back in a sealed cookie.
 *
 * @param demanded what a route demands of the login, in short, for when the browser is back
 * @throws TypeError for parameters that are not the app's to set
 * @throws ProviderUnavailableError
 */
export async function beginLogin (parts: LoginParts, request: FastifyRequest, reply: FastifyReply, parameters: LoginParameters = {}, demanded?: string): Promise<FastifyReply> {
  const { settings, clients, signal } = parts
  refuseUnknownKeys('reply.login()', plainObject('reply.login()', parameters), PARAMETERS)
  const { provider = clients.providers[0]!.name, returnTo, loginHint } = parameters
  const site = siteFor(parts, request, provider)
  const { prompt = settings.prompt, maxAge = settings.maxAge, acrValues = settings.acrValues, authorizationParams } = parameters
  // The provider is not to show anything: where it would have to, nobody is logged in, and that is no error.
  const isSilent = prompt === 'none'
  const { url, transaction } = await clients.of(provider).start({
    redirectUri: site.url(site.path(parts.callbackPath(provider))),
    prompt,
    maxAge,
    acrValues,
    loginHint,
    authorizationParams
  }, signal)
  const wanted = returnTo ?? (request.method === 'GET' ? site.path(request.url) : undefined)
  addCookies(reply, await site.transactions.keep({ ...transaction, demanded, ...(isSilent ? { isSilent } : {}) }, site.returnTo(wanted), request.headers.cookie))
  if (isSilent) addCookies(reply, [markSilent(site.silentMark)])
  // Of the 401 an error handler sends to log in.
  reply.removeHeader('www-authenticate')
  return reply.redirect(url, request.method === 'GET' || request.method === 'HEAD' ? 302 : 303)
}
