import type * as OpenidClient from 'openid-client'
import type { FetchOptions } from '../../types/options.js'
import type { ClientAuthentication } from '../../types/provider.js'

/** The module openid-client. */
export type Openid = typeof OpenidClient

/** What openid-client knows of a provider. */
export type ServerMetadata = OpenidClient.ServerMetadata

/** A request openid-client wants sent. */
export type OpenidRequest = OpenidClient.CustomFetchOptions

/** A key set openid-client fetched, for the next configuration. */
export type KnownKeys = OpenidClient.ExportedJWKSCache

interface Client {
  readonly clientId: string
  readonly clientAuthentication: ClientAuthentication
  readonly metadata?: Partial<OpenidClient.ClientMetadata>
  /** Seconds by which clocks may differ. Default: openid-client's 30. */
  readonly tolerance?: number
}

/** openid-client, and a configuration for one exchange. */
export interface Configured {
  readonly library: Openid
  readonly config: OpenidClient.Configuration
}

/** Prepares one exchange: `send` makes every request of it, by our rules, and bounds it in time. */
export type Configure = (server: ServerMetadata, send: (url: string, request: OpenidRequest) => Promise<Response>) => Promise<Configured>

/** openid-client for one client. It is loaded with the first exchange. */
export function createOpenid ({ clientId, clientAuthentication, metadata = {}, tolerance }: Client): Configure {
  let authentication: Promise<OpenidClient.ClientAuth> | undefined
  return async function configure (server, send) {
    const library = await import('openid-client')
    authentication ??= authenticate(library, clientAuthentication)
    const client = tolerance === undefined ? metadata : { ...metadata, [library.clockTolerance]: tolerance }
    const config = new library.Configuration(server, clientId, client, await authentication)
    // Its own deadline is an AbortSignal.timeout, which the garbage collector may take (see deadline.ts).
    config.timeout = undefined
    // Whether plain http is allowed is decided where requests are sent.
    library.allowInsecureRequests(config)
    config[library.customFetch] = send
    return { library, config }
  }
}

/** Headers may carry a secret: they are for the configured hosts, not for wherever a document points. */
export function optionsAt (url: string, homes: ReadonlySet<string>, fetchOptions: FetchOptions): FetchOptions {
  return homes.has(new URL(url).origin) ? fetchOptions : { ...fetchOptions, headers: {} }
}

/** The origins of addresses that were configured. */
export function originsOf (urls: ReadonlyArray<string | undefined>): ReadonlySet<string> {
  return new Set(urls.flatMap((url) => url === undefined ? [] : [new URL(url).origin]))
}

async function authenticate ({ None, ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, modifyAssertion }: Openid, client: ClientAuthentication): Promise<OpenidClient.ClientAuth> {
  if (client.method === 'none') return None()
  if (client.method !== 'private_key_jwt') return (client.method === 'client_secret_basic' ? ClientSecretBasic : ClientSecretPost)(client.secret.reveal())
  const { key, alg, kid } = client
  const imported = await crypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithmOf(alg), false, ['sign'])
  // The library calls what Ed25519 signs by that name; the provider may know it as EdDSA.
  return PrivateKeyJwt({ key: imported, ...(kid === undefined ? {} : { kid }) }, { [modifyAssertion]: (header: { alg?: unknown }) => { header.alg = alg } })
}

function algorithmOf (alg: string): { name: string, hash?: string, namedCurve?: string } {
  const hash = `SHA-${alg.slice(2)}`
  if (alg.startsWith('RS')) return { name: 'RSASSA-PKCS1-v1_5', hash }
  if (alg.startsWith('PS')) return { name: 'RSA-PSS', hash }
  if (alg.startsWith('ES')) return { name: 'ECDSA', namedCurve: alg === 'ES512' ? 'P-521' : `P-${alg.slice(2)}` }
  return { name: 'Ed25519' }
}
