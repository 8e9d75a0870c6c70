import { isUtf8 } from 'node:buffer'
import { InvalidTokenError } from '../errors.js'
import type { Reason } from '../refusal.js'
import { hasDuplicateMembers } from './duplicate-members.js'

/** A compact JWS taken apart, each part as it stands in the token. */
export interface TokenParts {
  readonly header: string
  readonly payload: string
}

/** A member of a JWS as it was read: nothing in it is verified. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Characters a token may have at most; what is longer is not looked at. */
const LONGEST = 16_384
/** A header is a JSON object, and whatever begins with a brace is encoded with this letter first. */
const FIRST = 'e'.charCodeAt(0)

/** Whether a token begins as every JWS does: one look that spares all others for most garbage. */
export function startsLikeJws (token: string): boolean {
  return token.charCodeAt(0) === FIRST
}

/** Whether a text has three parts, as a JWS has and nothing else may: what fails as a JWT is not tried as an opaque token. */
export function looksLikeJws (text: string): boolean {
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  return first !== -1 && second !== -1 && text.indexOf('.', second + 1) === -1
}

/** Whether a text stands where a token was forgotten. */
export function isPlaceholder (text: string): boolean {
  return /^(undefined|null|your[_-]?(access[_-]?)?token|token)$/i.test(text)
}

/** Whether a text is longer than anything that is looked at. */
export function isTooLarge (text: string): boolean {
  return text.length > LONGEST
}

/** The error for a text that is no JWS. */
export function unlikeJws (token: string): InvalidTokenError {
  if (token.length > LONGEST) return tooLarge(token)
  return token.split('.', 4).length === 3 ? malformed('token_malformed', { found: 'a header that is not a JSON object' }) : notThreeParts(token)
}

/**
 * Takes a compact JWS apart: three parts that are not empty, without stray bits at their ends. One token has one
 * spelling, so a hash of it is a sound cache key. Whether the characters are those of base64url is left to whoever
 * decodes the parts; see `requireBase64url`.
 *
 * @param token one that starts like a JWS
 * @throws InvalidTokenError
 * @see RFC 7515 section 5.2, RFC 4648 section 3.5
 */
export function splitToken (token: string): TokenParts {
  if (token.length > LONGEST) throw tooLarge(token)
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first === -1 || second === -1 || token.indexOf('.', second + 1) !== -1) throw notThreeParts(token)
  const header = token.slice(0, first)
  const payload = token.slice(first + 1, second)
  if (endsClean(header) && endsClean(payload) && endsClean(token.slice(second + 1))) return { header, payload }
  throw notCanonical()
}

/** @throws InvalidTokenError for a token with a character no part can have, before anything is done on its account */
export function requireBase64url (token: string): void {
  if (!/^[\w.-]+$/.test(token)) throw malformed('token_malformed', { found: 'a character that is not base64url' })
}

/**
 * Reads a header or a payload strictly: canonical base64url, UTF-8, a JSON object without duplicate members.
 *
 * @throws InvalidTokenError
 * @see RFC 8725 section 2.4; RFC 7515 section 4, RFC 7519 section 4: duplicate members are refused
 */
export function readPart (part: string, name: 'header' | 'payload'): JsonObject {
  if (!/^[\w-]+$/.test(part)) throw malformed('token_malformed', { found: `${name} is not canonical base64url` })
  const bytes = Buffer.from(part, 'base64url')
  let value: unknown
  try {
    value = isUtf8(bytes) ? JSON.parse(bytes.toString()) : undefined
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('token_malformed', { found: `${name} is not a JSON object` })
  confirmSpelling(part, value)
  return value as JsonObject
}

/**
 * Refuses what a lenient reader let pass: a part that is not UTF-8, has a member twice, or is nested so deep that
 * walking it would exhaust the stack.
 *
 * @param value what that reader made of the part
 * @returns the part as text
 * @throws InvalidTokenError
 */
export function confirmSpelling (part: string, value: object): string {
  const bytes = Buffer.from(part, 'base64url')
  if (!isUtf8(bytes)) throw malformed('token_malformed', { found: 'a part that is not UTF-8' })
  const text = bytes.toString()
  let hasDuplicates: boolean
  try {
    hasDuplicates = hasDuplicateMembers(text, value)
  } catch {
    throw malformed('token_malformed', { found: 'a value nested too deep' })
  }
  if (hasDuplicates) throw malformed('token_malformed', { found: 'a member twice' })
  return text
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Whether the bits of the last character that encode nothing are zero; of a character that is none they are not. */
function endsClean (part: string): boolean {
  const over = part.length % 4
  if (over === 0) return part.length > 0
  return over !== 1 && (ALPHABET.indexOf(part.charAt(part.length - 1)) & (over === 2 ? 0b1111 : 0b11)) === 0
}

function tooLarge (token: string): InvalidTokenError {
  return malformed('token_too_large', { found: `${token.length} characters`, expected: `at most ${LONGEST}` })
}

function notCanonical (): InvalidTokenError {
  return malformed('token_malformed', { found: 'a part that is not canonical base64url' })
}

function notThreeParts (token: string): InvalidTokenError {
  const parts = token.split('.').length
  if (parts === 5) return malformed('token_encrypted', { hint: 'encrypted tokens (JWE) are not supported: let the provider sign only' })
  if (isPlaceholder(token)) {
    return malformed('token_quoted', { hint: 'a placeholder was sent instead of a token' })
  }
  if (parts !== 1) return malformed('token_malformed', { found: `${parts} parts`, expected: '3 parts' })
  return malformed('token_opaque', { hint: 'not a JWT: did the client ask the provider for a token of this audience?' })
}

function malformed (reason: Reason, about: { found?: string, expected?: string, hint?: string }): InvalidTokenError {
  return new InvalidTokenError({ reason, ...about })
}
