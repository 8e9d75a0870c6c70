import type { Test } from 'tap'
import { memoryStore } from '../../lib/index.js'
import type { GatehouseOptions, Store } from '../../lib/index.js'
import { answerOf, guardedApi } from './guarded-api.js'
import type { Answer } from './guarded-api.js'
import type { TestIssuer } from './issuer.js'

export const BASE = 'https://api.example'
/** Of the route `/`. */
export const URL = `${BASE}/`

export type Dpop = Exclude<GatehouseOptions['dpop'], string | undefined>

/** An API, and how it is asked. */
export async function replayApi (t: Test, issuer: TestIssuer, dpop: Dpop = {}, options: Partial<GatehouseOptions> = {}) {
  const { app, logs, refusals } = await guardedApi(t, issuer, {
    baseUrl: BASE, dpop, ...options, routes: (app) => { app.get('/other', async ({ auth }) => ({ subject: auth.subject })) }
  })
  const ask = async (headers: Record<string, string>, url = '/'): Promise<Answer> => answerOf(await app.inject({ url, headers }))
  const reasons = () => refusals().map(({ reason }) => reason)
  return { app, logs, refusals, ask, reasons }
}

/** The store with another `add`. */
export function adding (store: Store, add: Store['add']): Store {
  const replaced = { get: (target: Store, name: keyof Store) => name === 'add' ? add : bound(target, target[name]) }
  return new Proxy(store, replaced as ProxyHandler<Store>)
}

function bound (store: Store, member: unknown): unknown {
  return typeof member === 'function' ? member.bind(store) : member
}

/** A store that writes down what it was asked to add, and adds it. */
export function watched (): { readonly store: Store, readonly added: Array<{ key: string, value: string, ttl: number }> } {
  const added: Array<{ key: string, value: string, ttl: number }> = []
  const store = memoryStore()
  return {
    added,
    store: adding(store, async (key, value, ttl) => {
      added.push({ key, value, ttl })
      return store.add(key, value, ttl)
    })
  }
}

/** The store as a user's own: no MemoryStore, which says how much room it has. */
export function userStore (store: Store): Store {
  const [get, set, remove, add, extend, release, deleteByIndex] = (['get', 'set', 'delete', 'add', 'extend', 'release', 'deleteByIndex'] as const).map((name) => bound(store, store[name]))
  return { isShared: true, get, set, delete: remove, add, extend, release, deleteByIndex } as Store
}

/** A store of which every `add` ends so. */
export function broken (error: unknown): Store {
  return adding(memoryStore(), async () => { throw error })
}
