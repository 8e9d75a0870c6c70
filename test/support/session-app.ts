import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { defineCookie } from '../../lib/session/cookie-attributes.js'
import { keepInCookie } from '../../lib/session/in-cookie.js'
import { keepInStore } from '../../lib/session/in-store.js'
import type { SessionKeeper } from '../../lib/session/keeper.js'
import { newRecord } from '../../lib/session/record.js'
import type { Login } from '../../lib/session/record.js'
import { createSealer } from '../../lib/session/seal.js'
import { memoryStore } from '../../lib/store/memory.js'
import type { SessionRecord } from '../../types/session.js'
import { captureLogs } from './logs.js'
import type { CapturedLogs } from './logs.js'
import { BASE, loginApp, visitor } from './login-app.js'
import type { LoginAppOptions, Visitor } from './login-app.js'
import { json, loginServer } from './login-server.js'
import type { LoginServer } from './login-server.js'
import { SECRET, seconds, watched } from './session-stage.js'
import type { WatchedStore } from './session-stage.js'

export interface SessionAppOptions extends LoginAppOptions {
  readonly in?: 'cookie' | 'store'
  readonly lifetime?: { readonly idle: number, readonly absolute: number }
  /** Whether the provider vouches for access tokens of this API as well. Default false. */
  readonly audience?: boolean
  readonly secrets?: string[]
  /** Default: the one in memory, of a single process. */
  readonly store?: WatchedStore
  readonly server?: LoginServer
}

/** An app with login, and browsers that are logged in without having been at the provider. */
export interface SessionApp {
  readonly app: FastifyInstance
  readonly server: LoginServer
  readonly store: WatchedStore
  /** Keeps sessions where the app does. */
  readonly keeper: SessionKeeper
  readonly logs: CapturedLogs
  /** A browser with a session of the person `ada`, whose access token lasts; members override. */
  seat (changes?: Partial<Login>): Promise<Visitor>
  /** The session a browser has now. */
  record (browser: Visitor): Promise<SessionRecord | undefined>
  /** Sends a request with the cookies of a browser, which does not see the answer. */
  ask (browser: Visitor, request: InjectOptions): Promise<LightMyRequestResponse>
  /** Why the latest refusal since the last call was one. */
  reason (): unknown
}

export async function sessionApp (t: Test, options: SessionAppOptions = {}): Promise<SessionApp> {
  const { in: keptIn = 'cookie', lifetime = { idle: 3_600, absolute: 86_400 }, audience = false, secrets = [SECRET], store = watched(memoryStore({ singleProcess: true })) } = options
  const server = options.server ?? await loginServer(t, ['ES256'])
  const logs = captureLogs()
  const app = await loginApp(t, server.issuer, {
    logger: { level: 'trace', stream: logs.stream },
    ...options,
    provider: { ...(audience ? { audience: server.issuer.audience } : {}), ...options.provider },
    core: { store, ...options.core },
    login: { session: { secret: secrets, in: keptIn, ...lifetime }, redirect: false, ...options.login }
  })
  await app.ready()
  const cookie = defineCookie('gatehouse', { path: '/', secure: false, sameSite: 'Lax' })
  const keeper = keptIn === 'cookie'
    ? keepInCookie({ cookie, store, lifetime, sealer: createSealer(secrets, 'session', BASE) })
    : keepInStore({ cookie, store, lifetime, sealer: createSealer(secrets, 'stored-session', BASE) })
  let read = logs.lines.length
  return {
    app,
    server,
    store,
    keeper,
    logs,
    async seat (changes = {}) {
      const browser = visitor(app)
      const login: Login = { provider: 'oidc', issuer: server.issuer.issuer, clientId: 'web', subject: 'ada', idToken: server.idToken({ sub: 'ada' }), user: { name: 'Ada' }, accessToken: 'access 0', accessTokenSince: seconds(), accessTokenExpiresAt: seconds() + 3_600, ...changes }
      browser.jar.take((await keeper.start(newRecord(login), { header: undefined })).cookies)
      store.calls.length = 0
      return browser
    },
    record: async (browser) => (await keeper.load(browser.jar.header())).session?.record,
    ask: (browser, request) => app.inject({ ...request, headers: { host: '127.0.0.1:3000', cookie: browser.jar.header(), ...request.headers } }),
    reason () {
      const refusals = logs.lines.slice(read).flatMap(({ gatehouse, msg }) => String(msg).startsWith('refused') ? [gatehouse as { reason: unknown }] : [])
      read = logs.lines.length
      return refusals.at(-1)?.reason
    }
  }
}

/** Members of a session whose access token ended a second ago, and can be refreshed. */
export function endedToken (refreshToken = 'refresh 0'): Partial<Login> {
  return { accessToken: 'access 0', accessTokenSince: seconds() - 3_601, accessTokenExpiresAt: seconds() - 1, refreshToken }
}

/** A token endpoint that replaces refresh tokens, each once, and gives access tokens made by the function. */
export function rotate (server: LoginServer, accessToken: (count: number, shown: string) => string = (count) => `access ${count}`): { readonly shown: string[] } {
  const shown: string[] = []
  server.answers['/token'] = (response, { form }) => {
    const refreshToken = form.refresh_token!
    const isUsed = shown.includes(refreshToken)
    shown.push(refreshToken)
    if (isUsed) json(400, { error: 'invalid_grant' })(response)
    else json(200, server.tokens({ access_token: accessToken(shown.length, refreshToken), refresh_token: `${refreshToken}+`, expires_in: 3_600 }))(response)
  }
  return { shown }
}

/** Set-Cookie lines of an answer. */
export function linesOf ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string[] {
  return [headers['set-cookie'] as string | string[] | undefined ?? []].flat()
}
