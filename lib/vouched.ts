import type { Vouched } from '../types/authenticator.js'
import type { AccessTokenClaims } from '../types/claims.js'
import type { Identity } from '../types/identity.js'
import { isPlainObject, refuseUnknownKeys } from './configuration.js'
import type { Refusal } from './refusal.js'

/** The members of `Vouched`. */
export const VOUCHED_MEMBERS: readonly string[] = ['subject', 'clientId', 'organizationId', 'scopes', 'permissions', 'roles', 'claims', 'expiresAt']
/** The year 5138, in seconds. */
const LATEST = 1e11
/** As deep as the claims of a token. */
const DEEPEST = 64

/**
 * What an authenticator answered, as an identity: copied and deeply frozen, for it may serve many requests.
 *
 * @param name the authenticator's
 * @throws TypeError for an answer that is malformed: a mistake must not become an identity
 */
export function toVouchedIdentity (answer: unknown, name: string): Identity | Refusal {
  if (answer === undefined || answer === null) return { reason: 'credential_unknown', provider: name }
  if (!isPlainObject(answer)) throw new TypeError('authenticate must return { subject, … }, undefined or null')
  refuseUnknownKeys('the answer of authenticate', answer, VOUCHED_MEMBERS)
  const { subject, clientId, organizationId, claims = {}, expiresAt, ...lists }: { readonly [Member in keyof Vouched]?: unknown } = answer
  // Milliseconds would be a time no credential ends at.
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && expiresAt >= 0 && expiresAt < LATEST)) throw new TypeError('expiresAt must be a number of seconds since the epoch')
  if (!isPlainObject(claims)) throw new TypeError('claims must be an object')
  const identity: Identity = {
    type: name,
    provider: name,
    issuer: undefined,
    subject: text('subject', subject),
    clientId: clientId === undefined ? undefined : text('clientId', clientId),
    organizationId: organizationId === undefined ? undefined : text('organizationId', organizationId),
    scopes: names('scopes', lists.scopes),
    permissions: names('permissions', lists.permissions),
    roles: names('roles', lists.roles),
    claims: frozenCopy(claims, 1) as AccessTokenClaims,
    expiresAt
  }
  if (expiresAt !== undefined && expiresAt * 1000 <= Date.now()) return { reason: 'token_expired', provider: name }
  return Object.freeze(identity)
}

function text (member: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${member} must be a text that is not empty`)
}

function names (member: string, value: unknown = []): readonly string[] {
  // A copy first: `every` passes over the holes of a list.
  const copy: unknown[] | undefined = Array.isArray(value) ? Array.from(value) : undefined
  if (copy?.every((name) => typeof name === 'string' && name !== '') === true) return Object.freeze(copy as string[])
  throw new TypeError(`${member} must be a list of texts that are not empty`)
}

/** A date or a map could still be changed, and requests share what is kept. */
function frozenCopy (value: unknown, depth: number): unknown {
  if (depth > DEEPEST) throw new TypeError(`claims must not be nested deeper than ${DEEPEST} levels`)
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (item) => frozenCopy(item, depth + 1)))
  if (isPlainObject(value)) return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozenCopy(member, depth + 1)])))
  if (value !== null && !['string', 'number', 'boolean', 'undefined'].includes(typeof value)) throw new TypeError('claims must be plain data: texts, numbers, booleans, lists and objects of these')
  return value
}
