import type { FetchOptions } from '../../types/options.js'
import type { Introspection, Provider } from '../../types/provider.js'
import { discoveredAddress, fixedAddress, sharedAddress } from './address.js'
import type { Address } from './address.js'
import type { Endpoint } from './discovery.js'
import { hasDuplicateMembers } from './duplicate-members.js'
import { FetchFailure, parseObject, refusal, sendOnce } from './fetch-json.js'
import type { Received } from './fetch-json.js'
import { createOpenid, optionsAt, originsOf } from './openid.js'
import type { KnownKeys, OpenidRequest } from './openid.js'
import type { JsonObject } from './parse.js'
import { COOLDOWN } from './timing.js'

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
  const homes = originsOf([introspection.endpoint, keys.jwksUri, ...keys.discovery ?? []])
  const configure = createOpenid({
    clientId,
    clientAuthentication: introspection.clientAuthentication,
    metadata: isSigned ? { introspection_signed_response_alg: signedResponseAlg } : {}
  })
  let knownKeys: KnownKeys | undefined
  let fetchedKeys: { readonly text: Promise<string>, endedAt: number } | undefined
  let doubtAgainAt = 0

  function addressOf (name: Endpoint, configured: string | undefined): Address {
    // What is neither configured nor discovered stopped the boot.
    return configured === undefined ? sharedAddress(discoveredAddress(name, keys.discovery!, provider, fetchOptions)) : fixedAddress(configured)
  }

  return async function askProvider (token, signal) {
    const askedAt = performance.now()
    const [{ url }, keysAt] = await Promise.all([endpoint.locate(signal), keySet?.locate(signal)])
    const { library, config } = await configure(
      { issuer, introspection_endpoint: url, ...(keysAt === undefined ? {} : { jwks_uri: keysAt.url }) },
      (target, request) => send(target, request, signal, askedAt)
    )
    if (isSigned) library.enableNonRepudiationChecks(config)
    if (knownKeys !== undefined) library.setJwksCache(config, knownKeys)
    return library.tokenIntrospection(config, token, { token_type_hint: 'access_token' }).catch((error: Error) => {
      doubtAddresses()
      // What was thrown by `send` comes wrapped.
      throw error.cause instanceof FetchFailure ? error.cause : error
    }).finally(() => { knownKeys = library.getJwksCache(config) ?? knownKeys })
  }

  async function send (url: string, { method, headers, body }: OpenidRequest, signal: AbortSignal, askedAt: number): Promise<Response> {
    const options = optionsAt(url, homes, fetchOptions)
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
