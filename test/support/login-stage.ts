import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { instantBrowser } from './instant-login.js'
import type { InstantLogin } from './instant-login.js'
import { loginApp, NAVIGATION, visitor } from './login-app.js'
import type { LoginAppOptions, Visitor } from './login-app.js'
import type { LoginBrowser } from './login-provider.js'
import { loginServer } from './login-server.js'
import type { LoginServer } from './login-server.js'
import { captureLogs } from './logs.js'

/** An app, its provider, which is told what to say, and what both of them heard. */
export interface LoginStage {
  readonly server: LoginServer
  readonly app: FastifyInstance
  readonly browser: LoginBrowser
  /** Somebody new, with cookies of their own. */
  visitor (): Visitor
  /** A new login under way: who has it, and the callback the provider sends them to. */
  underWay (path?: string, headers?: Record<string, string>): Promise<UnderWay>
  /** What was refused since the last time it was asked: level and members of each line. */
  refusals (): Record<string, unknown>[]
  /** All that was logged. */
  log (): string
}

export interface UnderWay {
  readonly ada: Visitor
  /** With query. */
  readonly callback: string
  readonly parameters: Readonly<Record<string, string>>
  /** What the provider was asked. */
  readonly asked: Readonly<Record<string, string>>
}

/** An app with login at the stand-in provider. */
export async function loginStage (t: Test, options: LoginAppOptions = {}, login: InstantLogin = {}): Promise<LoginStage> {
  const server = await loginServer(t, ['ES256'])
  const logs = captureLogs()
  const app = await loginApp(t, server.issuer, { logger: { level: 'trace', stream: logs.stream }, ...options })
  const browser = instantBrowser(server, login)
  return {
    server,
    app,
    browser,
    visitor: () => visitor(app, browser),
    async underWay (path = '/login', headers = NAVIGATION) {
      const ada = visitor(app, browser)
      const { location } = await ada.get(path, headers)
      const { parameters } = await browser.visit(location!)
      const asked = Object.fromEntries(new URL(location!).searchParams)
      return { ada, asked, parameters, callback: `${new URL(asked.redirect_uri!).pathname}?${new URLSearchParams(parameters).toString()}` }
    },
    refusals () {
      const found = logs.lines.filter((line) => 'gatehouse' in line).map(({ level, gatehouse }) => ({ level, ...gatehouse as object }))
      logs.lines.length = 0
      return found
    },
    log: logs.text
  }
}
