import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionKeeper } from '../../lib/session/keeper.js'
import { AccessTokens } from '../../lib/session/refresh.js'
import type { NewTokens, Refresh, RefreshParts } from '../../lib/session/refresh-flights.js'
import type { Store } from '../../types/store.js'
import { seconds, sealerFor } from './session-stage.js'

/** A provider that replaces refresh tokens and takes one shown twice for stolen. */
export interface RotatingProvider {
  readonly refresh: Refresh
  /** Refresh tokens shown, in order. */
  readonly shown: string[]
  /** The one that is good now. */
  valid: string
  /** Milliseconds it takes. */
  delay: number
  /** Throws instead of answering. */
  away: boolean
  /** Seconds an access token lasts. */
  lasts: number | undefined
}

export function rotatingProvider (changes: Partial<RotatingProvider> = {}): RotatingProvider {
  let count = 0
  const provider: RotatingProvider = {
    shown: [],
    valid: 'refresh 0',
    delay: 5,
    away: false,
    lasts: 3_600,
    async refresh (refreshToken): Promise<NewTokens | 'invalid_grant'> {
      provider.shown.push(refreshToken)
      if (provider.away) throw new Error('502')
      const isValid = refreshToken === provider.valid
      if (isValid) provider.valid = `refresh ${++count}`
      const answer = { accessToken: `access ${count}`, refreshToken: provider.valid, accessTokenExpiresAt: provider.lasts === undefined ? undefined : seconds() + provider.lasts }
      await sleep(provider.delay)
      return isValid ? answer : 'invalid_grant'
    },
    ...changes
  }
  return provider
}

/** The access tokens of one process; closed with the test. */
export function accessTokens (t: { teardown (end: () => unknown): unknown }, keeper: SessionKeeper, store: Store, refresh: Refresh, changes: Partial<RefreshParts> = {}): AccessTokens {
  const tokens = new AccessTokens({ keeper, store, sealer: sealerFor('refresh'), refresh, ...changes })
  t.teardown(() => tokens.close())
  return tokens
}

/** Where the store keeps what came of a refresh token. */
export function refreshedKey (refreshToken: string): string {
  return `refreshed:${hash('sha256', refreshToken, 'base64url')}`
}

/** Where the store keeps the lease of a session. */
export function leaseKey (id: string): string {
  return `refreshing:${hash('sha256', id, 'base64url')}`
}
