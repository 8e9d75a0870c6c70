import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Policy } from '../policy.js'
import type { WebLogin } from '../web-login.js'
import { beginLogin } from './begin.js'
import type { LoginParts } from './parts.js'
import { reporting } from './parts.js'
import { isNavigation } from './navigation.js'
import { wasSilent } from './silent.js'

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

  return function challenge (request, reply, policy, done) {
    const isSilent = policy.mode === 'optional'
    if (!(isSilent ? settings.silent : settings.redirect)) return false
    if (!isNavigation(request.method, request.headers)) return false
    const provider = providerFor(policy)
    const site = siteOf(request)
    if (provider === undefined || site === undefined) return false
    if (!isCovered(site, request)) return false
    if (isSilent) askSilently(site, request, reply, provider).catch(done)
    else reporting(parts, request, reply, () => beginLogin(parts, request, reply, { provider })).catch(done)
    return true
  }
}
