import type { ClaimMapping, ClaimSource, TokenKind } from '../../types/provider.js'
import { expected, isPlainObject, plainObject, refuseUnknownKeys } from '../configuration.js'

const CLAIMS: ClaimMapping = {
  subject: 'sub',
  scopes: ['scope', 'scp'],
  permissions: 'permissions',
  roles: 'roles',
  organization: 'org_id',
  client: ['client_id', 'azp']
}

const TOKEN_KIND: TokenKind = {
  required: [],
  access: { token_use: ['access'] },
  marks: ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'token_introspection'],
  others: { typ: ['ID', 'Refresh', 'Logout'], token_use: ['id'] }
}

/**
 * Which claims mean what: the user's word, the preset's, the usual.
 *
 * @throws TypeError naming path, value and remedy
 */
export function claimMapping (path: string, value: unknown, preset: Partial<ClaimMapping>): ClaimMapping {
  const members = plainObject(path, value)
  refuseUnknownKeys(path, members, Object.keys(CLAIMS))
  const merged = frozenCopy({ ...CLAIMS, ...preset, ...definedMembers(members) }) as ClaimMapping
  for (const [member, sources] of Object.entries(merged)) {
    const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources]
    if (list.length === 0 || !list.every(isSource)) {
      throw expected(`${path}.${member}`, 'a claim name, { path: […] }, a function, or a list of those', sources)
    }
  }
  return merged
}

function isSource (value: unknown): value is ClaimSource {
  if (typeof value === 'function') return true
  if (typeof value === 'string') return value !== ''
  return isPlainObject(value) && Array.isArray(value.path) && value.path.length > 0 &&
    value.path.every((name) => typeof name === 'string' && name !== '') && Object.keys(value).length === 1
}

/**
 * What tells access tokens from other JWTs.
 *
 * @throws TypeError naming path, value and remedy
 */
export function tokenKindOf (path: string, value: unknown, preset: Partial<TokenKind>): TokenKind {
  const members = plainObject(path, value)
  refuseUnknownKeys(path, members, Object.keys(TOKEN_KIND))
  const { required, access = {}, marks, others = {} } = { ...preset, ...definedMembers(members) } as Partial<TokenKind>
  for (const [member, list] of Object.entries({ required, marks })) {
    if (list !== undefined && !(Array.isArray(list) && Array.from(list).every((name) => typeof name === 'string'))) throw expected(`${path}.${member}`, 'a list of claim names', list)
  }
  checkClaimValues(`${path}.access`, access)
  checkClaimValues(`${path}.others`, others)
  // By claim, so that whoever adds one does not take the others' protection away; an empty list does.
  return frozenCopy({
    required: required ?? TOKEN_KIND.required,
    access: { ...TOKEN_KIND.access, ...preset.access, ...access },
    marks: marks ?? TOKEN_KIND.marks,
    others: { ...TOKEN_KIND.others, ...preset.others, ...others }
  }) as TokenKind
}

function checkClaimValues (path: string, value: unknown): void {
  for (const [claim, values] of Object.entries(plainObject(path, value))) {
    if (!Array.isArray(values) || !Array.from(values).every((item) => typeof item === 'string')) throw expected(`${path}.${claim}`, 'a list of texts', values)
  }
}

/** A copy of plain objects and lists, frozen to the deepest: what the user gave stays theirs. */
function frozenCopy (value: unknown): unknown {
  // Array.from fills the holes of a list, which every check after it would pass over.
  if (Array.isArray(value)) return Object.freeze(Array.from(value, frozenCopy))
  if (!isPlainObject(value)) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozenCopy(member)])))
}

function definedMembers (value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}
