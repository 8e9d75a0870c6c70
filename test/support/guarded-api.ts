import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import gatehouse, { oidc } from '../../lib/index.js'
import type { GatehouseOptions, OidcOptions } from '../../lib/index.js'
import type { TestIssuer } from './issuer.js'
import { captureLogs } from './logs.js'
import type { CapturedLogs } from './logs.js'

/** All of an answer that a client can act on. */
export interface Answer {
  status: number
  body: unknown
  challenge: string | undefined
  retryAfter: string | undefined
}

/** An API behind a gatehouse. */
export interface GuardedApi {
  readonly app: FastifyInstance
  readonly logs: CapturedLogs
  /** Asks for `/`, which answers with the subject, or for another path. */
  get (token: string | undefined, path?: string, headers?: Record<string, string>): Promise<Answer>
  /** What the gatehouse logged of refusals, oldest first. */
  refusals (): Record<string, unknown>[]
}

/** What {@link guardedApi} can be told beside the gatehouse's options. */
export interface GuardedApiOptions extends Partial<GatehouseOptions> {
  /** For `Fastify()`. */
  readonly server?: FastifyServerOptions
  /** Declares more routes, after the gatehouse. */
  readonly routes?: (app: FastifyInstance) => void
}

/** An API that trusts this issuer, unless told otherwise; `startup` is `lazy`. Ready, and closed when the test ends. */
export async function guardedApi (t: Test, issuer: TestIssuer, options: GuardedApiOptions = {}): Promise<GuardedApi> {
  const { server, routes, ...settings } = options
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'info', stream: logs.stream }, ...server })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), startup: 'lazy', ...settings })
  app.get('/', async (request) => ({ subject: request.auth.subject }))
  routes?.(app)
  await app.ready()
  return {
    app,
    logs,
    async get (token, path = '/', headers = {}) {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      return answerOf(await app.inject({ url: path, headers: { ...authorization, ...headers } }))
    },
    refusals: () => refusalsIn(logs)
  }
}

/** What of a response a client can act on. */
export function answerOf (response: LightMyRequestResponse): Answer {
  return {
    status: response.statusCode,
    body: response.json(),
    challenge: response.headers['www-authenticate']?.toString(),
    retryAfter: response.headers['retry-after']?.toString()
  }
}

/** What the gatehouse logged of refusals, oldest first. */
export function refusalsIn ({ lines }: CapturedLogs): Record<string, unknown>[] {
  return lines.flatMap(({ gatehouse }) => gatehouse === undefined ? [] : [gatehouse as Record<string, unknown>])
}

/** The issuer as a provider for its own audience. */
export function trusting (issuer: TestIssuer, options: Partial<OidcOptions> = {}) {
  return oidc({ issuer: issuer.issuer, audience: issuer.audience, ...options })
}

/** What a good token of {@link TestIssuer.token} gets. */
export const ACCEPTED: Answer = { status: 200, body: { subject: 'user-1' }, challenge: undefined, retryAfter: undefined }

/** What any bad token gets, whatever is wrong with it. */
export const INVALID_TOKEN: Answer = {
  status: 401,
  body: {
    statusCode: 401,
    code: 'GATEHOUSE_TOKEN_INVALID',
    error: 'Unauthorized',
    message: 'The access token is expired, revoked, malformed or not meant for this API'
  },
  challenge: 'Bearer realm="api", error="invalid_token", error_description="The access token is expired, revoked, malformed or not meant for this API"',
  retryAfter: undefined
}

/** What any token gets that cannot be judged now. */
export function unavailable (retryAfter = 1): Answer {
  return {
    status: 503,
    body: {
      statusCode: 503,
      code: 'GATEHOUSE_UNAVAILABLE',
      error: 'Service Unavailable',
      message: 'The credential cannot be verified right now'
    },
    challenge: undefined,
    retryAfter: String(retryAfter)
  }
}
