import type { LoginWishes } from '../../types/login.js'
import { expected, isPlainObject } from '../configuration.js'

/** A parameter as it is sent: name and value. */
export type Parameter = [name: string, value: string]

/** What one login asks of the provider. */
export interface LoginRequest extends LoginWishes {
  /** Where the provider sends the browser back to: one of those registered there, without query. */
  readonly redirectUri: string
  readonly loginHint?: string | undefined
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
 * @param path where they were given: `login.authorizationParams`
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

/** Wishes, checked. */
export interface CheckedWishes {
  readonly maxAge: number | undefined
  /** Separated by spaces. */
  readonly acrValues: string | undefined
  /** What it adds to the parameters that every login has. */
  readonly parameters: readonly Parameter[]
}

/** What goes with the code is the redirect URI as openid-client reads it off the callback. @throws TypeError for another spelling */
export function checkRedirectUri (redirectUri: string): void {
  if (!URL.canParse(redirectUri) || new URL(redirectUri).href !== redirectUri || /[?#]/.test(redirectUri)) throw expected('redirectUri', 'a normalized URL without query and fragment', redirectUri)
}

/** @param path where they were given: `login.`, `reply.login(): ` @throws TypeError naming the path and what was expected */
export function readWishes (path: string, { prompt, maxAge, acrValues, loginHint, authorizationParams }: Omit<LoginRequest, 'redirectUri'>): CheckedWishes {
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0)) throw expected(`${path}maxAge`, 'seconds, a whole number', maxAge)
  const acr = texts(`${path}acrValues`, acrValues)
  const own = Object.entries({ prompt: text(`${path}prompt`, prompt), max_age: maxAge, acr_values: acr, login_hint: text(`${path}loginHint`, loginHint) })
    .flatMap(([name, value]): Parameter[] => value === undefined ? [] : [[name, String(value)]])
  return { maxAge, acrValues: acr, parameters: overridden(readParams(`${path}authorizationParams`, authorizationParams), own) }
}

function text (path: string, value: unknown): string | undefined {
  if (value === undefined || isText(value)) return value
  throw expected(path, 'a text that is not empty', value)
}

/** @returns all of them, separated by spaces */
function texts (path: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  const items: readonly unknown[] = Array.isArray(value) ? Array.from(value) : [value]
  if (items.length === 0 || !items.every(isText)) throw expected(path, 'a text that is not empty, or a list of such', value)
  return items.join(' ')
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
