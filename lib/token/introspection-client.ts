import type * as OpenidClient from 'openid-client'
import type { FetchOptions } from '../../types/options.js'
import type { Introspection, Provider } from '../../types/provider.js'
import { discoveredAddress, fixedAddress, sharedAddress } from './address.js'
import type { Address } from './address.js'
import type { Endpoint } from './discovery.js'
import { hasDuplicateMembers } from './duplicate-members.js'
import { FetchFailure, parseObject, refusal, sendOnce } from './fetch-json.js'
import type { Received } from './fetch-json.js'
import type { JsonObject } from './parse.js'
import { COOLDOWN } from './timing.js'

type Library = typeof OpenidClient
type ClientAuthentication = Introspection['clientAuthentication']

/**
 * Asks a provider about a token. The answer's `active` is true or false, and if it had to be signed it is.
 * Rejects with a `FetchFailure`, or with what openid-client throws, which has a code.
 */
export type IntrospectionClient = (token: string, signal: AbortSignal) => Promise<JsonObject>

const JSON_TYPE = 'application/json'
/** RFC 9701 section 4 */
const JWT_TYPE = 'application/token-introspection+jwt'

/** Seconds since a signed answer was made, clocks that differ included. */
const OLDEST_ANSWER = 120

/** The provider's introspection endpoint, asked through openid-client, which is loaded with the first token. */
export function createIntrospectionClient (provider: Provider, introspection: Introspection, fetchOptions: FetchOptions): IntrospectionClient {
  const { issuer, keys, dangerouslyAllowHttp } = provider
  const { clientId, signedResponseAlg } = introspection
  const isSigned = signedResponseAlg !== undefined
  const endpoint = addressOf('introspection_endpoint', introspection.endpoint)
  const keySet = isSigned ? addressOf('jwks_uri', keys.jwksUri) : undefined
  const homes = new Set([introspection.endpoint, keys.jwksUri, ...keys.discovery ?? []].flatMap((url) => url === undefined ? [] : [new URL(url).origin]))
  let authentication: Promise<OpenidClient.ClientAuth> | undefined
  let knownKeys: OpenidClient.ExportedJWKSCache | undefined
  let fetchedKeys: { readonly text: Promise<string>, endedAt: number } | undefined
  let doubtAgainAt = 0

  function addressOf (name: Endpoint, configured: string | undefined): Address {
    // What is neither configured nor discovered stopped the boot.
    return configured === undefined ? sharedAddress(discoveredAddress(name, keys.discovery!, provider, fetchOptions)) : fixedAddress(configured)
  }

  return async function askProvider (token, signal) {
    const askedAt = performance.now()
    const library = await import('openid-client')
    authentication ??= authenticate(library, introspection.clientAuthentication)
    const [auth, { url }, keysAt] = await Promise.all([authentication, endpoint.locate(signal), keySet?.locate(signal)])
    const config = new library.Configuration(
      { issuer, introspection_endpoint: url, ...(keysAt === undefined ? {} : { jwks_uri: keysAt.url }) },
      clientId,
      isSigned ? { introspection_signed_response_alg: signedResponseAlg } : {},
      auth
    )
    // Its own deadline is an AbortSignal.timeout, which the garbage collector may take (see deadline.ts).
    config.timeout = undefined
    // Whether plain http is allowed is decided where requests are sent.
    library.allowInsecureRequests(config)
    config[library.customFetch] = (target, request) => send(target, request, signal, askedAt)
    if (isSigned) library.enableNonRepudiationChecks(config)
    if (knownKeys !== undefined) library.setJwksCache(config, knownKeys)
    return library.tokenIntrospection(config, token, { token_type_hint: 'access_token' }).catch((error: Error) => {
      doubtAddresses()
      // What was thrown by `send` comes wrapped.
      throw error.cause instanceof FetchFailure ? error.cause : error
    }).finally(() => { knownKeys = library.getJwksCache(config) ?? knownKeys })
  }

  async function send (url: string, { method, headers, body }: OpenidClient.CustomFetchOptions, signal: AbortSignal, askedAt: number): Promise<Response> {
    // Headers may carry a secret: they are for the configured hosts, not for wherever a document points.
    const options = homes.has(new URL(url).origin) ? fetchOptions : { ...fetchOptions, headers: {} }
    const init = { method, headers, body: body as URLSearchParams | undefined }
    if (method === 'POST') {
      const text = await sendOnce({ url, init, read: (answer) => checkAnswer(answer, isSigned) }, options, dangerouslyAllowHttp, signal)
      return new Response(text, { headers: { 'content-type': isSigned ? JWT_TYPE : JSON_TYPE } })
    }
    // A key set. Who asked before it came could not know it yet, and needs no other.
    if (fetchedKeys === undefined || askedAt > fetchedKeys.endedAt) {
      const text = sendOnce({ url, init, read: textOf }, options, dangerouslyAllowHttp, signal).finally(() => { fetching.endedAt = performance.now() })
      const fetching = fetchedKeys = { text, endedAt: Infinity }
    }
    return new Response(await fetchedKeys.text, { headers: { 'content-type': JSON_TYPE } })
  }

  /** The endpoint may have moved; but one that fails all day must not have its document fetched with every token. */
  function doubtAddresses (): void {
    const now = performance.now()
    if (now < doubtAgainAt) return
    doubtAgainAt = now + COOLDOWN
    endpoint.doubt()
    keySet?.doubt()
  }
}

async function authenticate ({ ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, modifyAssertion }: Library, client: ClientAuthentication): Promise<OpenidClient.ClientAuth> {
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

/** Stricter than the library, which reads JSON of any type, and where a signed answer was asked for also an unsigned one. */
function checkAnswer (answer: Received, isSigned: boolean): string {
  const text = textOf(answer)
  const wanted = isSigned ? JWT_TYPE : JSON_TYPE
  if (answer.headers.get('content-type')?.split(';', 1)[0]!.trim().toLowerCase() !== wanted) throw new FetchFailure(text.trimStart().startsWith('<') ? 'answers HTML' : `answers another content type than ${wanted}`)
  const json = isSigned ? Buffer.from(text.split('.', 2)[1] ?? '', 'base64url').toString() : text
  const value = parseObject(json)
  let hasDuplicates: boolean
  try {
    hasDuplicates = hasDuplicateMembers(json, value)
  } catch {
    throw new FetchFailure('answers a value nested too deep')
  }
  if (hasDuplicates) throw new FetchFailure('answers a member twice')
  // A signed answer names no token: one kept from before would do for any.
  if (isSigned && !(typeof value.iat === 'number' && Date.now() / 1000 - value.iat <= OLDEST_ANSWER)) throw new FetchFailure('answers with an old signature: are the clocks in step?')
  return text
}

/** The body of any other answer than 200 is not looked at. */
function textOf (answer: Received): string {
  if (answer.status !== 200) throw refusal(answer)
  return answer.text
}
