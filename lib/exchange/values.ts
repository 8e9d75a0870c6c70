import { expected } from '../configuration.js'
import { isScopeToken } from '../scope-token.js'

const UNSET = 'is its environment variable set?'

/** @throws TypeError for what is no text, is empty or has white space around it */
export function textOf (path: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value !== value.trim() || value === 'undefined') throw expected(path, 'a text that is not empty, without white space around it', value, UNSET)
  return value
}

/** A token, which no message shows. @throws TypeError for what is blank, padded, or the whole value of a header */
export function tokenOf (path: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value !== value.trim()) throw new TypeError(`${path}: expected a token, without white space around it; ${UNSET}`)
  if (/^bearer\s/i.test(value)) throw new TypeError(`${path}: expected the token alone, without Bearer before it`)
  return value
}

/** @throws TypeError for what is no absolute URI @see RFC 3986 section 4.3 */
export function absoluteUri (path: string, value: unknown): string {
  const uri = textOf(path, value)
  if (!isAbsoluteUri(uri)) throw expected(path, 'an absolute URI', value)
  return uri
}

/** What a token is. No message shows the value: it may be the token, mixed up with it. @throws TypeError for what is no absolute URI */
export function tokenType (path: string, value: unknown): string {
  if (typeof value !== 'string' || !isAbsoluteUri(value)) throw new TypeError(`${path}: expected an absolute URI; ${UNSET}`)
  return value
}

/** URL passes over what no URI has: white space, control characters, letters beyond ASCII. */
function isAbsoluteUri (text: string): boolean {
  return /^[\x21-\x7E]+$/.test(text) && URL.canParse(text)
}

/** Whether a URI is in a name space of the standards' or of a vendor's, where nobody else may name a type. */
export function isReserved (uri: string): boolean {
  const { protocol, hostname } = new URL(uri)
  return /^urn:(ietf|auth0|okta)(:|$)/i.test(uri) || (protocol !== 'urn:' && /(^|\.)(auth0|okta)\.com\.?$/i.test(hostname))
}

/** One value or several, none of them twice; undefined: none. @throws TypeError for an empty list, and what `check` throws */
export function repeatable (path: string, value: unknown, check: (path: string, value: unknown) => string): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) return [check(path, value)]
  if (value.length === 0) throw expected(path, 'a text or a list that is not empty', value)
  // A copy first: `map` passes over the holes of a list.
  return [...new Set(Array.from(value, (item) => check(path, item)))]
}

/** Scopes, in a list or separated by spaces, in the order they came. @throws TypeError @see RFC 6749 section 3.3 */
export function scopesOf (path: string, value: unknown): string[] {
  const scopes = repeatable(path, value, textOf).flatMap((text) => text.split(' '))
  for (const scope of scopes) {
    if (!isScopeToken(scope)) throw expected(path, 'scopes separated by one space', scope)
  }
  return scopes
}
