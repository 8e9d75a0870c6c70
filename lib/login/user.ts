import type { JsonMembers } from '../../types/session.js'
import { isPlainObject } from '../configuration.js'
import { loggable } from '../refusal.js'
import { jsonMembersOf } from '../session/json.js'
import { LoginError } from './errors.js'

/** Claims that speak of a token or of the provider's session, not of the person. */
const PROTOCOL = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'azp', 'at_hash', 'c_hash', 's_hash', 'sid', 'auth_time', 'acr', 'amr', 'session_expiry', 'typ', 'token_use'])

/**
 * What claims say of the person; of several sets the later ones count.
 *
 * @param provider its name
 * @throws LoginError for what JSON cannot say again: a number past all bounds, a hundred lists in each other
 */
export function userOf (provider: string, ...claims: ReadonlyArray<Readonly<Record<string, unknown>>>): JsonMembers {
  const members = claims.flatMap((set) => Object.entries(set)).filter(([name]) => !PROTOCOL.has(name))
  try {
    return jsonMembersOf('user', Object.fromEntries(members))
  } catch (error) {
    throw new LoginError({ reason: 'claim_malformed', provider, found: loggable((error as TypeError).message) })
  }
}

/**
 * Who acts for the person is the word of the ID token, whatever userinfo and the app made of the rest: what the app leaves
 * out must not look like nobody.
 *
 * @see RFC 8693 section 4.1
 */
export function withActor (user: JsonMembers, provider: string, claims: Readonly<Record<string, unknown>>): JsonMembers {
  return Object.hasOwn(claims, 'act') ? { ...user, ...userOf(provider, { act: claims.act }) } : user
}

/** What an app says of the person, or keeps beside it. @throws TypeError naming the member that is not JSON, never its value */
export function givenMembers (path: string, value: unknown): JsonMembers {
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected an object`)
  return jsonMembersOf(path, value)
}
