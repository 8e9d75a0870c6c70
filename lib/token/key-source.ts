import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { discoveredAddress, fixedAddress } from './address.js'
import { fetchJson } from './fetch-json.js'
import { vetKeys } from './jwks.js'
import type { VettedSet } from './jwks.js'
import { usableKeys } from './key-set.js'
import { fetchProject } from './project.js'
import type { Project } from './project.js'

/** A key set as fetched, and for how long its server says it stays true. */
export interface FetchedKeySet extends VettedSet {
  /** Seconds; Infinity for a set that was configured. */
  readonly maxAge: number | undefined
  /** Why the address of the set could not be looked up again, where that failed: the one known served. */
  readonly trouble?: string | undefined
  /** Where a project's configuration was fetched: which it is. */
  readonly project?: Project
}

/** Fetches a provider's key set anew. Rejects with a `FetchFailure` that has a sentence for the operator. */
export type KeySource = (signal: AbortSignal) => Promise<FetchedKeySet>

/** Where a provider's keys come from: its configuration, an address, or what a discovery document names. */
export function createKeySource (provider: Provider, fetchOptions: FetchOptions): KeySource {
  const { discovery, jwksUri, jwks, project } = provider.keys
  if (jwks !== undefined) return async () => ({ ...vetKeys(jwks.keys, provider.algorithms), maxAge: Infinity })
  if (project !== undefined) return (signal) => fetchProject(project, provider, fetchOptions, signal)
  const address = discovery === undefined ? fixedAddress(jwksUri) : discoveredAddress('jwks_uri', discovery, provider, fetchOptions)
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

async function fetchKeys (url: string, { issuer, algorithms, fixedClaims, dangerouslyAllowHttp }: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<FetchedKeySet> {
  const { body, maxAge } = await fetchJson(url, fetchOptions, dangerouslyAllowHttp, signal)
  // A set that serves many tenants says of its keys which of them they are for.
  const isShared = Object.keys(fixedClaims).length > 0
  return { ...usableKeys(url, body.keys, algorithms, isShared ? issuer : undefined), maxAge }
}
