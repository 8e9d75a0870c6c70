import { Redis } from 'ioredis'
import { defineCookie } from '../../lib/session/cookie-attributes.js'
import { keepInCookie } from '../../lib/session/in-cookie.js'
import { keepInStore } from '../../lib/session/in-store.js'
import type { Session, SessionKeeper } from '../../lib/session/keeper.js'
import type { Lifetime } from '../../lib/session/lifetime.js'
import { newRecord } from '../../lib/session/record.js'
import type { Login } from '../../lib/session/record.js'
import { createSealer } from '../../lib/session/seal.js'
import type { Purpose, Sealer } from '../../lib/session/seal.js'
import { redisStore } from '../../lib/store/redis.js'
import { StoreUnavailableError } from '../../lib/store/unavailable.js'
import type { SessionRecord } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import { cookieJar } from './cookie-jar.js'
import type { CookieJar } from './cookie-jar.js'

export const SECRET = 'Jx0cW6tq3zVYb8mRkT1uE5hNsA9gLdPi'
export const OTHER_SECRET = 'pB7nQ2vX5wZ8cF1jH4kM6rT9yU3iO0aS'
export const ISSUER = 'https://issuer.example.com'
export const LIFETIME: Lifetime = { idle: 3_600, absolute: 86_400 }
export const COOKIE = defineCookie('gatehouse', { path: '/', secure: true, sameSite: 'Lax' })

type Teardown = { teardown (end: () => unknown): unknown }

/** Seconds since the epoch. */
export const seconds = () => Date.now() / 1000

export function sealerFor (purpose: Purpose, ...secrets: string[]): Sealer {
  return createSealer(secrets.length === 0 ? [SECRET] : secrets, purpose, 'https://app.example.com')
}

/** What a provider said at login. */
export function loginOf (changes: Partial<Login> = {}): Login {
  return {
    provider: 'example', issuer: ISSUER, clientId: 'web', subject: 'ada', sid: 'at the provider', idToken: 'id token', accessToken: 'access 0', refreshToken: 'refresh 0', scope: 'openid', user: { name: 'Ada' }, ...changes
  }
}

/** The record of a login whose access token ends so many seconds from now. */
export function recordEnding (after: number, changes: Partial<Login> = {}): SessionRecord {
  return newRecord(loginOf({ accessTokenSince: seconds() - 3_600, accessTokenExpiresAt: seconds() + after, ...changes }))
}

export interface KeeperOptions {
  readonly secrets?: readonly string[]
  readonly lifetime?: Lifetime
}

/** A keeper of each kind, as one process has it. */
export const KEEPERS = {
  cookie: (store: Store, { secrets = [], lifetime = LIFETIME }: KeeperOptions = {}) => keepInCookie({ cookie: COOKIE, sealer: sealerFor('session', ...secrets), store, lifetime }),
  store: (store: Store, { secrets = [], lifetime = LIFETIME }: KeeperOptions = {}) => keepInStore({ cookie: COOKIE, sealer: sealerFor('stored-session', ...secrets), store, lifetime })
}

/** A browser. */
export function newBrowser (): CookieJar {
  return cookieJar('line')
}

/** Logs a browser in. */
export async function logIn (keeper: SessionKeeper, browser: CookieJar, record: SessionRecord = newRecord(loginOf())): Promise<Session> {
  const { session, cookies } = await keeper.start(record, { header: browser.header() })
  browser.take(cookies)
  return session
}

/** Who a Cookie header is for a keeper. */
export async function whoIs (keeper: SessionKeeper, header: string): Promise<string | undefined> {
  return (await keeper.load(header)).session?.record.subject
}

/** The session of a Cookie header, which must be one. */
export async function sessionFor (keeper: SessionKeeper, header: string): Promise<Session> {
  const { session } = await keeper.load(header)
  if (session === undefined) throw new Error('no session')
  return session
}

/** A store that counts what it is asked, and is away when it is told to be. */
export interface WatchedStore extends Store {
  /** The methods called, in order. */
  readonly calls: string[]
  /** Methods that are refused from now on. */
  away: 'none' | 'all' | ReadonlyArray<keyof Store>
}

export function watched (store: Store): WatchedStore {
  const calls: string[] = []
  const told: { away: WatchedStore['away'] } = { away: 'none' }
  const through = <Method extends Exclude<keyof Store, 'isShared'>>(method: Method): Store[Method] => {
    const call = async (...args: never[]): Promise<unknown> => {
      calls.push(method)
      if (told.away === 'all' || told.away.includes(method)) throw new StoreUnavailableError('away', 'failed')
      return Reflect.apply(store[method], store, args)
    }
    return call as Store[Method]
  }
  return Object.defineProperty({
    isShared: store.isShared,
    calls,
    away: told.away,
    get: through('get'),
    set: through('set'),
    delete: through('delete'),
    add: through('add'),
    extend: through('extend'),
    release: through('release'),
    deleteByIndex: through('deleteByIndex')
  }, 'away', { get: () => told.away, set: (away: WatchedStore['away']) => { told.away = away } })
}

/** A client of its own, as another process has it; closed with the test. */
export function connectRedis (t: Teardown, port: number): Redis {
  const client = new Redis(port, '127.0.0.1')
  client.on('error', () => {})
  t.teardown(() => { client.disconnect() })
  return client
}

/** A store as another process has it. */
export function openStore (t: Teardown, port: number, deadline = 2_000): Store {
  return redisStore(connectRedis(t, port), { deadline })
}
