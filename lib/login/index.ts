import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { LoginOptions, LoginParameters, LogoutParameters } from '../../types/login.js'
import '../../types/login-fastify.js'
import { chooseBaseUrl } from '../base-url.js'
import { internalsOf } from '../internals.js'
import type { Internals } from '../internals.js'
import { kSession } from '../session/request-session.js'
import { createSessionIdentities } from '../session/session-identity.js'
import { preventStorage } from '../session/set-cookies.js'
import { createSessionSource } from '../session/source.js'
import { endOfAll } from '../token/deadline.js'
import { readWishes } from './authorization.js'
import { beginLogin } from './begin.js'
import { createChallenge } from './challenge.js'
import { createLoginClients } from './clients.js'
import { endLogin } from './end.js'
import { readLoginOptions } from './options.js'
import type { LoginSettings } from './options.js'
import type { LoginParts } from './parts.js'
import { reporting } from './parts.js'
import { createRevoke } from './revoke.js'
import { mountRoutes, routePaths } from './routes.js'
import { createSite, refusePathsOutside } from './site.js'
import type { Site } from './site.js'
import { createStepUp } from './step-up.js'
import { waitedFor } from './waited.js'
import { warnAboutSettings } from './warnings.js'

async function plugin (app: FastifyInstance, options: LoginOptions): Promise<void> {
  const settings = readLoginOptions(options)
  const house = internalsOf(app, 'login')
  if (house.place.login !== undefined) throw new TypeError('login: registered twice for the same gatehouse; several providers log in through one: ?provider=name')
  const { parts, sites, close } = createLogin(app, settings, house)
  warnAboutSettings(app.log, settings, house, parts.clients)

  const identities = createSessionIdentities(house)
  const { keeper } = sites[0]!
  house.place.login = {
    source: createSessionSource({ siteOf: parts.siteOf, providers: new Map(parts.clients.providers.map((provider) => [provider.name, provider])), identities, reporter: house.reporter }),
    carries: carriesOneOf(sites),
    challenge: createChallenge(parts),
    stepUp: createStepUp(parts),
    // Of a person the store, or its marks, know for all sites at once.
    deleteBySubject: (person) => keeper.deleteBySubject(person),
    get accepted () { return identities.bare }
  }
  app.decorateRequest(kSession, null)
  app.decorateReply('login', function (this: FastifyReply, parameters?: LoginParameters) {
    return waitedFor(this, reporting(parts, this.request, this, () => beginLogin(parts, this.request, this, parameters)))
  })
  app.decorateReply('logout', function (this: FastifyReply, parameters?: LogoutParameters) {
    return waitedFor(this, reporting(parts, this.request, this, () => endLogin(parts, this.request, this, parameters)))
  })
  app.addHook('onSend', saveSession)
  app.addHook('onClose', close)
  await mountRoutes(app, parts, { ...house, keeper })
}

/**
 * Web login and sessions for the gatehouse of the same scope, which must have been registered before.
 *
 * @example await app.register(login, { session: { secret: process.env.SESSION_SECRET } })
 * @throws TypeError, which fails the boot, for a wrong option, and where the gatehouse lacks what login needs: `baseUrl`
 * and a provider with `clientId`
 */
export const login = fp(plugin, { fastify: '5.x', name: 'fastify-gatehouse-login' })
export default login

export { LoginError, ProviderUnavailableError } from './errors.js'
export { CookieTooLargeError, LoginRequiredError, NoSessionError } from '../session/errors.js'
export type {
  AfterLogin, AuthorizationParams, CompletedLogin, LoginDecision, LoginOptions, LoginParameters, LoginReply, LoginRoutes, LoginWishes, LogoutParameters,
  SessionCookieOptions, SessionOptions
} from '../../types/login.js'

function createLogin (app: FastifyInstance, settings: LoginSettings, { settings: { bases, ...core }, rings, reporter, store }: Internals) {
  if (bases.length === 0) throw new TypeError("login: the gatehouse needs a baseUrl, where providers send browsers back to: baseUrl: 'https://app.example.com'")
  // What every login asks for must be something one can ask for.
  readWishes('login.', settings)
  const clients = createLoginClients({ ...core, bases }, rings, settings)
  const paths = routePaths(app.prefix, settings, clients.providers)
  for (const { prefix } of bases) refusePathsOutside(settings, prefix + app.prefix)
  const closing = endOfAll()
  const background = new Set<Promise<unknown>>()
  const revoke = createRevoke(clients, closing.signal, (work) => {
    background.add(work)
    work.catch(() => {}).finally(() => { background.delete(work) })
  })
  const sites = bases.map((base) => createSite(base, { settings, store, clients, ownPaths: paths.all, revoke, log: app.log }))
  const siteOfBase = new Map(bases.map((base, index) => [base, sites[index]]))
  const siteOf = (request: FastifyRequest): Site | undefined => sites.length === 1 ? sites[0] : siteOfBase.get(chooseBaseUrl(bases, request.host)!)
  const parts: LoginParts = {
    settings,
    clients,
    reporter,
    siteOf,
    callbackPath: paths.callback,
    loginPath: paths.login,
    signal: closing.signal,
    revoke
  }
  return {
    parts,
    sites,
    async close (): Promise<void> {
      await Promise.allSettled(sites.map(({ tokens }) => tokens.close()))
      await Promise.allSettled(background)
      closing.abort()
    }
  }
}

/** By the name and what follows it, for other cookies begin, or end, with the same: its value, or its first chunk. */
function carriesOneOf (sites: readonly Site[]): (header: string) => boolean {
  const names = sites.map(({ cookie: { name } }) => name.replaceAll(/[^\w-]/g, '\\$&'))
  const pattern = new RegExp(`(?:^|[; \\t])(?:${[...new Set(names)].join('|')})(?:\\.0)?[ \\t]*=`)
  return (header) => pattern.test(header)
}

/** `onSend`: what a handler changed is saved before the headers leave. */
function saveSession (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (error?: Error | null, payload?: unknown) => void): void {
  const session = request[kSession]
  if (session?.isUnsaved === true) {
    session.flush().then(() => { finish() }, (error: Error) => {
      // The error's own answer comes here again.
      session.forget()
      done(error)
    })
  } else {
    finish()
  }

  function finish (): void {
    preventStorage(request, reply)
    done(null, payload)
  }
}
