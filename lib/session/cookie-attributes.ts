import { expected } from '../configuration.js'

/** Where a browser keeps a cookie and when it sends it. */
export interface CookieAttributes {
  readonly path: string
  /** Left out: this host alone. */
  readonly domain?: string | undefined
  readonly secure: boolean
  readonly sameSite: 'Lax' | 'None' | 'Strict'
}

/** A cookie as `writeCookie`, `readCookie` and `clearCookie` know it. */
export interface Cookie {
  /** With its prefix. */
  readonly name: string
  /** What stands behind the value in every Set-Cookie line. */
  readonly suffix: string
  /** How many bytes of a Cookie header it may take, all its chunks together. */
  readonly budget: number
}

const BUDGET = 12_000

/**
 * Checks a cookie once. On https its name gets the prefix that makes browsers refuse it from anybody else: `__Host-`
 * where it is for this host and every path, else `__Secure-`. It is `HttpOnly` always.
 *
 * @param budget past it writing fails; Node refuses a request with more than 16 KB of headers, other cookies included
 * @throws TypeError naming the cookie and the remedy
 * @see RFC 6265 section 4.1, draft-ietf-httpbis-rfc6265bis section 4.1.3
 */
export function defineCookie (name: string, attributes: CookieAttributes, budget: number = BUDGET): Cookie {
  const { path, domain, secure, sameSite } = attributes
  const where = `cookie ${JSON.stringify(name)}`
  if (!/^[\w!#$%&'*+\-.^`|~]{1,100}$/.test(name)) throw expected(where, 'a name of letters, digits, dashes and dots', name)
  if (/^__(host|secure)-/i.test(name)) throw expected(where, 'a name without prefix', name, '__Host- is added on https')
  if (/\.\d+$/.test(name)) throw expected(where, 'a name that does not end like a chunk', name)
  // Browsers ignore an attribute of more than 1,024 bytes.
  if (!/^\/[\x21-\x3a\x3c-\x7e]{0,1000}$/.test(path)) throw expected(`${where}: path`, 'a path that begins with a slash', path)
  if (domain !== undefined && !/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) {
    throw expected(`${where}: domain`, 'a host name in lower case', domain, 'write it without a leading dot; leave it out for this host alone')
  }
  if (sameSite === 'None' && !secure) throw new TypeError(`${where}: browsers drop SameSite=None without Secure; it needs https`)
  if (!Number.isInteger(budget) || budget < 1000 || budget > 64_000) throw expected(`${where}: budget`, '1000 to 64000 bytes', budget)
  const prefix = !secure ? '' : domain === undefined && path === '/' ? '__Host-' : '__Secure-'
  const suffix = `${domain === undefined ? '' : `; Domain=${domain}`}; Path=${path}; HttpOnly${secure ? '; Secure' : ''}; SameSite=${sameSite}`
  return Object.freeze({ name: prefix + name, suffix, budget })
}

/** One Set-Cookie line. @param maxAge seconds; left out: until the browser is closed */
export function setCookieLine (cookie: Cookie, name: string, value: string, maxAge?: number): string {
  return `${name}=${value}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}${cookie.suffix}`
}
