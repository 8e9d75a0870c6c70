// oidc-provider ships no types: these cover what the demo uses.
// Its index warns on every start under Node 20, so the demo imports the modules behind it.

declare module 'oidc-provider/lib/provider.js' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
  import type { Adapter } from 'oidc-provider/lib/adapters/memory_adapter.js'

  interface Client {
    // extra metadata, see extraClientMetadata
    grant: { scope: string, alg: string, lifetime: number, claims: Record<string, unknown> }
  }

  interface Context {
    type: string
    body: string
    set (name: string, value: string): void
    oidc: { params?: Record<string, string | undefined> }
  }

  interface ResourceServer {
    audience: string
    scope: string
    accessTokenFormat: 'jwt'
    accessTokenTTL: number
    jwt: { sign: { alg: string } }
  }

  export interface Configuration {
    adapter: (model: string) => Adapter
    claims: Record<string, string[]>
    cookies: { keys: string[] }
    extraClientMetadata: { properties: string[] }
    extraTokenClaims: (ctx: Context, token: { client: Client }) => Record<string, unknown>
    features: {
      clientCredentials: { enabled: boolean }
      devInteractions: { enabled: boolean }
      resourceIndicators: {
        enabled: boolean
        getResourceServerInfo: (ctx: Context, resource: string, client: Client) => ResourceServer
        useGrantedResource: () => boolean
      }
      revocation: { enabled: boolean, allowedPolicy: () => boolean }
      rpInitiatedLogout: {
        enabled: boolean
        logoutSource: (ctx: Context, form: string) => void
        postLogoutSuccessSource: (ctx: Context) => void
      }
    }
    findAccount: (ctx: Context, id: string) => { accountId: string, claims: () => { sub: string } & Record<string, unknown> }
    interactions: { url: (ctx: Context, interaction: { uid: string }) => string }
    jwks: { keys: object[] }
    renderError: (ctx: Context, out: Record<string, string>) => void
    ttl: Record<string, number | ((ctx: Context, token: object, client: Client) => number)>
  }

  export interface Interaction {
    params: { client_id: string, redirect_uri: string, scope: string, resource?: string }
    session?: { accountId: string }
  }

  interface Grant {
    addOIDCScope (scope: string): void
    addResourceScope (resource: string, scope: string): void
    save (): Promise<string>
  }

  export class Provider {
    constructor (issuer: string, configuration: Configuration)
    callback (): RequestListener
    Grant: new (of: { accountId: string, clientId: string }) => Grant
    interactionDetails (request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished (request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }
}

declare module 'oidc-provider/lib/helpers/errors.js' {
  export class SessionNotFound extends Error {}
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  export interface Adapter {
    upsert (id: string, payload: object): Promise<void>
  }

  export function createMemoryAdapter (): (model: string) => Adapter
}
