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

/** Case, separators and a plural `s` are what people get wrong. */
function bare (name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '').replace(/s$/, '')
}

function shown (value: unknown): string {
  return typeof value === 'string' && value.length > 80
    ? `a text of ${value.length} characters`
    : inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 80 })
}
