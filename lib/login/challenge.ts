import type { FastifyReply, FastifyRequest } from 'fastify'
import { isNavigation } from '../navigation.js'
import type { Policy } from '../policy.js'
import { nowInSeconds } from '../session/keeper.js'
import { kSession } from '../session/request-session.js'
import { addCookies } from '../session/set-cookies.js'
import type { WebLogin } from '../web-login.js'
import { hasJustArrived } from './arrival.js'
import { beginLogin } from './begin.js'
import type { LoginParts } from './parts.js'
import { refusalOf, reporting } from './parts.js'
import { markSilent, wasSilent } from './silent.js'
import { demandedBy, wishesOf } from './step-up.js'
import { isUnder } from './site.js'
import type { Site } from './site.js'

/** Seconds. A session that is younger has tokens as new as another login would give. */
const JUST_BEGUN = 60

type Done = Parameters<WebLogin['challenge']>[4]

/**
 * Sends browsers that open a page without a session to log in: where somebody is required, so that a person sees it;
 * where login is optional, and if the app wants it, so that nobody sees it, and once.
 */
export function createChallenge (parts: LoginParts): WebLogin['challenge'] {
  const { settings, clients, siteOf } = parts
  const names = clients.providers.map(({ name }) => name)

  function providerFor ({ credentials, providers }: Policy): string | undefined {
    if (credentials?.includes('session') === false) return undefined
    return names.find((name) => providers?.includes(name) !== false)
  }

  /** Where nobody can be asked, the page is shown all the same; the next one does not ask again. */
  async function askSilently (site: Site, request: FastifyRequest, reply: FastifyReply, provider: string, done: Done): Promise<void> {
    try {
      await beginLogin(parts, request, reply, { provider, prompt: 'none' })
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal === undefined) return done(error as Error)
      parts.reporter.refuse(refusal, request, undefined)
      addCookies(reply, [markSilent(site.silentMark)])
      done()
    }
  }

  return function challenge (request, reply, policy, hasSession, done) {
    const isSilent = policy.mode === 'optional'
    if (!(isSilent ? settings.silent : settings.redirect)) return false
    if (!isNavigation(request.method, request.headers)) return false
    // There where the route accepts the session, which lacks a token.
    const session = request[kSession]?.current.record
    if (session !== undefined && nowInSeconds() - session.startedAt < JUST_BEGUN) return false
    const provider = session?.provider ?? providerFor(policy)
    const site = siteOf(request)
    if (provider === undefined || site === undefined) return false
    if (!hasSession && hasJustArrived(site.arrivalMark, request.headers.cookie)) return false
    if (isSilent && wasSilent(site.silentMark, request.headers.cookie)) return false
    // Where browsers do not send the session, login would follow login for ever.
    if (!isUnder(settings.cookieOptions.path, site.path(request.url))) return false
    if (isSilent) askSilently(site, request, reply, provider, done)
    else reporting(parts, request, reply, () => beginLogin(parts, request, reply, { provider, ...wishesOf(policy, settings) }, demandedBy(policy))).catch(done)
    return true
  }
}
