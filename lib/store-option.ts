import type { Store } from '../types/store.js'

const METHODS = ['get', 'set', 'delete', 'add', 'extend', 'release', 'deleteByIndex']

/**
 * A store a user gave: their own, neither copied nor frozen.
 *
 * @throws TypeError for what is none
 */
export function checkedStore (path: string, store: unknown): Store {
  const members = typeof store === 'object' && store !== null ? store as Readonly<Record<string, unknown>> : {}
  if (METHODS.every((method) => typeof members[method] === 'function') && typeof members.isShared === 'boolean') return store as Store
  throw new TypeError(`${path}: expected what memoryStore() or redisStore(client) returns${'status' in members || 'isOpen' in members ? '; this is the client: write redisStore(client)' : ''}`)
}
