import type { BaseUrl } from '../base-url.js'
import { cookieValues } from '../cookies.js'
import { defineCookie, setCookieLine } from '../session/cookie-attributes.js'
import type { Cookie } from '../session/cookie-attributes.js'

/** Seconds in which a browser that was logged in comes back with its session. */
const SOON = 10

/**
 * Says for some seconds that a browser was logged in. Who comes back without a session would without one after the next
 * login as well: its cookie is kept nowhere, or another site's page set one of the same name.
 *
 * @param session name of the session cookie
 */
export function arrivalMark (session: string, { secure }: BaseUrl): Cookie {
  return defineCookie(`${session}-arrived`, { path: '/', secure, sameSite: 'Lax' })
}

/** The Set-Cookie line that says so. @param demanded what a route demanded of the login, in short: letters, digits, - and _ */
export function markArrival (mark: Cookie, demanded = '1'): string {
  return setCookieLine(mark, mark.name, demanded, SOON)
}

/** The Set-Cookie line that takes it back: who logged out may log in again at once. */
export function clearArrival (mark: Cookie): string {
  return setCookieLine(mark, mark.name, '', 0)
}

/** @param demanded left out: from whatever login */
export function hasJustArrived (mark: Cookie, header: string | undefined, demanded?: string): boolean {
  if (header === undefined) return false
  const found = cookieValues(header, mark.name)
  return demanded === undefined ? found.length > 0 : found.includes(demanded)
}
