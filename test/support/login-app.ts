import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Test } from 'tap'
import gatehouse, { oidc } from '../../lib/index.js'
import type { GatehouseOptions, OidcOptions } from '../../lib/index.js'
import login from '../../lib/login/index.js'
import type { LoginOptions } from '../../lib/login/index.js'
import { cookieJar } from './cookie-jar.js'
import type { CookieJar } from './cookie-jar.js'
import type { LoginBrowser } from './login-provider.js'
import { SECRET } from './session-stage.js'

/** Where the app is seen, as the provider knows it. */
export const BASE = 'http://127.0.0.1:3000'

/** What a browser sends along when a person opens a page. */
export const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none', accept: 'text/html' }

/** What differs from an app with login and nothing else. */
export interface LoginAppOptions {
  readonly provider?: Partial<OidcOptions>
  readonly core?: Partial<GatehouseOptions>
  readonly login?: Partial<LoginOptions>
  /** Declares routes, hooks, decorators. */
  readonly routes?: (app: FastifyInstance) => unknown
  /** Before the gatehouse. */
  readonly before?: (app: FastifyInstance) => unknown
  readonly logger?: object
}

/** An app people log in to, by a provider that is there. */
export async function loginApp (t: Test, at: { readonly issuer: string, readonly secret?: string }, { provider, core, login: loginOptions, routes, before, logger }: LoginAppOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(logger === undefined ? {} : { logger })
  t.teardown(() => app.close())
  await before?.(app)
  await app.register(gatehouse, {
    provider: oidc({ issuer: at.issuer, clientId: 'web', clientSecret: at.secret ?? 'hunter2', ...provider }),
    baseUrl: BASE,
    ...core
  })
  await app.register(login, { session: { secret: SECRET }, authorizationParams: { prompt: 'consent' }, ...loginOptions })
  app.get('/', { config: { auth: 'optional' } }, async ({ auth }) => ({ user: auth.isAuthenticated ? auth.session.user : null }))
  app.get('/me', async ({ auth }) => ({ subject: auth.subject, type: auth.credentialsType }))
  app.post('/note', async ({ auth, body }) => {
    auth.session.data.note = body as string
    return { ok: true }
  })
  app.get('/note', async ({ auth }) => ({ note: auth.session.data.note ?? null }))
  await routes?.(app)
  return app
}

/** A person's browser at the app: keeps its cookies, and goes to the provider where it is sent. */
export interface Visitor {
  readonly jar: CookieJar
  get (url: string, headers?: Record<string, string>): ReturnType<typeof send>
  /** From a page of the app itself. */
  post (url: string, body?: unknown, headers?: Record<string, string>): ReturnType<typeof send>
  /** Logs in through the routes, and returns the callback's answer. */
  logIn (person?: string, path?: string): ReturnType<typeof send>
}

/** An answer, as tests compare it. */
export interface Answered {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly location: string | undefined
  readonly body: string
  json (): Record<string, unknown>
}

export function visitor (app: FastifyInstance, browser?: LoginBrowser): Visitor {
  const jar = cookieJar('line')
  const ask = (options: InjectOptions) => send(app, jar, options)
  return {
    jar,
    get: (url, headers = {}) => ask({ url, headers }),
    post: (url, body, headers = {}) => ask({ method: 'POST', url, headers: { 'sec-fetch-site': 'same-origin', ...headers }, ...(body === undefined ? {} : { payload: body as string }) }),
    async logIn (person = 'ada', path = '/login') {
      const { location } = await ask({ url: path, headers: NAVIGATION })
      const { method, parameters } = await browser!.visit(location!, person)
      const form = new URLSearchParams(parameters).toString()
      return method === 'GET'
        ? ask({ url: `/callback?${form}`, headers: NAVIGATION })
        : ask({ method: 'POST', url: '/callback', payload: form, headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' } })
    }
  }
}

async function send (app: FastifyInstance, jar: CookieJar, options: InjectOptions): Promise<Answered> {
  const cookie = jar.header()
  const response = await app.inject({ ...options, headers: { host: '127.0.0.1:3000', ...(cookie === '' ? {} : { cookie }), ...options.headers } })
  const lines = [response.headers['set-cookie'] ?? []].flat()
  jar.take(lines)
  return { status: response.statusCode, headers: response.headers, location: response.headers.location, body: response.body, json: () => response.json() }
}
