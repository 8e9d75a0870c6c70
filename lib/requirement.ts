import type { Requirement } from '../types/route.js'
import { expected, isPlainObject, refuseUnknownKeys } from './configuration.js'
import { isScopeToken } from './scope-token.js'

/** A requirement, compiled once. */
export interface CompiledRequirement {
  /** Whether what is held satisfies it. */
  met (held: readonly string[]): boolean
  /** The names that would do: all of them, or of `any` the first alternative's. */
  readonly sufficient: readonly string[]
  /** In words, for the guard table and the log: `a and (b or c)`. */
  readonly text: string
}

/** @throws TypeError naming the path for anything that is not a requirement, an empty list above all */
export function compileRequirement (path: string, requirement: unknown): CompiledRequirement {
  if (typeof requirement === 'string') return oneName(path, requirement)
  if (Array.isArray(requirement)) return every(path, requirement)
  if (isPlainObject(requirement)) {
    refuseUnknownKeys(path, requirement, ['all', 'any'])
    const { all, any } = requirement
    if (any === undefined && all !== undefined) return every(`${path}.all`, all)
    if (all === undefined && any !== undefined) return some(`${path}.any`, any)
  }
  throw expected(path, 'a name, a list of names, { all: […] } or { any: […] }', requirement)
}

function oneName (path: string, name: string): CompiledRequirement {
  // RFC 6749 section 3.3: a scope-token has no white space, quotes or backslashes. Nor can a name hold them
  // that is to stand in a challenge or come out of a space-separated claim.
  if (!isScopeToken(name)) {
    const remedy = /\S\s+\S/.test(name) ? `write ${JSON.stringify(name.trim().split(/\s+/))} to demand each` : undefined
    throw expected(path, 'a name without white space, quotes or backslashes', name, remedy)
  }
  return { met: (held) => held.includes(name), sufficient: [name], text: name }
}

function every (path: string, parts: unknown): CompiledRequirement {
  const compiled = compileList(path, parts)
  return {
    met: (held) => compiled.every((part) => part.met(held)),
    sufficient: [...new Set(compiled.flatMap((part) => part.sufficient))],
    text: compiled.map((part) => part.text.includes(' or ') ? `(${part.text})` : part.text).join(' and ')
  }
}

function some (path: string, parts: unknown): CompiledRequirement {
  const compiled = compileList(path, parts)
  return {
    met: (held) => compiled.some((part) => part.met(held)),
    sufficient: compiled[0]!.sufficient,
    text: compiled.map((part) => part.text.includes(' and ') ? `(${part.text})` : part.text).join(' or ')
  }
}

function compileList (path: string, parts: unknown): CompiledRequirement[] {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw expected(path, 'a list with at least one name', parts, 'leave it out to demand nothing')
  }
  // A copy first: `map` passes over the holes of a list.
  return [...parts].map((part: Requirement, index) => compileRequirement(`${path}[${index}]`, part))
}
