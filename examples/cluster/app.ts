/** What each process of the cluster serves. Its answers say which one it was. */
import { createHash } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import gatehouse, { type GatehouseOptions } from 'fastify-gatehouse'
import login, { type LoginOptions } from 'fastify-gatehouse/login'

export async function buildApp (options: { gatehouse: GatehouseOptions, login: LoginOptions }, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  app.addHook('onRequest', async (_request, reply) => { reply.header('x-served-by', process.pid) })

  await app.register(gatehouse, options.gatehouse)
  await app.register(login, options.login)

  app.get('/', async ({ auth }) => ({ hello: auth.session.user.name ?? auth.subject, logout: '/logout' }))

  // What one process writes, the other reads
  app.get('/visits', async ({ auth: { session } }) => {
    session.data.visits = Number(session.data.visits ?? 0) + 1
    return { visits: session.data.visits }
  })

  // Asks for an access token that works: at its end it is refreshed, once, however many requests and processes ask.
  // The token is for another service. Shown is which one it is, not what it is.
  app.get('/access-token', async ({ auth: { session } }) => {
    const token = await session.accessToken()
    return { sha256: createHash('sha256').update(token).digest('hex') }
  })

  // For programs with a token of their own. A proof that comes with it is accepted once, whichever process it comes to first
  app.get('/api', { config: { auth: { credentials: ['access_token'] } } }, async ({ auth }) => ({ hello: auth.subject }))

  return app
}
