import type { AfterLogin, AuthorizationParams } from '../../types/login.js'
import { expected, isPlainObject, plainObject, refuseUnknownKeys } from '../configuration.js'
import { readLifetime } from '../session/lifetime.js'
import type { Lifetime } from '../session/lifetime.js'
import { readSecrets } from '../session/secret.js'

/** The options of the login plugin as the rest of the house reads them: complete, checked, frozen. */
export interface LoginSettings {
  readonly secrets: readonly string[]
  readonly keptIn: 'cookie' | 'store'
  readonly lifetime: Lifetime
  readonly cookieOptions: { readonly name: string, readonly domain?: string | undefined, readonly path: string, readonly sameSite: 'Lax' | 'Strict' }
  readonly scope: string
  /** undefined: no such route. */
  readonly routes: { readonly login: string | undefined, readonly callback: string, readonly logout: string | undefined, readonly backchannelLogout: string | undefined }
  readonly responseMode: 'query' | 'form_post'
  readonly pushedAuthorizationRequests: 'auto' | 'always' | 'never'
  readonly userinfo: boolean
  readonly afterLogin: AfterLogin | undefined
  /** undefined: to the start page. */
  readonly logout: { readonly returnTo: string | undefined, readonly provider: boolean }
  readonly redirect: boolean
  readonly silent: boolean
  readonly prompt: string | undefined
  readonly maxAge: number | undefined
  readonly acrValues: string | readonly string[] | undefined
  readonly authorizationParams: AuthorizationParams | undefined
}

const OPTIONS = ['session', 'scope', 'routes', 'responseMode', 'pushedAuthorizationRequests', 'userinfo', 'afterLogin', 'logout', 'redirect', 'silent', 'prompt', 'maxAge', 'acrValues', 'authorizationParams']
/** Fastify passes a registration's own options through to the plugin. */
const FASTIFYS_OWN = ['logLevel', 'logSerializers']

/** @throws TypeError naming path, value (of what is not secret) and remedy */
export function readLoginOptions (options: unknown): LoginSettings {
  const given = objectOf('login', options, 'pass { session: { secret: process.env.SESSION_SECRET } }')
  if ('prefix' in given) throw new TypeError("login: prefix has no effect here; write the paths: routes: { login: '/auth/login', … }")
  refuseUnknownKeys('login', Object.fromEntries(Object.entries(given).filter(([key]) => !FASTIFYS_OWN.includes(key))), OPTIONS)
  const { scope = 'openid profile email', responseMode = 'query', pushedAuthorizationRequests = 'auto', afterLogin, prompt, maxAge, acrValues, authorizationParams } = given
  if (typeof scope !== 'string' || !scope.split(' ').includes('openid')) throw expected('login.scope', 'scopes separated by spaces, openid among them', scope)
  if (afterLogin !== undefined && typeof afterLogin !== 'function') throw expected('login.afterLogin', 'a function of the login and the request', afterLogin)
  if (prompt === 'none') throw new TypeError('login.prompt: with none nobody could log in; to ask without showing anything write silent: true')
  return Object.freeze({
    ...sessionSettings(given.session),
    scope,
    routes: routeSettings(given.routes),
    responseMode: oneOf('login.responseMode', responseMode, ['query', 'form_post']),
    pushedAuthorizationRequests: oneOf('login.pushedAuthorizationRequests', pushedAuthorizationRequests, ['auto', 'always', 'never']),
    userinfo: flag('login.userinfo', given.userinfo, false),
    afterLogin: afterLogin as AfterLogin | undefined,
    logout: logoutSettings(given.logout),
    redirect: flag('login.redirect', given.redirect, true),
    silent: flag('login.silent', given.silent, false),
    // Checked where what a handler asks for is.
    prompt: prompt as string | undefined,
    maxAge: maxAge as number | undefined,
    acrValues: acrValues as string | undefined,
    authorizationParams: authorizationParams as AuthorizationParams | undefined
  })
}

