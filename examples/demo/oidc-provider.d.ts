// oidc-provider ships no types: these cover what the demo uses.
// Its index warns on every start under Node 20, so the demo imports the modules behind it.

declare module 'oidc-provider/lib/provider.js' {
  import type { RequestListener } from 'node:http'
  import type { Adapter } from 'oidc-provider/lib/adapters/memory_adapter.js'

  interface Client {
    // extra metadata, see extraClientMetadata
    grant: { scope: string, alg: string, lifetime: number, claims: Record<string, unknown> }
  }

  interface ResourceServer {
    audience: string
    scope: string
    accessTokenFormat: 'jwt'
    accessTokenTTL: number
    jwt: { sign: { alg: string } }
  }

  interface Configuration {
    adapter: (model: string) => Adapter
    cookies: { keys: string[] }
    extraClientMetadata: { properties: string[] }
    extraTokenClaims: (ctx: object, token: { client: Client }) => Record<string, unknown>
    features: {
      clientCredentials: { enabled: boolean }
      devInteractions: { enabled: boolean }
      resourceIndicators: {
        enabled: boolean
        getResourceServerInfo: (ctx: object, resource: string, client: Client) => ResourceServer
      }
    }
    jwks: { keys: object[] }
    ttl: { ClientCredentials: (ctx: object, token: object, client: Client) => number }
  }

  export class Provider {
    constructor (issuer: string, configuration: Configuration)
    callback (): RequestListener
  }
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  export interface Adapter {
    upsert (id: string, payload: object): Promise<void>
  }

  export function createMemoryAdapter (): (model: string) => Adapter
}
