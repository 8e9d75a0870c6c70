import { isPlainObject } from '../configuration.js'

/** The protocol's, which have options of their own; those of other grants and of vendors, which would make another request of it. */
const PROTOCOL = [
  'grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'subject_token', 'subject_token_type', 'requested_token_type',
  'actor_token', 'actor_token_type', 'audience', 'aud', 'resource', 'resources', 'resource_indicator', 'scope', 'connection', 'login_hint',
  'organization', 'assertion', 'subject_issuer'
]

/** Values of one parameter at most. */
const MOST_VALUES = 20

/**
 * The parameters of the provider's own, one pair for each value. No message shows a value.
 *
 * @throws TypeError for a name of the protocol's or one it does not allow, a value that is no text, and too many
 * @see RFC 6749 section 8.2
 */
export function ownParameters (path: string, given: unknown = {}): Array<readonly [name: string, value: string]> {
  if (!isPlainObject(given)) throw new TypeError(`${path}: expected an object of texts`)
  return Object.entries(given).flatMap(([name, value]) => valuesOf(path, name, value).map((text) => [name, text] as const))
}

function valuesOf (path: string, name: string, value: unknown): string[] {
  if (PROTOCOL.includes(name.toLowerCase())) throw new TypeError(`${path}: ${name} is the protocol's: set it with an option of its own, if there is one`)
  // Some read `audience[]`, or a name with a space before it, as the protocol's.
  if (!/^[\w.-]+$/.test(name)) throw new TypeError(`${path}: ${JSON.stringify(name)}: expected a name of letters, digits, dots, dashes and underscores`)
  const values: unknown[] = Array.isArray(value) ? Array.from(value) : [value]
  if (values.length > MOST_VALUES) throw new TypeError(`${path}.${name}: expected at most ${MOST_VALUES} values`)
  if (!values.every((item) => typeof item === 'string')) throw new TypeError(`${path}.${name}: expected a text or a list of texts`)
  return values as string[]
}
