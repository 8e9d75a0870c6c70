import { isUtf8 } from 'node:buffer'
import { InvalidTokenError } from '../errors.js'
import type { Reason } from '../refusal.js'
import { hasDuplicateMembers } from './duplicate-members.js'

/** A token taken apart. Nothing in it is verified. */
export interface ParsedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Characters a token may have at most; what is longer is not looked at. */
const LONGEST = 16_384

/**
 * Takes a compact JWS apart, strictly: three parts of canonical base64url, the first two of them JSON objects
 * in UTF-8 without duplicate members. One token has one spelling, so a hash of it is a sound cache key.
 *
 * @throws InvalidTokenError
 * @see RFC 7515 section 5.2, RFC 8725 section 2.4; RFC 7515 section 4: duplicate members are refused
 */
export function parseToken (token: string): ParsedToken {
  if (token.length > LONGEST) throw malformed('token_too_large', { found: `${token.length} characters`, expected: `at most ${LONGEST}` })
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first === -1 || second === -1 || token.indexOf('.', second + 1) !== -1) throw notThreeParts(token)
  const header = jsonObject(token.slice(0, first), 'header')
  const claims = jsonObject(token.slice(first + 1, second), 'payload')
  if (second === token.length - 1 || !isCanonical(token.slice(second + 1))) throw malformed('token_malformed', { found: 'no canonical signature part' })
  return { header, claims }
}

function jsonObject (segment: string, part: 'header' | 'payload'): Record<string, unknown> {
  if (!isCanonical(segment)) throw malformed('token_malformed', { found: `${part} is not canonical base64url` })
  const bytes = Buffer.from(segment, 'base64url')
  if (!isUtf8(bytes)) throw malformed('token_malformed', { found: `${part} is not UTF-8` })
  const text = bytes.toString('utf8')
  let value: unknown
  let canonical: string
  try {
    value = JSON.parse(text)
    // Throws for values nested so deep that they would exhaust the stack.
    canonical = JSON.stringify(value)
  } catch {
    throw malformed('token_malformed', { found: `${part} is not JSON` })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('token_malformed', { found: `${part} is not a JSON object` })
  // What JSON.stringify writes has no duplicates: if it gives the very text back, there is nothing to look for.
  if (canonical !== text && hasDuplicateMembers(text)) throw malformed('token_malformed', { found: `${part} has a member twice` })
  return value as Record<string, unknown>
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64url without padding, white space, or stray bits in the last character (RFC 4648 section 3.3, 3.5). */
function isCanonical (segment: string): boolean {
  const over = segment.length % 4
  if (over === 1 || !/^[\w-]+$/.test(segment)) return false
  if (over === 0) return true
  return (ALPHABET.indexOf(segment.charAt(segment.length - 1)) & (over === 2 ? 0b1111 : 0b11)) === 0
}

function notThreeParts (token: string): InvalidTokenError {
  const parts = token.split('.').length
  if (parts === 5) return malformed('token_encrypted', { hint: 'encrypted tokens (JWE) are not supported: let the provider sign only' })
  if (/^(undefined|null|your[_-]?(access[_-]?)?token|token)$/i.test(token)) {
    return malformed('token_quoted', { hint: 'a placeholder was sent instead of a token' })
  }
  if (parts !== 1) return malformed('token_malformed', { found: `${parts} parts`, expected: '3 parts' })
  return malformed('token_opaque', { hint: 'not a JWT: did the client ask the provider for a token of this audience?' })
}

function malformed (reason: Reason, about: { found?: string, expected?: string, hint?: string }): InvalidTokenError {
  return new InvalidTokenError({ reason, ...about })
}
