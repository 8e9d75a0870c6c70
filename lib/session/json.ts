import { isPlainObject } from '../configuration.js'
import type { Json, JsonMembers } from '../../types/session.js'

/** Nobody needs more, and walking it must not exhaust the stack. */
const DEEPEST = 32

/**
 * A deeply frozen copy of JSON: objects without prototype tricks, lists, texts, finite numbers, booleans and null.
 * Members that are undefined are left out, as JSON does.
 *
 * @throws TypeError naming the path for whatever JSON would lose or change, and for more than 32 levels
 */
export function jsonOf (path: string, value: unknown, depth = 1): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  // JSON writes -0 as 0.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0
  if (depth > DEEPEST) throw new TypeError(`${path}: nested deeper than ${DEEPEST} levels`)
  // Array.from sees the holes of a list, which map would leave.
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (item: unknown, index) => jsonOf(`${path}[${index}]`, item, depth + 1)))
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected JSON, got ${kindOf(value)}`)
  return membersOf(path, value, depth)
}

/** The same of a JSON object. */
export function jsonMembersOf (path: string, value: unknown): JsonMembers {
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected an object, got ${kindOf(value)}`)
  return membersOf(path, value, 1)
}

function membersOf (path: string, value: Readonly<Record<string, unknown>>, depth: number): JsonMembers {
  const members = Object.entries(value).flatMap(([name, member]): Array<[string, Json]> => member === undefined ? [] : [[name, jsonOf(`${path}.${name}`, member, depth + 1)]])
  // It defines members: one called __proto__ is a member like any other.
  return Object.freeze(Object.fromEntries(members))
}

/** Sessions hold secrets: only the kind of a value is told. */
function kindOf (value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return value === null ? 'null' : `a value of type ${typeof value}`
}
