import type { Json, JsonMembers } from '../../types/session.js'
import { jsonMembersOf } from './json.js'

/** The app's own data, as a handler may change them. */
export type MutableData = Record<string, Json | undefined>

/**
 * A copy of what a record has that a handler may change at every depth. Its objects have no prototype: names may come
 * from callers, and `__proto__` or `constructor` are members like any other, or none.
 */
export function mutableCopy (data: JsonMembers): MutableData {
  return thawed(data) as MutableData
}

/**
 * What the data are now, deeply frozen.
 *
 * @throws TypeError naming the member that is not JSON, never its value
 */
export function dataOf (data: MutableData): JsonMembers {
  return jsonMembersOf('session.data', data)
}

/**
 * What a handler changed: the members by name, undefined where one was removed. Undefined where nothing was. Of requests
 * at once each then puts its own changes into what the one before wrote.
 */
export function changesIn (before: JsonMembers, now: JsonMembers): ReadonlyMap<string, Json | undefined> | undefined {
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  const changed = [...names].filter((name) => JSON.stringify(memberOf(before, name)) !== JSON.stringify(memberOf(now, name)))
  return changed.length === 0 ? undefined : new Map(changed.map((name) => [name, memberOf(now, name)]))
}

/** Data with those changes in it. */
export function withChanges (data: JsonMembers, changes: ReadonlyMap<string, Json | undefined>): JsonMembers {
  const members = new Map<string, Json | undefined>(Object.entries(data))
  for (const change of changes) members.set(...change)
  return Object.fromEntries([...members].filter((member): member is [string, Json] => member[1] !== undefined))
}

function memberOf (data: JsonMembers, name: string): Json | undefined {
  return Object.hasOwn(data, name) ? data[name] : undefined
}

function thawed (value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(thawed)
  const copy: Record<string, Json> = Object.create(null)
  for (const [name, member] of Object.entries(value)) copy[name] = thawed(member)
  return copy
}
