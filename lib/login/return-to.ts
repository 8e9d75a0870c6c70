const LONGEST = 2000

/**
 * What no return address of ours looks like: one that does not begin with a single slash, or begins with an encoded
 * one (somebody behind us may decode); a backslash, which browsers read as a slash; a control character, of which they
 * drop some wherever they stand.
 */
const HOSTILE = /^(?!\/)|^\/(?:[/\\]|%2f|%5c)|[\\\x00-\x1f\x7f]/i // eslint-disable-line no-control-regex

/**
 * Where to send a browser after login: a path of this site, with query and fragment, that begins with exactly one
 * slash and needs no escaping in a header. Anything else than such a path, be it hostile or no text, gives the start page:
 * `/`, or the prefix of the base URL. It never throws.
 *
 * It does not say whether the page exists, nor whether it is one that logs in or out.
 *
 * @param base one of the base URLs
 * @see RFC 9700 section 4.11; URL Standard, section "URL parsing"
 */
export function returnTo (value: unknown, base: string): string {
  const site = new URL(base)
  if (typeof value !== 'string' || value.length > LONGEST || HOSTILE.test(value)) return site.pathname
  const { pathname, search, hash } = new URL(value, site)
  const path = pathname + search + hash
  // Dots vanish on the way: `/.//evil.example` becomes `//evil.example`.
  return HOSTILE.test(path) || path.length > LONGEST ? site.pathname : path
}
