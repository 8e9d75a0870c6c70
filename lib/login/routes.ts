import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Provider } from '../../types/provider.js'
import { expected } from '../configuration.js'
import type { Internals } from '../internals.js'
import { isNavigation, isPrefetch } from '../navigation.js'
import { mayActByCookie } from '../origin.js'
import type { SessionKeeper } from '../session/keeper.js'
import { mountBackchannel } from './backchannel-route.js'
import { beginLogin } from './begin.js'
import type { CallbackParameters } from './callback.js'
import { completeLogin } from './complete.js'
import { endLogin } from './end.js'
import { LoginError } from './errors.js'
import { parseForm } from './form.js'
import { withoutQueries } from './log-serializers.js'
import { isRoutePath } from './options.js'
import type { LoginSettings } from './options.js'
import type { LoginParts } from './parts.js'
import { reporting } from './parts.js'

/** Where login answers, seen from this server. */
export interface RoutePaths {
  readonly login: string | undefined
  readonly callback: (provider: string) => string
  readonly all: readonly string[]
}

/** Bytes: a code, a state and what else providers send. */
const LONGEST_FORM = 65_536
const FORM = 'application/x-www-form-urlencoded'

/** @param prefix of the scope @throws TypeError for one that stands for many paths: a provider knows one address */
export function routePaths (prefix: string, { routes }: LoginSettings, providers: readonly Provider[]): RoutePaths {
  if (prefix !== '' && !isRoutePath(prefix)) throw expected('login: the prefix of its scope', 'a path without parameters, such as /app', prefix)
  const under = (path: string | undefined) => path === undefined ? undefined : prefix + path
  const callback = (provider: string) => prefix + callbackUrl(routes.callback, provider, providers)
  const all = [under(routes.login), under(routes.logout), under(routes.backchannelLogout), ...providers.map(({ name }) => callback(name))]
  return { login: under(routes.login), callback, all: all.filter((path) => path !== undefined) }
}

/** A code that arrives at another provider's callback is seen to be none of its own. @throws TypeError for a name that is no part of a path */
function callbackUrl (path: string, name: string, providers: readonly Provider[]): string {
  if (providers.length === 1) return path
  if (!/^(?!\.+$)[\w.~-]+$/.test(name)) throw expected('login: the name of a provider, which is part of the path of its callback', 'letters, digits, dots and dashes', name, "give it another: { name: '…' }")
  return `${path}/${name}`
}

/** Mounts the routes in a scope of their own: its form parser is nobody else's. */
export async function mountRoutes (app: FastifyInstance, parts: LoginParts, house: Internals & { readonly keeper: SessionKeeper }): Promise<void> {
  const { settings: { routes }, clients: { providers } } = parts
  const options = { config: { auth: false }, exposeHeadRoute: false } as const
  await app.register(async (scope) => {
    // Those of the app are inherited, one for forms perhaps among them; a logout token is a form's and nothing else.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: LONGEST_FORM }, (_request, body, done) => { done(null, parseForm(String(body))) })
    // A body of another type is none: a script may log out with JSON, and a provider is told that this is no logout token.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LONGEST_FORM }, (_request, _body, done) => { done(null, undefined) })

    if (routes.login !== undefined) scope.get(routes.login, options, (request, reply) => reporting(parts, request, reply, () => login(parts, request, reply)))

    for (const { name } of providers) {
      const url = callbackUrl(routes.callback, name, providers)
      const complete = (parameters: CallbackParameters, request: FastifyRequest, reply: FastifyReply) => {
        // What a page here links to must not learn a code that can still be used.
        reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
        return reporting(parts, request, reply, () => completeLogin(parts, request, reply, name, parameters))
      }
      scope.get(url, options, (request, reply) => complete(queryOf(request), request, reply))
      scope.post(url, options, (request, reply) => complete(formOf(request), request, reply))
    }

    if (routes.logout !== undefined) {
      scope.route({ ...options, method: ['GET', 'POST'], url: routes.logout, handler: (request, reply) => reporting(parts, request, reply, () => logout(parts, house, request, reply)) })
    }
    if (routes.backchannelLogout !== undefined) mountBackchannel(scope, routes.backchannelLogout, options, parts, house)
  }, { logSerializers: withoutQueries(app.log) })
}

async function login (parts: LoginParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.header('cache-control', 'no-store')
  // Nobody wants to log in yet: each login under way takes room in the browser. Chromium would keep a success, and show
  // it in place of what the click asks for.
  if (isPrefetch(request.headers)) return reply.code(503).send()
  const { provider = parts.clients.providers[0]!.name, returnTo, prompt } = queryOf(request)
  if (typeof provider !== 'string' || !parts.clients.has(provider)) {
    throw new LoginError({ reason: 'provider_mismatch', expected: parts.clients.providers.map(({ name }) => name), hint: '?provider= names none one can log in with' })
  }
  // With Strict no link of another site opens a page as the person; nor does one that passes by here.
  // What is no path means the start page, and no other prompt is the caller's to choose.
  const isSafe = typeof returnTo === 'string' && !(parts.settings.cookieOptions.sameSite === 'Strict' && request.headers['sec-fetch-site'] === 'cross-site')
  return beginLogin(parts, request, reply, { provider, returnTo: isSafe ? returnTo : '', prompt: prompt === 'none' ? prompt : undefined })
}

/** A link on a page of another site, or its form, logs nobody out: it comes without the word of this site's page. */
async function logout (parts: LoginParts, { settings }: Internals, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { method, headers } = request
  const isElsewhere = method === 'GET' ? isFromElsewhere(request) : !mayActByCookie(method, headers, { origins: settings.trustedOrigins, domains: [] })
  if (!isElsewhere) return endLogin(parts, request, reply)
  reply.header('cache-control', 'no-store')
  return reply.redirect((parts.siteOf(request)?.returnTo ?? (() => '/'))(undefined), method === 'GET' ? 302 : 303)
}

/** A page of a sibling subdomain may have a link to it, but no picture. */
function isFromElsewhere ({ method, headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  return site === 'cross-site' || (site === 'same-site' && !isNavigation(method, headers))
}

function queryOf ({ url }: FastifyRequest): CallbackParameters {
  const start = url.indexOf('?')
  return parseForm(start === -1 ? '' : url.slice(start + 1))
}

/** A body of another type is none. */
function formOf ({ body }: FastifyRequest): CallbackParameters {
  return typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === null ? body as CallbackParameters : {}
}
