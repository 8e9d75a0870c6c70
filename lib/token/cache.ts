import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Identity } from '../../types/identity.js'
import type { Provider } from '../../types/provider.js'
import type { RingKey } from './held-keys.js'
import type { KeyRing } from './keys.js'

/** What a token said when it was verified, and what must still hold for that to be believed. */
export interface Verified {
  /** Made when it is asked for: a token that comes once should leave the garbage collector one text, not thirty objects. */
  identity: Identity | undefined
  /** The claims, as JSON. */
  readonly payload: string
  readonly issuer: string
  readonly provider: Provider
  readonly ring: KeyRing
  readonly key: RingKey
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Verified tokens by hash, bounded by count. It holds no token, no binding and no decision. */
export type TokenCache = LRUCache<string, Verified>

export function createTokenCache (max: number): TokenCache {
  return new LRUCache({ max })
}

/** The whole token decides: two tokens that differ in any bit, the signature's included, have nothing in common. */
export function tokenHash (token: string): string {
  return hash('sha256', token, 'base64')
}
