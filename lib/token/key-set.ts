import type { SigningAlgorithm } from '../../types/provider.js'
import { FetchFailure, shown } from './fetch-json.js'
import { vetKeys } from './jwks.js'
import type { VettedSet } from './jwks.js'

/**
 * The keys of a fetched document, of which at least one must be usable: a set that was emptied by mistake must not take
 * the place of one that works.
 *
 * @param url where it is from, for messages
 * @param issuer as in `vetKeys`
 * @throws FetchFailure
 */
export function usableKeys (url: string, keys: unknown, algorithms: readonly SigningAlgorithm[], issuer?: string): VettedSet {
  if (!Array.isArray(keys)) throw new FetchFailure(`${shown(url)}: has no keys`)
  const set = vetKeys(keys, algorithms, issuer)
  if (set.keys.length > 0) return set
  throw new FetchFailure(`${shown(url)}: has no usable key${set.dropped.length === 0 ? '' : ` (${set.dropped.join('; ')})`}`)
}
