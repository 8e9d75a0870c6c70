import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import gatehouse, { ExchangeError, oidc, type GatehouseOptions } from 'fastify-gatehouse'

/** The service behind this one, and what it is called at the provider. */
export interface Downstream {
  readonly url: string | undefined
  readonly audience: string | undefined
}

/** An API that calls another API on behalf of its callers: with a token of theirs, but for that other API. */
export async function buildApp (options: GatehouseOptions, { url, audience }: Downstream, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  if (url === undefined) throw new TypeError('which service is behind this one? Set DOWNSTREAM_URL')
  // Without an audience the provider would choose whom the token is for
  if (audience === undefined) throw new TypeError('what is that service called at the provider? Set DOWNSTREAM_AUDIENCE')
  const app = Fastify(server)
  app.setErrorHandler(sendError)
  await app.register(gatehouse, options)

  app.get('/health', { config: { auth: false } }, async () => ({ status: 'ok' }))

  app.get('/api/orders', { config: { scopes: 'read:orders' } }, async (request, reply) => {
    // One call to the provider for many requests of a caller; never the caller's own token, which is for this API alone
    const { accessToken } = await request.auth.exchange({ audience, scope: 'read:orders' })
    const response = await fetch(new URL('/orders', url), {
      headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(5000)
    }).catch((error: unknown) => error as Error)
    if (response instanceof Error) return unavailable(reply, request, response.name)
    if (response.status === 403) return reply.code(403).send({ message: 'You may not see these orders' })
    // A 401 too: the other API refuses a token we got, and that is nothing our caller could mend
    if (!response.ok) return unavailable(reply, request, `status ${response.status}`)
    // Its words are not for our caller: an error of JSON.parse repeats them
    const orders: unknown = await response.json().catch((error: unknown) => error as Error)
    if (orders instanceof Error) return unavailable(reply, request, orders.name)
    return { user: request.auth.subject, orders }
  })

  // The other side of it: who calls here on somebody's behalf
  app.get('/api/whoami', async ({ auth }) => ({ user: auth.subject, actor: auth.actor?.subject ?? null }))

  return app
}

function unavailable (reply: FastifyReply, request: FastifyRequest, found: string): FastifyReply {
  request.log.error({ found }, 'the orders service gave no orders')
  return reply.code(502).send({ message: 'The orders cannot be had right now' })
}

function sendError (error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // The provider wants the person back: only they can mend that
  if (error instanceof ExchangeError && (error.error === 'interaction_required' || error.error === 'mfa_required')) {
    return reply.code(403).send({ error: error.error, message: 'Log in again to see the orders' })
  }
  return reply.send(error)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, DOWNSTREAM_URL, DOWNSTREAM_AUDIENCE, PORT = '5000' } = process.env
  const app = await buildApp({
    provider: oidc({ issuer: ISSUER, audience: AUDIENCE, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET })
  }, { url: DOWNSTREAM_URL, audience: DOWNSTREAM_AUDIENCE }, { logger: true })
  await app.listen({ host: '127.0.0.1', port: Number(PORT) })
}
