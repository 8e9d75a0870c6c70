/** A certified OpenID provider on this machine, for demos and tests: whoever asks gets a token, and any name may sign in. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { Provider } from 'oidc-provider/lib/provider.js'
import { configuration } from './provider-configuration.js'
import { signIn } from './sign-in.js'

export interface ProviderOptions {
  /** Port on 127.0.0.1. Default 0: a free one. */
  port?: number
  /** The API that tokens are for unless a request says otherwise: an absolute URI. */
  audience?: string
}

export interface TokenRequest {
  /** The API the token is for. Default: the provider's `audience`. */
  audience?: string
  /** Space-separated. Default: no scope. */
  scope?: string
  /** Default 'RS256'. */
  alg?: 'RS256' | 'ES256'
  /** Seconds, at least 1. Default 3600. */
  lifetime?: number
  /** Further claims, such as `org_id`. They cannot replace the registered ones. */
  claims?: Record<string, unknown>
}

export interface RunningProvider {
  readonly issuer: string
  /** A JWT access token from the token endpoint, issued to a client that exists for this call alone. */
  token (request?: TokenRequest): Promise<string>
  /** Registers an app people log in to. @param scope of the API, what they may get there */
  webApp (baseUrl: string, scope: string): Promise<{ clientId: string, clientSecret: string }>
  close (): Promise<void>
}

/**
 * Starts oidc-provider on loopback, with new RS256 and ES256 keys and all state in memory.
 * Every client gets what it asks for: for demos and tests only.
 */
export async function startProvider (options: ProviderOptions = {}): Promise<RunningProvider> {
  const { port = 0, audience: defaultAudience = 'https://api.example.com' } = options
  const adapter = createMemoryAdapter()
  const server = createServer()
  const issuer = await listen(server, port)
  const provider = new Provider(issuer, configuration(adapter))
  const protocol = provider.callback()
  const people = signIn(provider)
  server.on('request', (request, response) => people(request, response) || protocol(request, response))

  async function register (metadata: object): Promise<{ clientId: string, clientSecret: string }> {
    const [clientId, clientSecret] = [randomUUID(), randomUUID()]
    await adapter('Client').upsert(clientId, { client_id: clientId, client_secret: clientSecret, ...metadata })
    return { clientId, clientSecret }
  }

  return {
    issuer,
    async token ({ audience = defaultAudience, scope = '', alg = 'RS256', lifetime = 3600, claims = {} } = {}) {
      const { clientId, clientSecret } = await register({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        grant: { scope, alg, lifetime, claims }
      })
      return requestToken(`${issuer}/token`, clientId, clientSecret, { resource: audience, scope })
    },
    webApp: (baseUrl, scope) => register({
      redirect_uris: [`${baseUrl}/callback`],
      post_logout_redirect_uris: [`${baseUrl}/`],
      // oidc-provider asks native apps for consent at each login: there is always a page to see, and to cancel
      application_type: 'native',
      grant: { scope, alg: 'RS256', lifetime: 3600, claims: {} }
    }),
    async close () {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

async function listen (server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address')
  return `http://127.0.0.1:${address.port}`
}

async function requestToken (endpoint: string, id: string, secret: string, request: Record<string, string>): Promise<string> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...request })
  })
  const body: unknown = await response.json()
  if (typeof body === 'object' && body !== null && 'access_token' in body && typeof body.access_token === 'string') {
    return body.access_token
  }
  throw new Error(`the token endpoint answered ${response.status}: ${JSON.stringify(body)}`)
}
