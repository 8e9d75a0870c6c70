import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { listen } from './issuer/server.js'
import { rsaKeyPair } from './rsa-keys.js'

interface Model { save (): Promise<string> }
type ModelClass = new (properties: object) => Model

interface EmbeddedProvider {
  readonly Client: { find (id: string): Promise<object> }
  readonly AccessToken: ModelClass
  readonly RefreshToken: ModelClass
  callback (): RequestListener
}

/** The certified provider, which issues opaque access tokens. */
export interface OpaqueProvider {
  readonly issuer: string
  readonly audience: string
  /** Clients of the API, by how they authenticate, and the key of the last. */
  readonly secret: string
  readonly key: KeyObject
  /** From the token endpoint, for a client of its own: opaque, or a JWT. */
  clientToken (format?: 'opaque' | 'jwt'): Promise<string>
  /** An opaque access token of `user-1`. */
  userToken (properties?: object): Promise<string>
  /** A refresh token of `user-1`. */
  refreshToken (): Promise<string>
  /** At the revocation endpoint. */
  revoke (token: string): Promise<number>
  /** Requests to the introspection endpoint so far. */
  introspections (): number
}

const AUDIENCE = 'https://api.example'
const CLIENT = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }

/** Starts oidc-provider on loopback; it stops when the test ends. */
export async function opaqueProvider (t: { teardown (end: () => unknown): unknown }): Promise<OpaqueProvider> {
  // Its index prints a warning under Node 20; the module behind it has no types that fit this use.
  const inner = 'oidc-provider/lib/provider.js'
  const { Provider }: { Provider: new (issuer: string, configuration: object) => EmbeddedProvider } = await import(inner)
  let handle: RequestListener = () => {}
  let introspections = 0
  const { origin, close } = await listen((request, response) => {
    if (request.url === '/token/introspection') introspections++
    handle(request, response)
  })
  t.teardown(close)
  const secret = `secret of +&% ${randomUUID()}`
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signing = (await rsaKeyPair()).privateKey
  const provider = new Provider(origin, {
    adapter: createMemoryAdapter(),
    cookies: { keys: [randomUUID()] },
    clients: [
      { ...CLIENT, client_id: 'caller', client_secret: secret },
      { ...CLIENT, client_id: 'api basic', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
      { ...CLIENT, client_id: 'api-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
      { ...CLIENT, client_id: 'api-signed', client_secret: secret, introspection_signed_response_alg: 'RS256' },
      {
        ...CLIENT,
        client_id: 'api-key',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'api-key-1', use: 'sig', alg: 'ES256' }] }
      }
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx: object, resource: string) => ({ audience: AUDIENCE, scope: 'read write', accessTokenFormat: resource.endsWith('/jwt') ? 'jwt' : 'opaque', jwt: { sign: { alg: 'RS256' } } })
      }
    },
    jwks: { keys: [{ ...signing.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rs256' }] },
    ttl: { AccessToken: () => 3600, ClientCredentials: () => 3600, IdToken: () => 3600, RefreshToken: () => 3600 }
  })
  handle = provider.callback()

  function post (path: string, form: Record<string, string>): Promise<Response> {
    return fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`caller:${new URLSearchParams({ secret }).toString().slice('secret='.length)}`).toString('base64')}` },
      body: new URLSearchParams(form)
    })
  }

  async function save (Model: ModelClass, properties: object): Promise<string> {
    const client = await provider.Client.find('caller')
    return new Model({ accountId: 'user-1', client, scope: 'read write', gty: 'authorization_code', ...properties }).save()
  }

  return {
    issuer: origin,
    audience: AUDIENCE,
    secret,
    key: privateKey,
    async clientToken (format = 'opaque') {
      const response = await post('/token', { grant_type: 'client_credentials', resource: `${AUDIENCE}/${format}`, scope: 'read' })
      const body: unknown = await response.json()
      if (typeof body === 'object' && body !== null && 'access_token' in body && typeof body.access_token === 'string') return body.access_token
      throw new Error(`no token: ${JSON.stringify(body)}`)
    },
    userToken: (properties = {}) => save(provider.AccessToken, { aud: AUDIENCE, ...properties }),
    refreshToken: () => save(provider.RefreshToken, {}),
    revoke: async (token) => (await post('/token/revocation', { token })).status,
    introspections: () => introspections
  }
}
