/** The demo's web app: people sign in, and pages call an API with their session. */
import Fastify, { type FastifyInstance } from 'fastify'
import gatehouse, { LoginError, ProviderUnavailableError, type GatehouseOptions } from 'fastify-gatehouse'
import login, { type LoginOptions } from 'fastify-gatehouse/login'
import { sendHtml } from '../html.js'
import { contentPolicy, script, stylesheet } from './layout.js'
import { homePage, loginErrorPage, profilePage } from './pages.js'

/** @param options.issuer where signing out leads */
export async function buildWebApp (options: { gatehouse: GatehouseOptions, login: LoginOptions, issuer: string }): Promise<FastifyInstance> {
  const app = Fastify()
  const policy = contentPolicy(options.issuer)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' })
  })
  app.setErrorHandler((error, { headers }, reply) => {
    const isOfLogin = error instanceof LoginError || error instanceof ProviderUnavailableError
    if (!(isOfLogin && headers.accept?.includes('text/html'))) return reply.send(error)
    const loginUrl = error instanceof LoginError ? error.loginUrl : undefined
    return sendHtml(reply, loginErrorPage(error.message, loginUrl ?? '/login'), error.statusCode)
  })

  await app.register(gatehouse, options.gatehouse)
  await app.register(login, options.login)

  app.get('/', { config: { auth: 'optional' } }, async ({ auth }, reply) => sendHtml(reply, homePage(auth)))
  app.get('/profile', async ({ auth }, reply) => sendHtml(reply, profilePage(auth)))

  app.get('/api/hello', async ({ auth }) => ({ message: `Hello, ${auth.session.user.name}` }))
  app.get('/api/messages', { config: { scopes: 'read:messages' } }, async () => ({ messages: ['The gate is open.', 'Mind the moat.'] }))
  app.get('/api/admin', { config: { scopes: 'admin:write' } }, async () => ({ message: 'Nobody gets here: the provider gives this scope to nobody' }))

  app.get('/style.css', { config: { auth: false } }, async (_request, reply) => reply.type('text/css').send(stylesheet))
  app.get('/script.js', { config: { auth: false } }, async (_request, reply) => reply.type('text/javascript').send(script))

  return app
}
