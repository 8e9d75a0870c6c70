import { hash } from 'node:crypto'
import type { IoredisClient, NodeRedisClient, RedisStoreOptions, Store, StoreSetOptions } from '../../types/store.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { lifetime } from './lifetime.js'
import { senderFor } from './redis-client.js'
import type { Send } from './redis-client.js'
import { SCRIPTS } from './redis-scripts.js'
import { StoreUnavailableError } from './unavailable.js'

/**
 * A store in Redis, shared by every process that uses the same Redis and prefix. The client is the app's own, of
 * ioredis or node-redis (a single server, a failover group of ioredis, or a pool of node-redis): it is neither
 * connected nor closed here. node-redis ends the process on an `error` event nobody listens to: listen.
 *
 * - Every call is answered within the deadline. When Redis is back, so is the store, as soon as the client is.
 * - Redis must never evict: `maxmemory-policy noeviction`. It then refuses to write when it is full, which is what
 *   a store must do.
 * - Redis answers before a write is on disk or on a replica: what it lost in a crash or a failover is lost, a logout
 *   and a seen proof too. Its own settings, `appendfsync always` for one, narrow that.
 * - Not for Redis Cluster: an entry and its indexes are changed in one step, and a cluster keeps them on different
 *   servers.
 *
 * @example
 * const redis = new Redis(process.env.REDIS_URL)
 * await app.register(gatehouse, { provider, store: redisStore(redis) })
 * @throws TypeError naming what is wrong
 */
export function redisStore (client: IoredisClient | NodeRedisClient, options: RedisStoreOptions = {}): Store {
  const { prefix = 'gatehouse:', deadline = 2_000, ...rest } = plainObject('redisStore', options)
  refuseUnknownKeys('redisStore', rest, ['prefix', 'deadline'])
  if (typeof prefix !== 'string') throw expected('redisStore.prefix', 'a text', prefix)
  if (typeof deadline !== 'number' || !(deadline >= 1 && deadline <= 60_000)) throw expected('redisStore.deadline', '1 to 60,000 milliseconds', deadline)
  return new RedisStore(senderFor(client, deadline), prefix)
}

class RedisStore implements Store {
  readonly isShared = true
  readonly #send: Send
  readonly #keys: string
  readonly #indexes: string

  constructor (send: Send, prefix: string) {
    this.#send = send
    this.#keys = `${prefix}k:`
    this.#indexes = `${prefix}i:`
  }

  async get (key: string): Promise<string | undefined> {
    const text = await this.#send(['get', this.#keys + key])
    if (text === null) return undefined
    if (typeof text !== 'string' || !text.includes('\n')) throw unexpected()
    return text.slice(text.indexOf('\n') + 1)
  }

  async set (key: string, value: string, ttl: number, { onlyIfPresent = false, indexes }: StoreSetOptions = {}): Promise<boolean> {
    const given = indexes === undefined ? [] : [[...new Set(indexes)].map(hashOf).join(' ')]
    return await this.#run(SCRIPTS.set, key, value, wholeMilliseconds(ttl), onlyIfPresent ? '1' : '0', ...given) === 1
  }

  async delete (key: string): Promise<void> {
    await this.#run(SCRIPTS.delete, key)
  }

  async add (key: string, value: string, ttl: number): Promise<boolean> {
    const reply = await this.#send(['set', this.#keys + key, `\n${value}`, 'PX', wholeMilliseconds(ttl), 'NX'])
    if (reply !== 'OK' && reply !== null) throw unexpected()
    return reply === 'OK'
  }

  async extend (key: string, owner: string, ttl: number): Promise<boolean> {
    return await this.#run(SCRIPTS.extend, key, owner, wholeMilliseconds(ttl)) === 1
  }

  async release (key: string, owner: string): Promise<boolean> {
    return await this.#run(SCRIPTS.release, key, owner) === 1
  }

  async deleteByIndex (index: string): Promise<number> {
    return this.#run(SCRIPTS.deleteByIndex, hashOf(index))
  }

  async #run (script: string, ...args: string[]): Promise<number> {
    const reply = await this.#send(['eval', script, '2', this.#keys, this.#indexes, ...args])
    // ioredis writes numbers as texts where the app asked for `stringNumbers`.
    if (typeof reply !== 'number' && typeof reply !== 'string') throw unexpected()
    return Number(reply)
  }
}

/** An index may name a person, in any characters; a key in Redis need not. */
function hashOf (index: string): string {
  return hash('sha256', index, 'base64url')
}

function wholeMilliseconds (ttl: number): string {
  return String(Math.ceil(lifetime(ttl)))
}

function unexpected (): StoreUnavailableError {
  return new StoreUnavailableError('Redis answered in a form that cannot be read; does the client transform replies, or is the prefix shared with another app?', 'failed')
}
