import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import gatehouse, { auth0, AuthError, type GatehouseOptions } from 'fastify-gatehouse'

/** The API of Auth0's Flask guides. Takes any provider; run directly, it uses your Auth0 tenant. */
export async function buildApp (options: GatehouseOptions, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  app.setErrorHandler(sendError)

  await app.register(gatehouse, {
    defaultAuth: ({ url }) => url === '/health' ? { auth: false } : undefined,
    ...options
  })

  app.get('/health', async () => ({ status: 'ok' }))

  app.get('/api/public', { config: { auth: false } }, async () => ({
    message: 'This endpoint is public'
  }))

  app.get('/api/private', async (request) => ({
    message: 'This endpoint requires authentication',
    user: request.auth.subject
  }))

  app.get('/api/private-scoped', { config: { scopes: 'read:messages' } }, async (request) => ({
    message: 'Private scoped endpoint - read:messages permission granted',
    user: request.auth.accessTokenClaims().sub
  }))

  // [true]: the claim must equal true; true alone: it must be there
  app.get('/api/profile', { config: { auth: { claims: { email_verified: [true], org_id: true } } } }, async (request) => ({
    user: request.auth.subject,
    organization: request.auth.organizationId()
  }))

  app.get('/api/admin', { config: { scopes: 'admin:write' } }, async (request) => ({
    message: 'Admin endpoint - admin:write permission granted',
    user: request.auth.subject
  }))

  return app
}

function sendError (error: unknown, request: FastifyRequest, reply: FastifyReply) {
  // an AuthError of 500 is a mistake in the app: its message is for the log
  if (error instanceof AuthError && error.statusCode !== 500) {
    return reply.code(error.statusCode).send({ error: error.error ?? error.code, error_description: error.message })
  }
  if (isClientError(error)) return reply.send(error)
  request.log.error(error)
  return reply.code(500).send({ error: 'Internal server error' })
}

function isClientError (error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error &&
    typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await buildApp({
    provider: auth0({ domain: process.env.AUTH0_DOMAIN, audience: process.env.AUTH0_AUDIENCE })
  }, { logger: true })
  await app.listen({ host: '127.0.0.1', port: 5000 })
}
