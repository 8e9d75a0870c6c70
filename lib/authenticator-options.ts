import type { AnswerPolicy } from '../types/provider.js'
import type { Authenticator } from '../types/authenticator.js'
import { answerPolicy } from './answer-policy.js'
import { expected, plainObject, refuseUnknownKeys } from './configuration.js'

/** An authenticator of the app, checked. */
export interface CheckedAuthenticator extends Pick<Authenticator, 'name' | 'match' | 'authenticate'> {
  readonly from: 'header' | 'authorization' | 'cookie'
  readonly shape: RegExp | undefined
  /** undefined: every request is asked about. */
  readonly answers: AnswerPolicy | undefined
}

const MEMBERS = ['name', 'from', 'match', 'shape', 'authenticate', 'cache', 'budget']

/**
 * @param taken names of the providers, and `api_key` where one of them has API keys
 * @throws TypeError naming path, value and remedy
 */
export function checkAuthenticators (value: unknown, taken: readonly string[]): readonly CheckedAuthenticator[] {
  if (!Array.isArray(value)) throw expected('gatehouse.authenticators', 'a list', value)
  const names = new Set(taken)
  return Object.freeze(Array.from(value, (item: unknown, index) => {
    const path = `gatehouse.authenticators[${index}]`
    const checked = checkAuthenticator(path, item)
    if (names.has(checked.name)) throw new TypeError(`${path}.name: ${JSON.stringify(checked.name)} is taken; providers and authenticators need a name each`)
    names.add(checked.name)
    return checked
  }))
}

function checkAuthenticator (path: string, value: unknown): CheckedAuthenticator {
  const { name, from = 'header', match, shape, authenticate, cache, budget, ...rest } = plainObject(path, value, 'pass { name, match, authenticate }')
  refuseUnknownKeys(path, rest, MEMBERS)
  if (typeof name !== 'string' || !/^[a-z][\w-]*$/i.test(name)) throw expected(`${path}.name`, 'a name of letters, digits, _ and -', name)
  // What speaks of access tokens, of sessions, must mean them.
  if (name === 'access_token' || name === 'session') throw expected(`${path}.name`, 'a name of its own', name, 'this is the kind of another credential')
  if (from !== 'header' && from !== 'authorization' && from !== 'cookie') throw expected(`${path}.from`, "'header', 'authorization' or 'cookie'", from)
  if (typeof match !== 'function') throw expected(`${path}.match`, 'a function of the request', match)
  if (typeof authenticate !== 'function') throw expected(`${path}.authenticate`, 'a function of credential and request', authenticate)
  // A regular expression with one of these flags remembers where it stopped, and refuses every other credential.
  if (shape !== undefined && !(shape instanceof RegExp && !shape.global && !shape.sticky)) throw expected(`${path}.shape`, 'a regular expression without the flags g and y', shape)
  if (cache === undefined && budget !== undefined) throw new TypeError(`${path}.budget: needs a cache: without, every request is asked about`)
  return Object.freeze({
    name,
    from,
    match: match as Authenticator['match'],
    shape,
    authenticate: authenticate as Authenticator['authenticate'],
    answers: cache === undefined ? undefined : answerPolicy(path, cache, budget)
  })
}
