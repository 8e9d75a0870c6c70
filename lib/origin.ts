import type { IncomingHttpHeaders } from 'node:http'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/** Whose pages may act with a credential the browser sends by itself. */
export interface TrustedPages {
  /** `https://app.example.com` */
  readonly origins: readonly string[]
  /** `app.example.com`, https only but on this machine. */
  readonly domains: readonly string[]
}

/**
 * Whether a request may act with a credential from a cookie. A page of another site can make a browser send one, so
 * what may change something, or opens a WebSocket, must come from a page that is trusted. `same-site` alone is not
 * enough: a sibling subdomain may be anybody's.
 *
 * @see Fetch Metadata Request Headers; RFC 6454 section 7; RFC 9110 section 9.2.1
 */
export function mayActByCookie (method: string, headers: IncomingHttpHeaders, { origins, domains }: TrustedPages): boolean {
  if (SAFE_METHODS.includes(method) && headers.upgrade === undefined) return true
  if (headers['sec-fetch-site'] === 'same-origin') return true
  const { origin } = headers
  return typeof origin === 'string' && (origins.includes(origin) || domains.some((domain) => isPageOf(domain, origin)))
}

function isPageOf (domain: string, origin: string): boolean {
  return origin === `https://${domain}` || (/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(domain) && origin === `http://${domain}`)
}
