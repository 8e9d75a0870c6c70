import { expected } from '../configuration.js'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * An issuer as it is compared with `iss`: returned to the letter, checked to be an https URL without query and
 * fragment. Plain http is for loopback only, unless allowed.
 *
 * @throws TypeError naming the path
 * @see OpenID Connect Discovery section 3, RFC 8414 section 2
 */
export function issuerUrl (path: string, value: unknown, allowHttp: boolean, remedy: string): string {
  secureUrl(path, value, allowHttp, remedy)
  if (/[?#]/.test(value as string)) throw expected(path, 'a URL without query and fragment', value)
  return value as string
}

/** A URL to fetch keys from, same rules. */
export function keyUrl (path: string, value: unknown, allowHttp: boolean): string {
  secureUrl(path, value, allowHttp)
  return value as string
}

/** Whether keys may be fetched from this URL: https, or http on loopback, or http where it was allowed by name. */
export function isSecure (url: URL, allowHttp: boolean): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || LOOPBACK.test(url.hostname)))
}

function secureUrl (path: string, value: unknown, allowHttp: boolean, remedy?: string): URL {
  // URL would drop white space silently, and no issuer would ever equal what was written.
  if (typeof value !== 'string' || /\s/.test(value) || !URL.canParse(value)) throw expected(path, 'an https URL', value, remedy)
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') throw new TypeError(`${path}: expected a URL without user name and password`)
  if (!isSecure(url, allowHttp)) {
    throw expected(path, 'an https URL', value, 'plain http is for loopback; dangerouslyAllowHttp: true allows it elsewhere')
  }
  return url
}

/**
 * A host name, as most tenants are named: without scheme, path, or letters in upper case.
 *
 * @param variable the environment variable it usually comes from
 * @throws TypeError naming the path and the remedy
 */
export function hostName (path: string, value: unknown, variable: string): string {
  if (typeof value !== 'string' || value === '' || value === 'undefined') throw expected(path, 'a host name', value, `is ${variable} set?`)
  const scheme = /^https?:\/\//i.exec(value)?.[0]
  if (scheme !== undefined) throw expected(path, 'a host name', value, `remove the leading ${scheme}`)
  if (value.includes('/')) throw expected(path, 'a host name', value, 'remove the slash and what follows it')
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d+)?$/.test(value)) {
    throw expected(path, 'a host name', value, 'write it in lower case, without quotes, spaces, query or fragment')
  }
  return value
}
