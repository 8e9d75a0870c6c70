import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { discoverJwksUri } from './discovery.js'
import { fetchJson, FetchFailure } from './fetch-json.js'
import { vetKeys } from './jwks.js'
import type { VettedSet } from './jwks.js'

/** A key set as fetched, and for how long its server says it stays true. */
export interface FetchedKeySet extends VettedSet {
  /** Seconds. */
  readonly maxAge: number | undefined
}

/** Fetches a provider's key set anew. Rejects with a `FetchFailure` that has a sentence for the operator. */
export type KeySource = (signal: AbortSignal) => Promise<FetchedKeySet>

/**
 * Where a provider's keys come from. The discovery document is read once and again after a failure: the key set
 * may have moved.
 */
export function createKeySource (provider: Provider, fetchOptions: FetchOptions): KeySource {
  const { discovery, jwksUri } = provider.keys
  const home = new URL(discovery ?? jwksUri).origin
  let address = jwksUri
  return async function loadKeys (signal) {
    const url = address ?? await discoverJwksUri(discovery!, provider, fetchOptions, signal)
    address = jwksUri
    const { body, maxAge } = await fetchJson(url, new URL(url).origin === home ? fetchOptions : { ...fetchOptions, headers: {} }, provider.dangerouslyAllowHttp, signal)
    if (!Array.isArray(body.keys)) throw new FetchFailure(`${url}: has no keys`)
    const set = vetKeys(body.keys, provider.algorithms)
    if (set.keys.length === 0) {
      throw new FetchFailure(`${url}: has no usable key${set.dropped.length === 0 ? '' : ` (${set.dropped.join('; ')})`}`)
    }
    address = url
    return { ...set, maxAge }
  }
}
