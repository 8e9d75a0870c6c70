/** The app of FusionAuth's Flask guide: people log in and see their session. Shares lines with Authgear's on purpose: each is to be read, and copied, alone. */
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import gatehouse, { fusionauth, LoginError, ProviderUnavailableError, type GatehouseOptions, type RequestAuth } from 'fastify-gatehouse'
import login, { type LoginOptions } from 'fastify-gatehouse/login'
import { html, sendHtml, type Html } from './html.js'

/** Takes any provider; run directly, the app uses the FusionAuth that `fusionauth-setup.ts` has set up. */
export async function buildApp (options: { gatehouse: GatehouseOptions, login: LoginOptions }, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  app.setErrorHandler(sendError)

  await app.register(gatehouse, options.gatehouse)
  await app.register(login, options.login) // GET /login, /callback, /logout

  app.get('/', { config: { auth: 'optional' } }, async ({ auth }, reply) => {
    return sendHtml(reply, auth.isAuthenticated ? welcome(auth) : guest())
  })

  return app
}

function guest (): Html {
  return page(html`
    <h1>Hello Guest</h1>
    <p><a href="/login">Login</a></p>`)
}

function welcome ({ session, subject, provider }: RequestAuth): Html {
  // The tokens are in `session` too. They are not for the page.
  const { user, expiresAt, data } = session
  return page(html`
    <h1>Welcome ${String(user.email || user.name || subject)}!</h1>
    <p><a href="/logout">Logout</a></p>
    <pre>${JSON.stringify({ provider, subject, user, data, expiresAt: new Date(expiresAt * 1000) }, null, 2)}</pre>`)
}

function sendError (error: unknown, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isOfLogin = error instanceof LoginError || error instanceof ProviderUnavailableError
  if (!(isOfLogin && headers.accept?.includes('text/html'))) return reply.send(error)
  return sendHtml(reply, page(html`
    <h1>You are not logged in</h1>
    <p>${error.message}</p>
    <p><a href="${(error instanceof LoginError ? error.loginUrl : undefined) ?? '/login'}">Try again</a></p>`), error.statusCode)
}

function page (body: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>FusionAuth example</title>
  </head>
  <body>${body}
  </body>
</html>
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, APP_SECRET_KEY, PORT = '5000' } = process.env
  const app = await buildApp({
    gatehouse: {
      provider: fusionauth({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }),
      // Authorized redirect URLs at FusionAuth: this and /callback, and for the way back from logout this and /.
      // Its logoutURL is this and /logout. From a FusionAuth on another site that leads to the start page and logs nobody
      // out here, unlike the guide: no link elsewhere does. A FusionAuth on this site, another port say, may
      baseUrl: `http://127.0.0.1:${PORT}`
    },
    login: { session: { secret: APP_SECRET_KEY } } // its scope is the guide's: openid profile email
  }, { logger: true })
  await app.listen({ host: '127.0.0.1', port: Number(PORT) })
}
