import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import gatehouse from '../../../lib/index.js'
import type { GatehouseOptions } from '../../../lib/index.js'
import { tesseral } from '../../../lib/providers/index.js'
import type { TesseralOptions } from '../../../lib/providers/index.js'
import { answerOf, refusalsIn } from '../guarded-api.js'
import type { Answer } from '../guarded-api.js'
import { captureLogs } from '../logs.js'
import type { CapturedLogs } from '../logs.js'
import type { TestProject } from './project.js'

/** What a request carries beside method and URL. */
export interface Sent extends InjectOptions {
  /** As `Authorization: Bearer`. */
  readonly token?: string
  /** As the project's cookie. */
  readonly cookie?: string
}

/** An API of a Tesseral project. */
export interface ProjectApi {
  readonly app: FastifyInstance
  readonly logs: CapturedLogs
  /** Asks for `/`, unless told otherwise. */
  ask (sent?: Sent): Promise<Answer>
  /** What the gatehouse logged of refusals, oldest first. */
  refusals (): Record<string, unknown>[]
}

/** What {@link projectApi} can be told beside the options of `tesseral()`. */
export interface ProjectApiOptions {
  readonly gatehouse?: Partial<GatehouseOptions>
  readonly routes?: (app: FastifyInstance) => void
}

/**
 * An API that accepts the project's credentials; `startup` is `lazy`. `/` answers with the subject to every method,
 * `/optional` with whether anybody is there. Ready, and closed when the test ends.
 */
export async function projectApi (t: { teardown (undo: () => unknown): unknown }, project: TestProject, options: Partial<TesseralOptions> = {}, more: ProjectApiOptions = {}): Promise<ProjectApi> {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'info', stream: logs.stream } })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: tesseral({ ...project.options, ...options }), startup: 'lazy', ...more.gatehouse })
  app.all('/', async ({ auth }) => ({ subject: auth.subject }))
  app.all('/optional', { config: { auth: 'optional' } }, async ({ auth }) => ({ isAuthenticated: auth.isAuthenticated }))
  more.routes?.(app)
  await app.ready()
  return {
    app,
    logs,
    async ask ({ token, cookie, headers, ...request } = {}) {
      const credentials = {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(cookie === undefined ? {} : { cookie: `${project.cookieName}=${cookie}` })
      }
      return answerOf(await app.inject({ url: '/', ...request, headers: { ...credentials, ...headers } }))
    },
    refusals: () => refusalsIn(logs)
  }
}

/** 200 with this subject. */
export function accepted (subject: string): Answer {
  return { status: 200, body: { subject }, challenge: undefined, retryAfter: undefined }
}

/** What `/optional` answers. */
export function somebody (isAuthenticated: boolean): Answer {
  return { status: 200, body: { isAuthenticated }, challenge: undefined, retryAfter: undefined }
}

/** Nothing was sent. */
export const NOTHING_SENT: Answer = {
  status: 401,
  body: { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' },
  challenge: 'Bearer realm="api"',
  retryAfter: undefined
}

/** The Bearer scheme without exactly one credential behind it. */
export const BAD_REQUEST: Answer = {
  status: 400,
  body: { statusCode: 400, code: 'GATEHOUSE_CREDENTIAL_MALFORMED', error: 'Bad Request', message: 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token' },
  challenge: 'Bearer realm="api", error="invalid_request", error_description="The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token"',
  retryAfter: undefined
}

/** A permission is missing, or a cookie came from a page that is not trusted. */
export const FORBIDDEN: Answer = {
  status: 403,
  body: { statusCode: 403, code: 'GATEHOUSE_FORBIDDEN', error: 'Forbidden', message: 'The caller may not do this' },
  challenge: undefined,
  retryAfter: undefined
}

/** More unknown API keys than the budget allows. */
export function tooMany (retryAfter: number): Answer {
  return {
    status: 429,
    body: { statusCode: 429, code: 'GATEHOUSE_TOO_MANY_REQUESTS', error: 'Too Many Requests', message: 'Too many unknown credentials: try again later' },
    challenge: undefined,
    retryAfter: String(retryAfter)
  }
}
