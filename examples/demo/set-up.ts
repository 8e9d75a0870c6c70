/** The demo's provider, and its web app registered there. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { oidc } from 'fastify-gatehouse'
import { freePort } from './free-port.js'
import { startProvider, type RunningProvider } from './provider.js'
import { buildWebApp } from './web.js'

/** The API that access tokens are for. */
export const AUDIENCE = 'https://api.example.com'
const HOST = '127.0.0.1'

export interface Demo {
  readonly provider: RunningProvider
  /** Does not listen yet: see `listen`. */
  readonly webApp: FastifyInstance
  /** Where the web app will answer, `http://127.0.0.1:port`. */
  readonly home: string
  listen (): Promise<unknown>
  close (): Promise<void>
}

export async function setUp (): Promise<Demo> {
  const provider = await startProvider({ audience: AUDIENCE })
  try {
    const port = await freePort()
    const home = `http://${HOST}:${port}`
    const webApp = await webAppOf(provider, home)
    return {
      provider,
      webApp,
      home,
      listen: () => webApp.listen({ host: HOST, port }),
      async close () {
        await webApp.close()
        await provider.close()
      }
    }
  } catch (error) {
    await provider.close()
    throw error
  }
}

async function webAppOf ({ issuer, webApp }: RunningProvider, baseUrl: string): Promise<FastifyInstance> {
  const { clientId, clientSecret } = await webApp(baseUrl, 'read:messages')
  return buildWebApp({
    issuer,
    gatehouse: { provider: oidc({ issuer, audience: AUDIENCE, clientId, clientSecret }), baseUrl },
    login: {
      session: { secret: randomBytes(32).toString('base64') },
      scope: 'openid profile email read:messages',
      // Whom the access token is for: without it the session would have no scopes
      authorizationParams: { resource: AUDIENCE }
    }
  })
}
