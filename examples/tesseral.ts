import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import gatehouse, { tesseral, type GatehouseOptions, type Provider, type TesseralAccessTokenClaims } from 'fastify-gatehouse'

/** An API of a Tesseral project: for people with an access token, by header or cookie, and for programs with an API key. */
export async function buildApp (options: GatehouseOptions, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  await app.register(gatehouse, options)

  app.get('/health', { config: { auth: false } }, async () => ({ status: 'ok' }))

  app.get('/api/hello', async ({ auth }) => ({
    message: `Hello, ${auth.organizationId()}`,
    credentialsType: auth.credentialsType,
    mayApprove: auth.hasPermission('acme.expense_reports.approve')
  }))

  app.post('/api/expense-reports/:id/approve', { config: { permissions: 'acme.expense_reports.approve' } }, async ({ auth, params }) => ({
    approved: params,
    by: auth.subject
  }))

  // An API key has no user and no session: here it is refused with 401, before the handler
  app.get('/api/me', { config: { auth: { credentials: ['access_token'] } } }, async ({ auth }) => {
    const { user, organization, session, impersonator } = auth.accessTokenClaims<TesseralAccessTokenClaims>()
    return { email: user.email, organization: organization.displayName, session: session.id, impersonatedBy: impersonator?.email ?? null }
  })

  return app
}

/** The project that the environment names. The host names are for a self-hosted Tesseral, or for a stand-in. */
export function projectOf (env: NodeJS.ProcessEnv): Provider {
  return tesseral({
    publishableKey: env.TESSERAL_PUBLISHABLE_KEY,
    apiKeys: env.TESSERAL_BACKEND_API_KEY !== undefined,
    backendApiKey: env.TESSERAL_BACKEND_API_KEY,
    configApiHostname: env.TESSERAL_CONFIG_API_HOSTNAME,
    backendApiHostname: env.TESSERAL_BACKEND_API_HOSTNAME
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await buildApp({
    provider: projectOf(process.env),
    // Pages that call this API with the cookie, beside those of the project's trusted domains
    trustedOrigins: process.env.TRUSTED_ORIGIN === undefined ? [] : [process.env.TRUSTED_ORIGIN]
  }, { logger: true })
  await app.listen({ host: '127.0.0.1', port: 5000 })
}
