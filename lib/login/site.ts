import type { SessionRecord } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import type { BaseUrl } from '../base-url.js'
import { expected } from '../configuration.js'
import { AuthError } from '../errors.js'
import { defineCookie } from '../session/cookie-attributes.js'
import type { Cookie } from '../session/cookie-attributes.js'
import { keepInCookie } from '../session/in-cookie.js'
import { keepInStore } from '../session/in-store.js'
import type { SessionKeeper } from '../session/keeper.js'
import { AccessTokens } from '../session/refresh.js'
import type { NewTokens } from '../session/refresh-flights.js'
import { createSealer } from '../session/seal.js'
import { StoreUnavailableError } from '../store/unavailable.js'
import { unavailable } from '../store/refused.js'
import { readPart, splitToken } from '../token/parse.js'
import type { LoginClients } from './clients.js'
import { LoginError, ProviderUnavailableError } from './errors.js'
import type { LoginSettings } from './options.js'
import { returnTo } from './return-to.js'
import { createTransactions } from './transaction.js'
import type { Transactions } from './transaction.js'

/** One base URL of the app: what keeps its sessions and its logins under way, and where its pages are. */
export interface Site {
  readonly base: BaseUrl
  readonly cookie: Cookie
  readonly keeper: SessionKeeper
  readonly tokens: AccessTokens
  readonly transactions: Transactions
  /** Where a path of this server is seen from outside. */
  path (url: string): string
  /** Where a browser goes: a path of this site that is none of ours, or the start page. */
  returnTo (value: unknown): string
  /** A path of this site as a URL. */
  url (path: string): string
  /** The answer where an access token cannot be had now. */
  laterError (cause: unknown, provider: string): AuthError
}

interface Surroundings {
  readonly settings: LoginSettings
  readonly store: Store
  readonly clients: LoginClients
  /** Paths of ours, which nobody returns to: seen from this server. */
  readonly ownPaths: readonly string[]
}

/** @throws TypeError for a cookie no browser would keep */
export function createSite (base: BaseUrl, { settings, store, clients, ownPaths }: Surroundings): Site {
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
    tokens: new AccessTokens({ keeper, store, sealer: createSealer(secrets, 'refresh', base.origin), refresh }),
    transactions: createTransactions({ secrets, base, responseMode }),
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

/** What the spellings of a path have in common: which of them are one page, the app's router decides. */
function likeness (path: string): string {
  const [bare] = path.split(/[?#;]/, 1)
  return bare!.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))).replace(/\/+/g, '/').replace(/(?!^)\/$/, '').toLowerCase()
}

function laterError (cause: unknown, provider: string): AuthError {
  if (cause instanceof AuthError || cause instanceof StoreUnavailableError) return unavailable(cause)
  return new ProviderUnavailableError({ reason: 'provider_unavailable', provider, hint: (cause as Error).message })
}
