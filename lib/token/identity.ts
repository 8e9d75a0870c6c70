import type { AccessTokenClaims, StandardClaims } from '../../types/claims.js'
import type { Identity } from '../../types/identity.js'
import type { ClaimMapping, ClaimSource, Provider } from '../../types/provider.js'
import { InvalidTokenError } from '../errors.js'

type Sources = ClaimMapping[keyof ClaimMapping]

/**
 * What verified claims say, in the words every provider shares. Everything in it is frozen, to the deepest
 * member: the same identity serves every request that carries the token.
 *
 * @throws InvalidTokenError where the claims name no subject, or a mapping function throws
 */
export function toIdentity (claims: StandardClaims, provider: Provider): Identity {
  deepFreeze(claims, provider, 1)
  const { subject, scopes, permissions, roles, organization, client } = provider.claims
  const sub = text(claims, subject, provider)
  const clientId = text(claims, client, provider)
  if (sub === undefined) {
    throw new InvalidTokenError({
      reason: 'subject_missing',
      provider: provider.name,
      clientId,
      hint: "the token has no sub: name the claim that identifies the caller with { claims: { subject: ['sub', 'client_id'] } }"
    })
  }
  return Object.freeze({
    type: 'access_token',
    provider: provider.name,
    issuer: provider.issuerTemplate === undefined ? provider.issuer : claims.iss,
    subject: sub,
    clientId,
    organizationId: text(claims, organization, provider),
    scopes: list(claims, scopes, provider, ' '),
    permissions: list(claims, permissions, provider),
    roles: list(claims, roles, provider),
    claims: claims as AccessTokenClaims,
    expiresAt: claims.exp
  })
}

/** The organization claims name, whatever token they came in. */
export function organizationOf (claims: StandardClaims, provider: Provider): string | undefined {
  return text(claims, provider.claims.organization, provider)
}

/** The first source that is a text. */
function text (claims: StandardClaims, sources: Sources, provider: Provider): string | undefined {
  if (typeof sources === 'string') return textOf(member(claims, sources))
  for (const source of Array.isArray(sources) ? sources as readonly ClaimSource[] : [sources as ClaimSource]) {
    const value = textOf(read(claims, source, provider))
    if (value !== undefined) return value
  }
  return undefined
}

function textOf (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

const NONE: readonly string[] = Object.freeze([])

/** Every text of every source, once. Texts are split only where a separator is given (scopes). */
function list (claims: StandardClaims, sources: Sources, provider: Provider, separator?: string): readonly string[] {
  let names: string[] | undefined
  for (const source of Array.isArray(sources) ? sources as readonly ClaimSource[] : [sources as ClaimSource]) {
    const value = read(claims, source, provider)
    if (value === undefined || value === null) continue
    const texts: readonly unknown[] = Array.isArray(value) ? value : separator !== undefined && typeof value === 'string' ? value.split(separator) : [value]
    for (const name of texts) {
      if (typeof name !== 'string' || name === '') continue
      names ??= []
      if (!names.includes(name)) names.push(name)
    }
  }
  return names === undefined ? NONE : Object.freeze(names)
}

function read (claims: StandardClaims, source: ClaimSource, provider: Provider): unknown {
  if (typeof source === 'string') return member(claims, source)
  if (typeof source === 'function') {
    try {
      return source(claims)
    } catch {
      throw new InvalidTokenError({ reason: 'claim_malformed', provider: provider.name, hint: 'a claims function of the provider threw' })
    }
  }
  let value: unknown = claims
  for (const name of source.path) value = member(value, name)
  return value
}

/** Own members only: a claim called `constructor` must not find Object's. */
function member (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

/** Claims nested deeper than this are refused: no provider needs it, and walking them must not exhaust the stack. */
const DEEPEST = 64

function deepFreeze (value: object, provider: Provider, depth: number): void {
  if (depth > DEEPEST) throw new InvalidTokenError({ reason: 'claim_malformed', provider: provider.name, found: `claims nested deeper than ${DEEPEST} levels` })
  for (const name in value) {
    const inner = (value as Record<string, unknown>)[name]
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner, provider, depth + 1)
  }
  Object.freeze(value)
}
