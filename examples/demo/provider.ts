import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createMemoryAdapter, type Adapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { Provider } from 'oidc-provider/lib/provider.js'

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
  server.on('request', createProvider(issuer, adapter).callback())

  return {
    issuer,
    async token ({ audience = defaultAudience, scope = '', alg = 'RS256', lifetime = 3600, claims = {} } = {}) {
      const id = randomUUID()
      const secret = randomUUID()
      await adapter('Client').upsert(id, {
        client_id: id,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        grant: { scope, alg, lifetime, claims }
      })
      return requestToken(`${issuer}/token`, id, secret, { resource: audience, scope })
    },
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

function createProvider (issuer: string, adapter: (model: string) => Adapter): Provider {
  return new Provider(issuer, {
    adapter,
    cookies: { keys: [randomUUID()] },
    extraClientMetadata: { properties: ['grant'] },
    extraTokenClaims: (_ctx, { client }) => client.grant.claims,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, audience, { grant }) => ({
          audience,
          scope: grant.scope,
          accessTokenFormat: 'jwt',
          accessTokenTTL: grant.lifetime,
          jwt: { sign: { alg: grant.alg } }
        })
      }
    },
    jwks: { keys: [signingKey('RS256'), signingKey('ES256')] },
    ttl: { ClientCredentials: (_ctx, _token, { grant }) => grant.lifetime }
  })
}

function signingKey (alg: 'RS256' | 'ES256'): object {
  const { privateKey } = alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg.toLowerCase() }
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
