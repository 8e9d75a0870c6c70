import type { AuthorizationParams } from '../../types/login.js'
import { expected, isPlainObject } from '../configuration.js'

/** A parameter as it is sent: name and value. */
export type Parameter = [name: string, value: string]

/** What one login asks of the provider. */
export interface LoginRequest {
  /** Where the provider sends the browser back to: one of those registered there, without query. */
  readonly redirectUri: string
  /** `login`, `consent`, `select_account`, `none`, `create`. */
  readonly prompt?: string | undefined
  /** Seconds since the person last authenticated, at most. The ID token must then say when. */
  readonly maxAge?: number | undefined
  /** One of these the ID token must then name. */
  readonly acrValues?: string | readonly string[] | undefined
  readonly loginHint?: string | undefined
  readonly params?: AuthorizationParams | undefined
}

/** What belongs to the protocol, and what we check afterwards. Whoever could set it would choose what is checked. */
const OURS: Readonly<Record<string, string>> = {
  client_id: 'it is the option clientId',
  client_secret: 'it never goes through a browser',
  client_assertion: 'it never goes through a browser',
  client_assertion_type: 'it never goes through a browser',
  response_type: 'it is code',
  response_mode: 'it is the option responseMode',
  redirect_uri: 'it follows from baseUrl',
  scope: 'it is the option scope',
  state: 'it is made for each login',
  nonce: 'it is made for each login',
  code_challenge: 'it is made for each login',
  code_challenge_method: 'it is S256',
  code_verifier: 'it never goes through a browser',
  dpop_jkt: 'we hold no key tokens could be bound to',
  request: 'the other parameters would not count',
  request_uri: 'it is made where requests are pushed',
  max_age: 'it is maxAge, which is checked afterwards',
  acr_values: 'they are acrValues, which are checked afterwards'
}

/**
 * Checks parameters of a user's own: none may take the place of ours.
 *
 * @throws TypeError naming the path and the parameter, never its value
 */
export function readParams (path: string, params: unknown): readonly Parameter[] {
  if (params === undefined) return []
  if (!isPlainObject(params)) throw expected(path, 'an object', params)
  return Object.entries(params).flatMap(([name, value]) => {
    if (Object.hasOwn(OURS, name)) throw new TypeError(`${path}.${name}: cannot be set here: ${OURS[name]}`)
    if (value === undefined) return []
    const values: readonly unknown[] = Array.isArray(value) ? Array.from(value) : [value]
    return values.map((item): Parameter => {
      if (typeof item !== 'string') throw new TypeError(`${path}.${name}: expected a text or a list of texts`)
      return [name, item]
    })
  })
}

/** The parameters of both; where both have one of a name, those of the second. */
export function overridden (first: readonly Parameter[], second: readonly Parameter[]): Parameter[] {
  const names = new Set(second.map(([name]) => name))
  return [...first.filter(([name]) => !names.has(name)), ...second]
}

/** A request, checked. */
export interface CheckedRequest {
  readonly redirectUri: string
  readonly maxAge: number | undefined
  /** Separated by spaces. */
  readonly acrValues: string | undefined
  /** What it adds to the parameters that every login has. */
  readonly parameters: readonly Parameter[]
}

/** @throws TypeError naming the path and what was expected */
export function readRequest ({ redirectUri, prompt, maxAge, acrValues, loginHint, params }: LoginRequest): CheckedRequest {
  // What goes with the code is the redirect URI as openid-client reads it off the callback: without query, normalized.
  if (!URL.canParse(redirectUri) || new URL(redirectUri).href !== redirectUri || /[?#]/.test(redirectUri)) throw expected('redirectUri', 'a normalized URL without query and fragment', redirectUri)
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0)) throw expected('maxAge', 'seconds, a whole number', maxAge)
  const acr = text('acrValues', typeof acrValues === 'object' ? acrValues.join(' ') : acrValues)
  const own = Object.entries({ prompt: text('prompt', prompt), max_age: maxAge, acr_values: acr, login_hint: text('loginHint', loginHint) })
    .flatMap(([name, value]): Parameter[] => value === undefined ? [] : [[name, String(value)]])
  return { redirectUri, maxAge, acrValues: acr, parameters: overridden(readParams('params', params), own) }
}

function text (path: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return value
  throw expected(path, 'a text that is not empty', value)
}
