import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { jwtVerify } from 'jose'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { listen } from './issuer/server.js'
import { rsaKeyPair } from './rsa-keys.js'

interface Model {
  resourceServer?: object
  readonly expiration: number
  save (): Promise<string>
}
type ModelClass = new (properties: object) => Model

interface Context {
  readonly oidc: { readonly client: { readonly clientId: string }, readonly params: Readonly<Record<string, string | undefined>> }
  body: object
}

interface EmbeddedProvider {
  readonly Client: { find (id: string): Promise<object> }
  readonly AccessToken: ModelClass
  readonly ResourceServer: new (identifier: string, properties: object) => object
  registerGrantType (name: string, handler: (context: Context) => Promise<void>, parameters: readonly string[], repeatable: readonly string[]): void
  callback (): RequestListener
}

/** The certified provider, with RFC 8693 added the way its users add it. */
export interface ExchangeProvider {
  readonly issuer: string
  /** Of the API whose callers' tokens are exchanged, and of the service behind it. */
  readonly audience: string
  readonly downstream: string
  /** Clients of the API: `api basic`, `api-post`, `api-key`, `api-public`; `api-other` may exchange nothing. */
  readonly secret: string
  readonly key: KeyObject
  /** A JWT access token of this person for the API. */
  userToken (subject: string): Promise<string>
  /** Exchanges so far, refused ones included. */
  exchanges (): number
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const [AUDIENCE, DOWNSTREAM] = ['https://api.example', 'https://orders.example']
const CLIENT = { grant_types: [TOKEN_EXCHANGE], redirect_uris: [], response_types: [] }

/** Starts oidc-provider on loopback; it stops when the test ends. @param options `scope`: what callers' tokens may do here */
export async function exchangeProvider (t: { teardown (end: () => unknown): unknown }, { scope = 'read' }: { readonly scope?: string } = {}): Promise<ExchangeProvider> {
  // Its index prints a warning under Node 20; the modules behind it have no types that fit this use.
  const [inner, innerErrors] = ['oidc-provider/lib/provider.js', 'oidc-provider/lib/helpers/errors.js']
  const { Provider }: { Provider: new (issuer: string, configuration: object) => EmbeddedProvider } = await import(inner)
  const { InvalidGrant, InvalidTarget }: Record<'InvalidGrant' | 'InvalidTarget', new (description: string) => Error> = await import(innerErrors)
  let handle: RequestListener = () => {}
  let exchanges = 0
  const { origin, close } = await listen((request, response) => { handle(request, response) })
  t.teardown(close)
  const secret = `secret of +&% ${randomUUID()}`
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signing = await rsaKeyPair()
  const provider = new Provider(origin, {
    adapter: createMemoryAdapter(),
    cookies: { keys: [randomUUID()] },
    clients: [
      { ...CLIENT, client_id: 'app', client_secret: secret, grant_types: [] },
      { ...CLIENT, client_id: 'api basic', client_secret: secret },
      { ...CLIENT, client_id: 'api-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
      { ...CLIENT, client_id: 'api-public', token_endpoint_auth_method: 'none' },
      { ...CLIENT, client_id: 'api-other', client_secret: secret, grant_types: [] },
      {
        ...CLIENT,
        client_id: 'api-key',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'api-key-1', use: 'sig', alg: 'ES256' }] }
      }
    ],
    extraTokenClaims: (context: Context | undefined) => context === undefined ? undefined : { act: { sub: context.oidc.client.clientId } },
    features: { devInteractions: { enabled: false }, resourceIndicators: { enabled: true, getResourceServerInfo: () => ({}) } },
    jwks: { keys: [{ ...signing.privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rs256' }] },
    ttl: { AccessToken: () => 3600 }
  })

  async function issue (clientId: string, subject: string, audience: string, granted: string | undefined): Promise<{ readonly token: Model, readonly value: string }> {
    const token = new provider.AccessToken({ accountId: subject, client: await provider.Client.find(clientId), scope: granted })
    token.resourceServer = new provider.ResourceServer(audience, { audience, scope: 'read write read:orders', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } })
    return { token, value: await token.save() }
  }

  provider.registerGrantType(TOKEN_EXCHANGE, async (context) => {
    exchanges++
    const { client, params } = context.oidc
    if (params.audience !== DOWNSTREAM) throw new InvalidTarget('words of the provider')
    const subject = await jwtVerify(params.subject_token!, signing.publicKey, { issuer: origin, audience: AUDIENCE }).catch(() => { throw new InvalidGrant('the subject token is none') })
    const { token, value } = await issue(client.clientId, subject.payload.sub!, DOWNSTREAM, params.scope)
    context.body = { access_token: value, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: token.expiration, scope: params.scope, refresh_token: 'a refresh token nobody asked for' }
  }, ['audience', 'resource', 'scope', 'requested_token_type', 'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'], ['audience', 'resource'])
  handle = provider.callback()

  return {
    issuer: origin,
    audience: AUDIENCE,
    downstream: DOWNSTREAM,
    secret,
    key: privateKey,
    userToken: async (subject) => (await issue('app', subject, AUDIENCE, scope)).value,
    exchanges: () => exchanges
  }
}