function sessionSettings (session: unknown): Pick<LoginSettings, 'secrets' | 'keptIn' | 'lifetime' | 'cookieOptions'> {
  const { secret, in: keptIn = 'cookie', cookie, idle, absolute, ...rest } = objectOf('login.session', session, 'pass { secret: process.env.SESSION_SECRET }')
  refuseUnknownKeys('login.session', rest, ['secret', 'in', 'idle', 'absolute', 'cookie'])
  return {
    secrets: readSecrets('login.session.secret', secret),
    keptIn: oneOf('login.session.in', keptIn, ['cookie', 'store']),
    lifetime: readLifetime('login.session', { ...(idle === undefined ? {} : { idle }), ...(absolute === undefined ? {} : { absolute }) }),
    cookieOptions: cookieSettings(cookie)
  }
}

/** What stands in its place is perhaps the secret: it is not shown. */
function objectOf (path: string, value: unknown, remedy: string): Record<string, unknown> {
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected an object: ${remedy}`)
  return plainObject(path, value)
}

function cookieSettings (cookie: unknown = {}): LoginSettings['cookieOptions'] {
  const { name = 'gatehouse', domain, path = '/', sameSite = 'Lax', ...rest } = plainObject('login.session.cookie', cookie)
  refuseUnknownKeys('login.session.cookie', rest, ['name', 'domain', 'path', 'sameSite'])
  for (const [member, value] of Object.entries({ name, path })) {
    if (typeof value !== 'string') throw expected(`login.session.cookie.${member}`, 'a text', value)
  }
  // Logins under way, and whether somebody was asked silently or came just now, are in cookies named after it: they must fit, and those of a neighbour be no session.
  if (/-(?:silent|arrived|login-[\w-]{16})$|^.{78}/.test(String(name))) throw expected('login.session.cookie.name', 'at most 77 characters, and a name no other cookie of ours can have', name)
  if (domain !== undefined && typeof domain !== 'string') throw expected('login.session.cookie.domain', 'a host name', domain)
  return Object.freeze({ name: name as string, domain, path: path as string, sameSite: oneOf('login.session.cookie.sameSite', sameSite, ['Lax', 'Strict']) })
}

function routeSettings (routes: unknown = {}): LoginSettings['routes'] {
  const { login = '/login', callback = '/callback', logout = '/logout', backchannelLogout = false, ...rest } = plainObject('login.routes', routes)
  refuseUnknownKeys('login.routes', rest, ['login', 'callback', 'logout', 'backchannelLogout'])
  const found = { login: optionalPath('login.routes.login', login), callback: routePath('login.routes.callback', callback), logout: optionalPath('login.routes.logout', logout), backchannelLogout: optionalPath('login.routes.backchannelLogout', backchannelLogout) }
  const paths = Object.values(found).filter((path) => path !== undefined)
  if (new Set(paths).size < paths.length) throw new TypeError('login.routes: two of them have the same path')
  return Object.freeze(found)
}

function logoutSettings (logout: unknown = {}): LoginSettings['logout'] {
  const { returnTo, provider, ...rest } = plainObject('login.logout', logout)
  refuseUnknownKeys('login.logout', rest, ['returnTo', 'provider'])
  return Object.freeze({ returnTo: returnTo === undefined ? undefined : returnPath('login.logout.returnTo', returnTo), provider: flag('login.logout.provider', provider, true) })
}

function optionalPath (where: string, value: unknown): string | undefined {
  return value === false ? undefined : routePath(where, value)
}

function routePath (where: string, value: unknown): string {
  if (typeof value === 'string' && isRoutePath(value)) return value
  throw expected(where, 'a path such as /login: letters, digits, dots and dashes between single slashes, and none at its end', value)
}

/** No pattern, no query, and one spelling: what is registered at the provider is one address. */
export function isRoutePath (path: string): boolean {
  return /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/.test(path)
}

function returnPath (where: string, value: unknown): string {
  if (typeof value === 'string' && /^\/(?!\/)[\w.~/-]*$/.test(value)) return value
  throw expected(where, 'a path such as /bye: letters, digits, dots, dashes and slashes', value)
}

function flag (path: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw expected(path, 'true or false', value)
  return value
}

function oneOf<Choice extends string> (path: string, value: unknown, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw expected(path, `one of ${choices.join(', ')}`, value)
  return found
}
