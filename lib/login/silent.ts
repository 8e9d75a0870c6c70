import type { BaseUrl } from '../base-url.js'
import { cookieValues } from '../cookies.js'
import { defineCookie, setCookieLine } from '../session/cookie-attributes.js'
import type { Cookie } from '../session/cookie-attributes.js'

/**
 * Remembers, as long as the browser runs, that the provider was asked: who is not logged in there is not asked again
 * with every page.
 *
 * @param session name of the session cookie: apps that share a host have several
 */
export function silentMark (session: string, { secure }: BaseUrl): Cookie {
  return defineCookie(`${session}-silent`, { path: '/', secure, sameSite: 'Lax' })
}

/** Whether the provider was asked already. */
export function wasSilent (mark: Cookie, header: string | undefined): boolean {
  return header !== undefined && cookieValues(header, mark.name).length > 0
}

/** The Set-Cookie line that says so. */
export function markSilent (mark: Cookie): string {
  return setCookieLine(mark, mark.name, '1')
}

/**
 * Error codes that mean: not without showing something.
 *
 * @see OpenID Connect Core section 3.1.2.6
 */
const NOT_SILENTLY = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']

/** Whether an error code says no more than that. */
export function isNotSilently (error: string | undefined): boolean {
  return error !== undefined && NOT_SILENTLY.includes(error)
}
