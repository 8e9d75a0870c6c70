import { cookieValues } from '../cookies.js'
import { setCookieLine } from './cookie-attributes.js'
import type { Cookie } from './cookie-attributes.js'
import { CookieTooLargeError } from './errors.js'

/** What an answer does with a cookie. */
export interface CookieChange {
  /** The Cookie header of the request: which chunks of a former value there are. */
  readonly header: string | undefined
  /**
   * Clears every chunk there can be, not only those of the header. For the answer to a POST from another site, to
   * which browsers attach no `SameSite=Lax` cookie: what it did not carry may be there all the same.
   */
  readonly sweep?: boolean
}

/**
 * The longest Set-Cookie line. Chromium once counted the whole line, Safari may; Firefox and, by the present draft,
 * all count name and value alone. A whole line of this length is kept by every one of them.
 *
 * @see draft-ietf-httpbis-rfc6265bis section 5.6; RFC 6265 section 6.1
 */
const LONGEST_LINE = 4096
/** Browsers keep nothing longer than 400 days. */
export const LONGEST_AGE = 34_560_000
/** What may follow the name in a Cookie header: the number of a chunk, spelled as we do. */
const CHUNK = /^\.(?:0|[1-9]\d?)(?=[ \t=])/

/**
 * The Set-Cookie lines that give a cookie this value: one line, or chunks `name.0`, `name.1`, … each filled to the
 * byte. Chunks of a former value which the new one does not replace are cleared.
 *
 * @param value letters, digits, `-`, `_` and `.`: what a sealer gives
 * @param maxAge seconds; left out: until the browser is closed
 * @throws CookieTooLargeError past the budget
 */
export function writeCookie (cookie: Cookie, value: string, change: CookieChange, maxAge?: number): string[] {
  if (!/^[\w.-]+$/.test(value)) throw new TypeError('cookie: expected a sealed text; clearCookie removes one')
  // A browser ignores `Max-Age=NaN`, and keeps the cookie for as long as it runs.
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge > 0 && maxAge <= LONGEST_AGE)) throw new TypeError(`cookie: expected a lifetime of 1 to ${LONGEST_AGE} whole seconds`)
  const parts = partsOf(cookie, value, maxAge)
  const needed = [...parts].reduce((bytes, [name, part]) => bytes + name.length + 1 + part.length + 2, -2)
  if (needed > cookie.budget) throw new CookieTooLargeError(cookie, needed)
  const stale = clearCookie(cookie, change, new Set(parts.keys()))
  return [...stale, ...Array.from(parts, ([name, part]) => setCookieLine(cookie, name, part, maxAge))]
}

/**
 * The value of a cookie; undefined if it is not there, not whole, or there twice: then it comes from two domains or
 * paths, and which is ours nobody can tell. Whether its chunks belong together is for the seal to say.
 */
export function readCookie (cookie: Cookie, header: string | undefined): string | undefined {
  const carried = carriedBy(header, cookie.name)
  if ([...carried.values()].includes(undefined)) return undefined
  if (carried.has(cookie.name)) return carried.size === 1 ? carried.get(cookie.name) : undefined
  let value = ''
  for (let index = 0; index < carried.size; index++) {
    const part = carried.get(chunkName(cookie, index))
    if (part === undefined) return undefined
    value += part
  }
  return carried.size === 0 ? undefined : value
}

/** The Set-Cookie lines that remove a cookie with all its chunks; none if the request carried none. */
export function clearCookie (cookie: Cookie, { header, sweep = false }: CookieChange, keep: ReadonlySet<string> = new Set()): string[] {
  const names = new Set(carriedBy(header, cookie.name).keys())
  if (sweep) for (const name of possibleNames(cookie)) names.add(name)
  return [...names].filter((name) => !keep.has(name)).map((name) => setCookieLine(cookie, name, '', 0))
}

function partsOf (cookie: Cookie, value: string, maxAge: number | undefined): Map<string, string> {
  if (value.length <= roomIn(cookie, cookie.name, maxAge)) return new Map([[cookie.name, value]])
  const parts = new Map<string, string>()
  for (let start = 0; start < value.length;) {
    const name = chunkName(cookie, parts.size)
    const end = start + roomIn(cookie, name, maxAge)
    parts.set(name, value.slice(start, end))
    start = end
  }
  return parts
}

function roomIn (cookie: Cookie, name: string, maxAge: number | undefined): number {
  return LONGEST_LINE - setCookieLine(cookie, name, '', maxAge).length
}

function chunkName (cookie: Cookie, index: number): string {
  return `${cookie.name}.${index}`
}

function possibleNames (cookie: Cookie): string[] {
  const chunks = Math.ceil(cookie.budget / roomIn(cookie, chunkName(cookie, 99), LONGEST_AGE))
  return [cookie.name, ...Array.from({ length: chunks }, (_, index) => chunkName(cookie, index))]
}

/** The cookie and its chunks by name, as a request carries them; the value is undefined where a name stands twice. */
function carriedBy (header: string | undefined, name: string): Map<string, string | undefined> {
  const carried = new Map<string, string | undefined>()
  if (header === undefined) return carried
  // From pair to pair that has the name somewhere: taking 16 KB of semicolons apart costs more than serving a request.
  for (let at = header.indexOf(name); at !== -1;) {
    const start = header.lastIndexOf(';', at) + 1
    const end = header.indexOf(';', at)
    const found = name + (CHUNK.exec(header.slice(at + name.length, at + name.length + 4))?.[0] ?? '')
    for (const value of cookieValues(header.slice(start, end === -1 ? undefined : end), found)) carried.set(found, carried.has(found) ? undefined : value)
    at = end === -1 ? -1 : header.indexOf(name, end)
  }
  return carried
}
