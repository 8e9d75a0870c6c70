import type { FastifyBaseLogger } from 'fastify'
import type { SessionRecord } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import type { BaseUrl } from '../base-url.js'
import { expected } from '../configuration.js'
import { AuthError } from '../errors.js'
import { defineCookie } from '../session/cookie-attributes.js'
import type { Cookie } from '../session/cookie-attributes.js'
import { keepInCookie } from '../session/in-cookie.js'
import { keepInStore } from '../session/in-store.js'
import type { SessionPlace } from '../session/place.js'
import { AccessTokens } from '../session/refresh.js'
import type { NewTokens } from '../session/refresh-flights.js'
import { createSealer } from '../session/seal.js'
import { StoreUnavailableError } from '../store/unavailable.js'
import { unavailable } from '../store/refused.js'
import { readPart, splitToken } from '../token/parse.js'
import { arrivalMark } from './arrival.js'
import type { LoginClients } from './clients.js'
import { LoginError, ProviderUnavailableError } from './errors.js'
import type { LoginSettings } from './options.js'
import { returnTo } from './return-to.js'
import type { Revoke } from './revoke.js'
import { silentMark } from './silent.js'
import { createTransactions } from './transaction.js'
import type { Transactions } from './transaction.js'

/** One base URL of the app: what keeps its sessions and its logins under way, and where its pages are. */
export interface Site extends SessionPlace {
  readonly base: BaseUrl
  readonly transactions: Transactions
  /** Says that the provider was asked silently. */
  readonly silentMark: Cookie
  readonly arrivalMark: Cookie
  /** Where a path of this server is seen from outside. */
  path (url: string): string
  /** Where a browser goes: a path of this site that is none of ours, or the start page. */
  returnTo (value: unknown): string
  /** A path of this site as a URL. */
  url (path: string): string
}

interface Surroundings {
  readonly settings: LoginSettings
  readonly store: Store
  readonly clients: LoginClients
  /** Paths of ours, which nobody returns to: seen from this server. */
  readonly ownPaths: readonly string[]
  readonly revoke: Revoke
  /** Of what no request asked for. */
  readonly log: FastifyBaseLogger
}

/** @throws TypeError for a cookie no browser would keep */
export function createSite (base: BaseUrl, { settings, store, clients, ownPaths, revoke, log }: Surroundings): Site {
  const { secrets, lifetime, responseMode, keptIn, cookieOptions: { name, ...attributes } } = settings
  const { hostname } = new URL(base.origin)
  // A browser drops it, and login follows login for ever.
  if (attributes.domain !== undefined && !`.${hostname}`.endsWith(`.${attributes.domain}`)) throw expected('login.session.cookie.domain', `a domain that ${hostname} is in`, attributes.domain)
  const cookie = defineCookie(name, { ...attributes, secure: base.secure })
  const keeper = keptIn === 'store'
    ? keepInStore({ cookie, store, lifetime, sealer: createSealer(secrets, 'stored-session', base.origin) })
    : keepInCookie({ cookie, store, lifetime, sealer: createSealer(secrets, 'session', base.origin) })
  const start = base.origin + base.prefix
  const path = (url: string) => base.prefix + url
  const isOwn = new Set(ownPaths.map((url) => likeness(path(url))))
  return Object.freeze({
    base,
    cookie,
    keeper,
    tokens: new AccessTokens({ keeper, store, sealer: createSealer(secrets, 'refresh', base.origin), refresh, revoke: (refreshToken, { provider }) => { revoke(provider, refreshToken, log) } }),
    transactions: createTransactions({ session: name, secrets, base, responseMode }),
    silentMark: silentMark(name, base),
    arrivalMark: arrivalMark(name, base),
    path,
    returnTo (value: unknown) {
      const wanted = returnTo(value, start)
      // A page that logs in, or out, is where nobody wants to be afterwards.
      const found = isOwn.has(likeness(wanted)) ? returnTo(undefined, start) : wanted
      return found === base.prefix ? `${found}/` : found
    },
    url: (path: string) => base.origin + path,
    laterError
  })

  async function refresh (refreshToken: string, signal: AbortSignal, { provider, idToken }: SessionRecord): Promise<NewTokens | 'invalid_grant'> {
    try {
      // Ours, and verified when it was sealed.
      const claims = readPart(splitToken(idToken).payload, 'payload')
      return await clients.of(provider).refresh({ refreshToken, claims }, signal)
    } catch (error) {
      if (error instanceof LoginError) return 'invalid_grant'
      throw error
    }
  }
}

/**
 * A logout to which browsers send no session says that it is done, and ends none.
 *
 * @param root where the scope of the routes is seen from outside
 * @throws TypeError for a session cookie that does not come to them
 */
export function refusePathsOutside ({ routes, cookieOptions: { path: folder } }: LoginSettings, root: string): void {
  for (const [name, step] of [['logout', 'logging out'], ['callback', 'a login']] as const) {
    const route = routes[name]
    if (route === undefined || isUnder(folder, root + route)) continue
    const remedy = folder.startsWith(`${root}/`) ? `routes: { ${name}: '${folder.slice(root.length).replace(/\/$/, '')}${route}', … }` : `path: '${root}'`
    throw new TypeError(`login.session.cookie.path: ${root}${route} is not under ${folder}, so ${step} would not see the session; write ${remedy}`)
  }
}

/** Whether browsers send the cookies of a path there. @see RFC 6265 section 5.1.4 */
export function isUnder (folder: string, url: string): boolean {
  const path = url.split('?', 1)[0]!
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** What the spellings of a path have in common: which of them are one page, the app's router decides. */
function likeness (path: string): string {
  const [bare] = path.split(/[?#;]/, 1)
  return bare!.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))).replace(/\/+/g, '/').replace(/(?!^)\/$/, '').toLowerCase()
}

function laterError (cause: unknown, provider: string): AuthError {
  if (cause instanceof AuthError || cause instanceof StoreUnavailableError) return unavailable(cause)
  return new ProviderUnavailableError({ reason: 'provider_unavailable', provider, hint: (cause as Error).message })
}
