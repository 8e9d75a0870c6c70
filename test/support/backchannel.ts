import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { createBackchannelLogout } from '../../lib/login/backchannel.js'
import type { BackchannelLogout, BackchannelParts } from '../../lib/login/backchannel.js'
import { memoryStore } from '../../lib/store/memory.js'
import { StoreUnavailableError } from '../../lib/store/unavailable.js'
import { endOfAll } from '../../lib/token/deadline.js'
import type { Store } from '../../types/store.js'
import { createIssuer } from './issuer.js'
import type { TestIssuer } from './issuer.js'
import { loginKeys } from './login-keys.js'
import { outcomeOf } from './logout-tokens.js'

/** What `send` gives for a logout that was done. */
export const DONE = { result: undefined }
/** What it gives for one whose token was used before. */
export const REPLAYED = { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', reason: 'logout_token_refused', found: 'a jti that was used' }

const never = endOfAll().signal

/** Told of each call of a store; what it throws goes before the store's own answer. */
type Mishap = (method: keyof Store, ...args: readonly unknown[]) => Promise<void>

/** A store that is watched. */
export interface Watched {
  readonly store: Store
  /** Oldest first. */
  readonly calls: Array<readonly [method: string, ...args: unknown[]]>
  readonly mishaps: { before?: Mishap | undefined, after?: Mishap | undefined }
}

/** A store whose calls are listed, and go wrong where `before` or `after` throws. */
export function watched (store: Store): Watched {
  const calls: Watched['calls'] = []
  const mishaps: Watched['mishaps'] = {}
  const around = (method: keyof Store, work: (...args: unknown[]) => Promise<unknown>) => async (...args: unknown[]) => {
    calls.push([method, ...args])
    await mishaps.before?.(method, ...args)
    const result = await work.apply(store, args)
    await mishaps.after?.(method, ...args)
    return result
  }
  const proxy = new Proxy(store, {
    get (target, name: keyof Store) {
      const value = target[name]
      return typeof value === 'function' ? around(name, value as () => Promise<unknown>) : value
    }
  })
  return { store: proxy, calls, mishaps }
}

/** What goes wrong where one method of a store is asked. */
export const away = (wanted: string): Mishap => async (method) => {
  if (method === wanted) throw new StoreUnavailableError('The store is away', 'failed')
}

/** The receiving side of logout by the provider. */
export interface Backchannel extends Watched {
  /** Its tokens are for the client `web`. */
  readonly one: TestIssuer
  /** Its tokens are for the client `web-two`. */
  readonly two: TestIssuer
  /** What sessions were told to end, oldest first. */
  readonly ended: readonly object[]
  readonly logout: BackchannelLogout
  /** Sends a logout token. @returns what `outcomeOf` says */
  send (token: unknown): Promise<Record<string, unknown>>
}

/** Two issuers whose logout tokens are heard, and sessions that say which were ended. */
export async function backchannel (t: Test, more: Partial<BackchannelParts> = {}): Promise<Backchannel> {
  const [one, two] = await Promise.all([createIssuer(), createIssuer()])
  t.teardown(() => Promise.all([one.close(), two.close()]))
  const parties = [[one, 'one'], [two, 'two']].map(([issuer, name]) => {
    const { issuer: url, audience } = issuer as typeof one
    const provider = { ...oidc({ issuer: url, audience }), name: name as string }
    return { provider, keys: loginKeys(t, provider), clientId: name === 'one' ? 'web' : 'web-two' }
  })
  const ended: object[] = []
  const sessions = {
    async deleteBySid (session: object) { ended.push(session) },
    async deleteBySubject (person: object) { ended.push(person) }
  }
  const { store, calls, mishaps } = watched(memoryStore({ singleProcess: true }))
  const logout = createBackchannelLogout({ parties, store, sessions, tolerance: 10, ...more })
  return { one, two, store, calls, mishaps, ended, logout, send: (token) => outcomeOf(logout({ logout_token: token }, never)) }
}
