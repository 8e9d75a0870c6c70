import { InvalidRequestError } from './errors.js'
import type { Reason } from './refusal.js'

/** The scheme of an access token. */
export type TokenScheme = 'Bearer' | 'DPoP'

/** A token as it came. */
export interface SentToken {
  readonly scheme: TokenScheme
  readonly token: string
  /** Whether a header DPoP came too. */
  readonly hasProof: boolean
}

/** What a request carries: a token, nothing a gatehouse reads, or something malformed. */
export type Extraction = SentToken | { readonly reason: Extract<Reason, 'header_missing' | 'scheme_unsupported'>, readonly found?: string }

// Anything else may be a secret sent without its scheme: it is not repeated in a log.
const KNOWN_SCHEMES = ['basic', 'digest', 'dpop', 'negotiate', 'ntlm', 'token', 'apikey']

const NOTHING: Extraction = Object.freeze({ reason: 'header_missing' })

/**
 * The access token of a request's headers. Only the Authorization header is read: never the query, a body or a
 * cookie. Whether the token is well formed is not looked at here beyond being there at all; see `notToken68`.
 *
 * @param rawHeaders names and values in turn, as they came: Node keeps only the first of two Authorization headers elsewhere
 * @param takesDpop whether DPoP is a scheme this API supports
 * @throws InvalidRequestError for two Authorization headers, or a scheme without anything behind it
 * @see RFC 6750 section 2.1, 3.1; RFC 9449 section 7.1; RFC 9110 section 11.1: the scheme is case-insensitive
 */
export function sentToken (rawHeaders: readonly string[], takesDpop: boolean): Extraction {
  const authorization = singleHeader(rawHeaders, 'authorization')
  if (authorization === undefined) return NOTHING
  const end = authorization.indexOf(' ')
  const scheme = schemeOf(end === -1 ? authorization : authorization.slice(0, end), takesDpop)
  if (typeof scheme === 'object') return scheme
  if (end === -1) throw new InvalidRequestError({ reason: 'header_malformed', found: 'the scheme alone', hint: `send Authorization: ${scheme} <token>` })
  // RFC 9110 section 11.4: one or more spaces stand between scheme and credentials.
  let start = end + 1
  while (authorization.charCodeAt(start) === 0x20) start++
  return { scheme, token: authorization.slice(start), hasProof: takesDpop && hasHeader(rawHeaders, 'dpop') }
}

function schemeOf (text: string, takesDpop: boolean): TokenScheme | Extraction {
  const scheme = text.length <= 9 ? text.toLowerCase() : ''
  if (scheme === 'bearer') return 'Bearer'
  if (scheme === 'dpop' && takesDpop) return 'DPoP'
  return { reason: 'scheme_unsupported', found: KNOWN_SCHEMES.includes(scheme) ? scheme : 'no known scheme' }
}

/** @see RFC 6750 section 2.1, RFC 9110 section 11.2 */
export const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * The error for a credential that is not one token68 value, and so a malformed request, whatever it was
 * meant to be; undefined if it is one.
 *
 * @see RFC 6750 section 2.1, RFC 9110 section 11.2
 */
export function notToken68 (token: string): InvalidRequestError | undefined {
  return TOKEN68.test(token) ? undefined : new InvalidRequestError(malformation(token))
}

function malformation (token: string): { reason: Reason, hint?: string } {
  if (/^(?:bearer|dpop)\b/i.test(token)) return { reason: 'header_malformed', hint: 'the scheme is written twice' }
  if (/^["']|["']$/.test(token)) return { reason: 'token_quoted', hint: 'remove the quotes around the token' }
  if (/^<.*>$/.test(token)) return { reason: 'token_quoted', hint: 'a placeholder was sent instead of a token' }
  return { reason: 'header_malformed', hint: 'send exactly one token after the scheme' }
}

function hasHeader (rawHeaders: readonly string[], wanted: string): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === wanted.length && name.toLowerCase() === wanted) return true
  }
  return false
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
