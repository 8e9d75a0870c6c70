import { randomBytes, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { listen } from './issuer/server.js'
import { rsaKeyPair } from './rsa-keys.js'

/** The certified provider, which binds tokens to the key of the client's proof. */
export interface DpopProvider {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly audience: string
  /** What the provider calls the API by, to get tokens of this format. */
  resource (format: 'jwt' | 'opaque'): string
  /** Of the clients `client` and `api`. */
  readonly secret: string
}

const AUDIENCE = 'https://api.example'
const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256']

/** Starts oidc-provider on loopback, which asks for nonces of its own; it stops when the test ends. */
export async function dpopProvider (t: { teardown (end: () => unknown): unknown }): Promise<DpopProvider> {
  // Its index prints a warning under Node 20; the module behind it has no types that fit this use.
  const inner = 'oidc-provider/lib/provider.js'
  const { Provider }: { Provider: new (issuer: string, configuration: object) => { callback (): RequestListener } } = await import(inner)
  let handle: RequestListener = () => {}
  const { origin, close } = await listen((request, response) => { handle(request, response) })
  t.teardown(close)
  const secret = randomUUID()
  const signing = (await rsaKeyPair()).privateKey
  const client = { client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }
  const provider = new Provider(origin, {
    adapter: createMemoryAdapter(),
    cookies: { keys: [randomUUID()] },
    clients: [{ ...client, client_id: 'client', dpop_bound_access_tokens: true }, { ...client, client_id: 'api', grant_types: [] }],
    enabledJWA: { dPoPSigningAlgValues: ALGORITHMS },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx: object, resource: string) => ({ audience: AUDIENCE, scope: 'orders:read orders:write', accessTokenFormat: resource.endsWith('/jwt') ? 'jwt' : 'opaque', jwt: { sign: { alg: 'RS256' } } })
      }
    },
    jwks: { keys: [{ ...signing.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rs256' }] },
    ttl: { ClientCredentials: () => 3600 }
  })
  handle = provider.callback()
  return { issuer: origin, tokenEndpoint: `${origin}/token`, audience: AUDIENCE, resource: (format) => `${AUDIENCE}/${format}`, secret }
}
