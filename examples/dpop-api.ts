import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import gatehouse, { oidc, type GatehouseOptions } from 'fastify-gatehouse'

/** An API for tokens that are bound to a key of the client's (DPoP): a copied one opens nothing. */
export async function buildApp (options: GatehouseOptions, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  const orders = ['a bicycle']

  await app.register(gatehouse, {
    defaultAuth: ({ url }) => url === '/health' ? { auth: false } : undefined,
    ...options
  })

  app.get('/health', async () => ({ status: 'ok' }))

  app.get('/orders', { config: { scopes: 'orders:read' } }, async (request) => ({ client: request.auth.subject, orders }))

  app.post<{ Body: { item: string } }>('/orders', {
    config: { scopes: 'orders:write' },
    schema: { body: { type: 'object', required: ['item'], properties: { item: { type: 'string' } } } }
  }, async (request, reply) => {
    orders.push(request.body.item)
    return reply.code(201).send({ orders })
  })

  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await buildApp({
    provider: oidc({
      issuer: process.env.OIDC_ISSUER,
      audience: process.env.OIDC_AUDIENCE,
      // tokens of clients that act for themselves may have no sub
      claims: { subject: ['sub', 'client_id'] }
    }),
    // proofs name this address, whatever is in front of this server
    baseUrl: process.env.BASE_URL ?? 'http://127.0.0.1:3000',
    // openssl rand -base64 48; the same for every process
    dpop: { mode: 'require', nonce: { secret: process.env.DPOP_NONCE_SECRET } }
  }, { logger: true })
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
}
