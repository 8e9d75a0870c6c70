import { InvalidRequestError } from './errors.js'
import type { Reason } from './refusal.js'

/** What a request carries: a token, nothing a gatehouse reads, or something malformed. */
export type Extraction = string | { readonly reason: Extract<Reason, 'header_missing' | 'scheme_unsupported'>, readonly found?: string }

// Anything else may be a secret sent without its scheme: it is not repeated in a log.
const KNOWN_SCHEMES = ['basic', 'digest', 'dpop', 'negotiate', 'ntlm', 'token', 'apikey']

const NOTHING: Extraction = Object.freeze({ reason: 'header_missing' })

/**
 * The Bearer token of a request's headers. Only the Authorization header is read: never the query, a body or a
 * cookie. Whether the token is well formed is not looked at here beyond being there at all; see `notToken68`.
 *
 * @param rawHeaders names and values in turn, as they came: Node keeps only the first of two Authorization headers elsewhere
 * @throws InvalidRequestError for two Authorization headers, or the Bearer scheme without anything behind it
 * @see RFC 6750 section 2.1, 3.1; RFC 9110 section 11.1: the scheme is case-insensitive
 */
export function bearerToken (rawHeaders: readonly string[]): Extraction {
  const authorization = singleHeader(rawHeaders, 'authorization')
  if (authorization === undefined) return NOTHING
  const end = authorization.indexOf(' ')
  const scheme = end === -1 ? authorization : authorization.slice(0, end)
  if (scheme.length !== 6 || scheme.toLowerCase() !== 'bearer') {
    return { reason: 'scheme_unsupported', found: KNOWN_SCHEMES.find((name) => name === scheme.toLowerCase()) ?? 'no known scheme' }
  }
  if (end === -1) throw new InvalidRequestError({ reason: 'header_malformed', found: 'the scheme alone', hint: 'send Authorization: Bearer <token>' })
  // RFC 9110 section 11.4: one or more spaces stand between scheme and credentials.
  let start = end + 1
  while (authorization.charCodeAt(start) === 0x20) start++
  return authorization.slice(start)
}

/** @see RFC 6750 section 2.1, RFC 9110 section 11.2 */
export const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * The error for a Bearer credential that is not one token68 value, and so a malformed request, whatever it was
 * meant to be; undefined if it is one.
 *
 * @see RFC 6750 section 2.1, RFC 9110 section 11.2
 */
export function notToken68 (token: string): InvalidRequestError | undefined {
  return TOKEN68.test(token) ? undefined : new InvalidRequestError(malformation(token))
}

function malformation (token: string): { reason: Reason, hint?: string } {
  if (/^bearer\b/i.test(token)) return { reason: 'header_malformed', hint: 'the scheme is written twice' }
  if (/^["']|["']$/.test(token)) return { reason: 'token_quoted', hint: 'remove the quotes around the token' }
  if (/^<.*>$/.test(token)) return { reason: 'token_quoted', hint: 'a placeholder was sent instead of a token' }
  return { reason: 'header_malformed', hint: 'send exactly one token: Authorization: Bearer <token>' }
}

/**
 * The value of a header that may come once.
 *
 * @param rawHeaders names and values in turn, as they came
 * @param wanted its name, in lower case
 * @throws InvalidRequestError for two of them
 */
export function singleHeader (rawHeaders: readonly string[], wanted: string): string | undefined {
  let found: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue
    if (found !== undefined) {
      throw new InvalidRequestError({ reason: 'header_repeated', hint: `a client or a proxy adds a second ${wanted} header` })
    }
    found = rawHeaders[index + 1]!
  }
  return found
}
