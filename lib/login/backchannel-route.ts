import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { AuthError } from '../errors.js'
import type { Internals } from '../internals.js'
import type { SessionKeeper } from '../session/keeper.js'
import { createBackchannelLogout } from './backchannel.js'
import type { CallbackParameters } from './callback.js'
import type { LoginParts } from './parts.js'
import { reporting } from './parts.js'

/**
 * Where providers say that a session of theirs ended, from server to server.
 *
 * @throws TypeError where other processes would not hear of it
 * @see OpenID Connect Back-Channel Logout sections 2.5 and 2.8
 */
export function mountBackchannel (scope: FastifyInstance, url: string, options: RouteShorthandOptions, parts: LoginParts, { settings, rings, store, keeper }: Internals & { readonly keeper: SessionKeeper }): void {
  if (!store.isShared) {
    throw new TypeError('login.routes.backchannelLogout: a logout reaches one process, and the others would not know of it: give the gatehouse a store: redisStore(client); where there is one process only, memoryStore({ singleProcess: true })')
  }
  const { clients: { providers }, signal } = parts
  const parties = providers.map((provider) => ({ provider, keys: rings.of(provider), clientId: provider.client!.clientId }))
  const end = createBackchannelLogout({ parties, store, sessions: keeper, tolerance: settings.clockTolerance })

  scope.route({
    ...options,
    method: 'POST',
    url,
    // Also where the handler is not asked: a body too large.
    onRequest (_request, reply, done) {
      reply.header('cache-control', 'no-store')
      done()
    },
    async handler (request, reply) {
      try {
        await reporting(parts, request, reply, () => end(request.body as CallbackParameters | undefined ?? {}, signal))
      } catch (error) {
        if (!(error instanceof AuthError) || error.statusCode !== 400) throw error
        return reply.code(400).send({ error: 'invalid_request', error_description: 'This is no logout token for this client' })
      }
      return reply.code(200).send()
    }
  })
}
