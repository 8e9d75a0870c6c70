import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { LoginOptions } from '../../lib/login/index.js'
import { loginApp, visitor } from './login-app.js'
import type { LoginAppOptions, Visitor } from './login-app.js'
import type { LoginBrowser } from './login-provider.js'
import { json, loginServer } from './login-server.js'
import type { EndpointAnswer, LoginServer } from './login-server.js'
import { SECRET } from './session-stage.js'

/** What an instant login says. */
export interface InstantLogin {
  /** Beside `sub`, `sid` and the nonce. */
  readonly claims?: Record<string, unknown>
  /** Beside access and ID token. */
  readonly tokens?: Record<string, unknown>
  /** How refresh tokens are answered. Default: none is known. */
  readonly refresh?: EndpointAnswer
}

/** A browser the stand-in logs in at once, whoever asks: each login has a `sid` of its own. */
export function instantBrowser (server: LoginServer, { claims = {}, tokens = {}, refresh = json(400, { error: 'invalid_grant' }) }: InstantLogin = {}): LoginBrowser {
  server.answers['/token'] = (response, asked) => {
    const { grant_type: grant, code } = asked.form
    if (grant === 'authorization_code') {
      const { person, nonce } = JSON.parse(Buffer.from(code!, 'base64url').toString())
      json(200, server.tokens({ id_token: server.idToken({ sub: person, sid: randomUUID(), nonce, ...claims }), ...tokens }))(response)
    } else if (typeof refresh === 'function') refresh(response, asked)
    else json(200, refresh)(response)
  }
  return {
    async visit (url, person = 'ada') {
      const { state, nonce } = Object.fromEntries(new URL(url).searchParams)
      return { method: 'GET', parameters: { state: state!, code: Buffer.from(JSON.stringify({ person, nonce })).toString('base64url') } }
    },
    open: () => Promise.reject(new Error('there are no pages'))
  }
}

/** An app with somebody logged in. */
export interface LoggedIn {
  readonly server: LoginServer
  readonly app: FastifyInstance
  readonly ada: Visitor
}

export async function loggedIn (t: Test, options: LoginAppOptions = {}, login: InstantLogin = {}): Promise<LoggedIn> {
  const server = await loginServer(t, ['ES256'])
  const app = await loginApp(t, server.issuer, options)
  const ada = visitor(app, instantBrowser(server, login))
  t.equal((await ada.logIn()).location, '/')
  return { server, app, ada }
}

/** Whether a person's browser has a session. */
export async function isIn (person: Visitor): Promise<boolean> {
  return (await person.get('/me')).status === 200
}

/** The login options for sessions in a cookie, and in the store. */
export const KEPT = { cookie: {}, store: { session: { secret: SECRET, in: 'store' } } } as const satisfies Record<string, Partial<LoginOptions>>
