import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { withDeadline } from './deadline.js'
import { discoverJwksUri } from './discovery.js'
import { fetchJson, FetchFailure, shown } from './fetch-json.js'
import { vetKeys } from './jwks.js'
import type { VettedSet } from './jwks.js'
import { ADDRESS_AGE, ADDRESS_STALE, boundedRetryAfter, LOOK_AGAIN, SECOND_LOOK_DEADLINE } from './timing.js'

/** A key set as fetched, and for how long its server says it stays true. */
export interface FetchedKeySet extends VettedSet {
  /** Seconds; Infinity for a set that was configured. */
  readonly maxAge: number | undefined
  /** Why the address of the set could not be looked up again, where that failed: the one known served. */
  readonly trouble?: string | undefined
}

/** Fetches a provider's key set anew. Rejects with a `FetchFailure` that has a sentence for the operator. */
export type KeySource = (signal: AbortSignal) => Promise<FetchedKeySet>

/** Finds out where a key set is. */
interface Address {
  locate (signal: AbortSignal): Promise<{ readonly url: string, readonly trouble?: string }>
  /** The set was not there: look it up again. */
  doubt (): void
}

/** Where a provider's keys come from: its configuration, an address, or what a discovery document names. */
export function createKeySource (provider: Provider, fetchOptions: FetchOptions): KeySource {
  const { discovery, jwksUri, jwks } = provider.keys
  if (jwks !== undefined) return async () => ({ ...vetKeys(jwks.keys, provider.algorithms), maxAge: Infinity })
  const address = discovery === undefined ? fixedAddress(jwksUri) : discoveredAddress(discovery, provider, fetchOptions)
  const homes = new Set((discovery ?? [jwksUri]).map((url) => new URL(url).origin))
  return async function loadKeys (signal) {
    const { url, trouble } = await address.locate(signal)
    try {
      // Headers may carry a secret: they are for the configured hosts, not for wherever a document points.
      const set = await fetchKeys(url, provider, homes.has(new URL(url).origin) ? fetchOptions : { ...fetchOptions, headers: {} }, signal)
      return { ...set, trouble }
    } catch (error) {
      address.doubt()
      throw error
    }
  }
}

function fixedAddress (url: string): Address {
  return { locate: async () => ({ url }), doubt () {} }
}

/**
 * The address that discovery found, looked up again after an hour, and after a failure: the key set may have moved.
 * While the document cannot be had, the address known serves on, for a day.
 */
function discoveredAddress (documents: readonly string[], provider: Provider, fetchOptions: FetchOptions): Address {
  let known: string | undefined
  let forgottenAt = 0
  let lookAgainAt = 0
  let notBefore = 0
  return {
    async locate (signal) {
      const now = performance.now()
      if (now >= forgottenAt) known = undefined
      if (known !== undefined && now < lookAgainAt) return { url: known }
      const discover = (bounded: AbortSignal) => discoverJwksUri(documents, provider, fetchOptions, bounded)
      try {
        known = known === undefined ? await discover(signal) : await withDeadline(SECOND_LOOK_DEADLINE, signal, discover)
        lookAgainAt = now + ADDRESS_AGE
        forgottenAt = now + ADDRESS_STALE
        return { url: known }
      } catch (error) {
        if (known === undefined) throw error
        const { message, retryAfter } = error as FetchFailure
        notBefore = now + boundedRetryAfter(retryAfter)
        lookAgainAt = Math.max(now + LOOK_AGAIN, notBefore)
        return { url: known, trouble: message }
      }
    },
    doubt () { lookAgainAt = notBefore }
  }
}

async function fetchKeys (url: string, { issuer, algorithms, fixedClaims, dangerouslyAllowHttp }: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<FetchedKeySet> {
  const { body, maxAge } = await fetchJson(url, fetchOptions, dangerouslyAllowHttp, signal)
  if (!Array.isArray(body.keys)) throw new FetchFailure(`${shown(url)}: has no keys`)
  // A set that serves many tenants says of its keys which of them they are for.
  const isShared = Object.keys(fixedClaims).length > 0
  const set = vetKeys(body.keys, algorithms, isShared ? issuer : undefined)
  if (set.keys.length === 0) {
    throw new FetchFailure(`${shown(url)}: has no usable key${set.dropped.length === 0 ? '' : ` (${set.dropped.join('; ')})`}`)
  }
  return { ...set, maxAge }
}
