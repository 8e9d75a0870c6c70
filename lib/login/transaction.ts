import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { BaseUrl } from '../base-url.js'
import { clearCookie, readCookie, writeCookie } from '../session/cookie.js'
import { defineCookie } from '../session/cookie-attributes.js'
import type { Cookie } from '../session/cookie-attributes.js'
import { createSealer } from '../session/seal.js'
import type { LoginTransaction } from './client.js'

/** What a browser must remember of a login. */
export interface TransactionToKeep extends LoginTransaction {
  /** Comes back without a session where the provider would have to show something. */
  readonly isSilent?: boolean
  /** What a route demanded of it, in short. */
  readonly demanded?: string | undefined
}

/** A login under way, as its cookie holds it. */
export interface Transaction extends TransactionToKeep {
  /** Where the browser goes when it is done: a path of this site. */
  readonly returnTo: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** What a callback finds: its login, if there is one, and the Set-Cookie lines that end it, whatever comes of it. */
export interface TakenTransaction {
  readonly transaction: Transaction | undefined
  readonly setCookie: readonly string[]
}

/** The logins a browser has under way, one sealed cookie for each `state`, so that several tabs do not meet. */
export interface Transactions {
  /**
   * Keeps another one. @param header the Cookie header of the request @returns Set-Cookie lines; the oldest make room
   * @throws CookieTooLargeError for an address to return to that no cookie holds
   */
  keep (transaction: TransactionToKeep, returnTo: string, header: string | undefined): Promise<readonly string[]>
  /** Exactly the one whose state came back, with this provider; once in this process. @param state as the callback has it */
  take (state: unknown, provider: string, header: string | undefined): Promise<TakenTransaction>
  /** Lets it be taken again: nobody could be asked. */
  release (transaction: Transaction): void
}

interface Settings {
  /** Name of the session cookie: apps that share a host have several, and logins of their own. */
  readonly session: string
  /** What `readSecrets` returned. */
  readonly secrets: readonly string[]
  readonly base: BaseUrl
  /** With `form_post` the callback comes from the provider's page, to which browsers attach `SameSite=None` only. */
  readonly responseMode: 'query' | 'form_post'
}

/** Seconds a person has for logging in. */
const LIFETIME = 3600
/** Milliseconds: clocks of two of our servers are rarely further apart. */
const TOLERANCE = 60_000
const MOST = 5
/** Bytes of a Cookie header, all of them together: Node reads 16 KB of headers, and a session may take 12. */
const BUDGET = 3600
/** Cookies with our names that are looked at: who sends more is up to something. */
const MOST_SEEN = 8
const MOST_TAKEN = 10_000
/** What a digest of a state looks like, and what may follow it: the number of a chunk. */
const NAME = /^([\w-]{16})(?:\.\d+)?$/

/** @throws TypeError for `form_post` on plain http, where browsers would drop the cookie */
export function createTransactions ({ session, secrets, base, responseMode }: Settings): Transactions {
  const isPosted = responseMode === 'form_post'
  if (isPosted && !base.secure) throw new TypeError(`login: responseMode form_post needs https, and baseUrl is ${base.origin}: browsers drop its cookie otherwise; use query here`)
  const sealer = createSealer(secrets, 'transaction', base.origin)
  const cookieOf = (digest: string) => defineCookie(`${session}-login-${digest}`, { path: '/', secure: base.secure, sameSite: isPosted ? 'None' : 'Lax' }, BUDGET)
  const { name: prefix } = cookieOf('')
  // A browser can keep a cookie that was cleared, and try codes with it for an hour: each is a call in our client's name.
  const taken = new LRUCache<string, true>({ max: MOST_TAKEN, ttl: LIFETIME * 1000 })

  async function read (cookie: Cookie, header: string | undefined): Promise<Transaction | undefined> {
    const value = readCookie(cookie, header)
    const text = value === undefined ? undefined : await sealer.open(value)
    if (text === undefined) return undefined
    // Sealed by us: what was written is what is read.
    const transaction: Transaction = JSON.parse(text)
    const age = Date.now() - transaction.createdAt
    // One cookie in the place of another opens as well.
    const isInPlace = cookie.name === prefix + digestOf(transaction.state)
    return isInPlace && age >= -TOLERANCE && age < LIFETIME * 1000 ? transaction : undefined
  }

  /** The Set-Cookie lines that leave room for so many bytes: first goes what is no login any more, then the oldest. */
  async function makeRoom (needed: number, header: string | undefined): Promise<string[]> {
    const carried = await Promise.all(digestsIn(header, prefix).map(async (digest) => {
      const cookie = cookieOf(digest)
      const bytes = cookie.name.length + (readCookie(cookie, header)?.length ?? 0) + 3
      return { cookie, bytes, createdAt: (await read(cookie, header))?.createdAt }
    }))
    let room = BUDGET - needed
    let left = MOST - 1
    const newestFirst = carried.sort((one, other) => (other.createdAt ?? 0) - (one.createdAt ?? 0))
    return newestFirst.flatMap(({ cookie, bytes, createdAt }) => {
      if (createdAt !== undefined && left > 0 && bytes <= room) {
        left--
        room -= bytes
        return []
      }
      // None older stays where this one could not.
      left = 0
      return clearCookie(cookie, { header })
    })
  }

  return Object.freeze({
    async keep (transaction: TransactionToKeep, returnTo: string, header: string | undefined) {
      const record: Transaction = { ...transaction, returnTo, createdAt: Date.now() }
      const cookie = cookieOf(digestOf(transaction.state))
      const sealed = await sealer.seal(JSON.stringify(record))
      const lines = writeCookie(cookie, sealed, { header }, LIFETIME)
      return [...await makeRoom(cookie.name.length + sealed.length + 3, header), ...lines]
    },

    async take (state: unknown, provider: string, header: string | undefined) {
      if (typeof state !== 'string') return { transaction: undefined, setCookie: [] }
      const digest = digestOf(state)
      const cookie = cookieOf(digest)
      const found = await read(cookie, header)
      const isMeant = found !== undefined && found.state === state && found.provider === provider && !taken.has(digest)
      if (isMeant) taken.set(digest, true)
      return { transaction: isMeant ? found : undefined, setCookie: clearCookie(cookie, { header }) }
    },

    release ({ state }: Transaction) {
      taken.delete(digestOf(state))
    }
  })
}

/** What a state's cookie is called by: nobody who sees the name learns the state. */
function digestOf (state: string): string {
  return createHash('sha256').update(state).digest('base64url').slice(0, 16)
}

/** Which logins a Cookie header has cookies of. */
function digestsIn (header: string | undefined, prefix: string): string[] {
  if (header === undefined || !header.includes(prefix)) return []
  const names = header.split(';').map((pair) => pair.slice(0, pair.indexOf('=')).trim())
  return [...new Set(names.flatMap((name) => name.startsWith(prefix) ? NAME.exec(name.slice(prefix.length))?.[1] ?? [] : []))].slice(0, MOST_SEEN)
}
