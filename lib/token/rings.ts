import type { FastifyBaseLogger } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Provider } from '../../types/provider.js'
import type { Settings } from '../options.js'
import { createKeySource } from './key-source.js'
import { KeyRing } from './keys.js'

/** Rings of providers a resolver named, at most; the one longest unused goes first. */
const MOST_RESOLVED = 1_000

/** The key rings of one registration. */
export interface KeyRings {
  of (provider: Provider): KeyRing
  /** Those of the configured providers. */
  readonly configured: readonly KeyRing[]
  /** All there are now. */
  all (): KeyRing[]
  close (): Promise<void>
}

/**
 * Configured providers have a ring each, from the start. Providers of a resolver get one when their first token
 * comes; two values that name the same keys share it.
 */
export function createKeyRings (settings: Settings, log: FastifyBaseLogger): KeyRings {
  const create = (provider: Provider) => new KeyRing(provider, createKeySource(provider, settings.fetchOptions), settings.clockTolerance, log)
  const configured = new Map([...settings.providers.values()].map((provider) => [provider, create(provider)]))
  const retiring = new Set<KeyRing>()
  const resolved = new LRUCache<string, KeyRing>({
    max: MOST_RESOLVED,
    dispose: (ring) => {
      retiring.add(ring)
      ring.retire().finally(() => { retiring.delete(ring) })
    }
  })
  const all = () => [...configured.values(), ...resolved.values()]
  return {
    of (provider) {
      const ring = configured.get(provider)
      if (ring !== undefined) return ring
      const keys = keysName(provider)
      const known = resolved.get(keys)
      if (known !== undefined) return known
      const created = create(provider)
      resolved.set(keys, created)
      return created
    },
    configured: [...configured.values()],
    all,
    async close () {
      await Promise.all([...all(), ...retiring].map((ring) => ring.close()))
    }
  }
}

const names = new WeakMap<Provider, string>()

/** What decides which keys a ring holds. */
function keysName (provider: Provider): string {
  const known = names.get(provider)
  if (known !== undefined) return known
  const { issuer, keys, algorithms, dangerouslyAllowHttp } = provider
  const name = JSON.stringify([issuer, keys, algorithms, dangerouslyAllowHttp])
  names.set(provider, name)
  return name
}
