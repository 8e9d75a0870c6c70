import { LRUCache } from 'lru-cache'
import type { FetchOptions } from '../../types/options.js'
import type { Provider, ProviderClient } from '../../types/provider.js'
import { tokenHash } from '../token/cache.js'
import { createExchangeClient } from './client.js'
import type { ExchangeClient } from './client.js'

/** Clients at most; the one longest unused goes first. It loses nothing but an address, and a wish to be left alone. */
const MOST = 1_000

/** Gives the exchange client of a provider. */
export type ExchangeClients = (provider: Provider, client: ProviderClient) => ExchangeClient

/**
 * A client for each provider. A resolver may make a new value for every request: those that ask the same endpoint in the
 * same way share one, so that an address is looked up once, and a provider that wants to be left alone is.
 */
export function createExchangeClients (fetchOptions: FetchOptions): ExchangeClients {
  const clients = new LRUCache<string, ExchangeClient>({ max: MOST })
  const names = new WeakMap<Provider, string>()
  return function clientOf (provider, client) {
    const name = names.get(provider) ?? nameOf(provider, client)
    names.set(provider, name)
    const known = clients.get(name) ?? createExchangeClient(provider, client, fetchOptions)
    clients.set(name, known)
    return known
  }
}

/** Of what decides where and how a provider is asked, secrets included, only a hash is kept. */
function nameOf ({ issuer, keys: { discovery }, dangerouslyAllowHttp }: Provider, { clientId, authentication }: ProviderClient): string {
  return tokenHash(JSON.stringify([issuer, discovery, dangerouslyAllowHttp, clientId, authentication.method, ...proofOf(authentication)]))
}

function proofOf (authentication: ProviderClient['authentication']): ReadonlyArray<string | undefined> {
  if (authentication.method === 'none') return []
  if (authentication.method !== 'private_key_jwt') return [authentication.secret.reveal()]
  const { key, alg, kid } = authentication
  return [key.export({ type: 'pkcs8', format: 'der' }).toString('base64'), alg, kid]
}
