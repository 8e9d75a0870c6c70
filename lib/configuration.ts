import { inspect } from 'node:util'

/**
 * A mistake in the configuration: names the path, what was expected, what was found, and the remedy.
 * Values that may be secret (functions, long texts) are shown shortened.
 */
export function expected (path: string, expectation: string, found: unknown, remedy?: string): TypeError {
  return new TypeError(`${path}: expected ${expectation}, got ${shown(found)}${remedy === undefined ? '' : `; ${remedy}`}`)
}

/** Refuses keys nobody reads: a mistyped option must not be an option left out. A near miss is named. */
export function refuseUnknownKeys (path: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const meant = known.find((name) => bare(name) === bare(key))
    const remedy = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${JSON.stringify(meant)}?`
    throw new TypeError(`${path}: unknown key ${JSON.stringify(key)}; ${remedy}`)
  }
}

/** True for `{…}` literals and the like, false for arrays, null, functions and class instances. */
export function isPlainObject (value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * A copy whose members were read once, so that what is checked is what is used.
 *
 * @throws TypeError naming the path for what is no object
 */
export function plainObject (path: string, value: unknown, remedy?: string): Record<string, unknown> {
  if (!isPlainObject(value)) throw expected(path, 'an object', value, remedy)
  return { ...value }
}

/** @throws TypeError for what is no number between the two */
export function within (path: string, value: unknown, least: number, most: number, unit: string): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) throw expected(path, `${least} to ${most} ${unit}`, value)
  return value
}

/** @throws TypeError for what is none of the texts */
export function oneOf (path: string, value: unknown, choices: readonly string[]): void {
  if (typeof value !== 'string' || !choices.includes(value)) throw expected(path, `one of ${choices.join(', ')}`, value)
}

/** Case, separators and a plural `s` are what people get wrong. */
function bare (name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '').replace(/s$/, '')
}

/**
 * Options may be secrets in the wrong place, and boot errors end in logs: of an object only the names of its members are
 * shown, of a function or an instance only what it is, and no text that looks like a secret.
 */
function shown (value: unknown): string {
  if (Array.isArray(value)) return listOf(value)
  if (isPlainObject(value)) return Object.keys(value).length === 0 ? '{}' : `an object with ${Object.keys(value).slice(0, 10).join(', ')}`
  if (typeof value === 'function') return 'a function'
  if (value instanceof RegExp) return String(value)
  if (typeof value === 'object' && value !== null) return `an instance of ${value.constructor.name}`
  if (typeof value !== 'string') return String(value)
  if (value.length > 80) return `a text of ${value.length} characters`
  return /secret|eyJ|PRIVATE KEY|^[\w+/=-]{40,}$/i.test(value) ? 'a text that looks like a secret' : inspect(value)
}

function listOf (values: readonly unknown[]): string {
  const items = Array.from(values.slice(0, 5), shown)
  if (values.length > 5) items.push(`... ${values.length - 5} more items`)
  return items.length === 0 ? '[]' : `[ ${items.join(', ')} ]`
}
