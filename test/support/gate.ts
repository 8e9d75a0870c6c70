import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import gatehouse, { oidc } from '../../lib/index.js'
import type { GatehouseOptions, OidcOptions } from '../../lib/index.js'
import type { Answer } from './expected-answers.js'
import { createIssuer } from './issuer.js'
import type { SigningAlgorithm, TestIssuer } from './issuer.js'
import { captureLogs } from './logs.js'
import type { CapturedLogs } from './logs.js'

/** What {@link openGate} can be told. */
export interface GateOptions {
  /** Default: a new issuer with one key for each of `algorithms`, closed with the test. */
  issuer?: TestIssuer
  algorithms?: SigningAlgorithm[]
  /** Beside `issuer` and `audience`. */
  provider?: Partial<OidcOptions>
  /** Beside `provider`. */
  gatehouse?: Partial<GatehouseOptions>
  /** Bytes of the head of a request. Default: Node's. */
  maxHeaderSize?: number
  /** Declares more routes. */
  routes?: (app: FastifyInstance) => void
}

/** A guarded app with keys at hand: `/` greets, `/messages` demands the scope `read:messages`. */
export interface Gate {
  readonly app: FastifyInstance
  readonly issuer: TestIssuer
  /** Everything logged, from trace on. */
  readonly logs: CapturedLogs
  /** Sends this Authorization header, or none. */
  ask (authorization?: string, request?: InjectOptions): Promise<Answer>
  /** Sends `Bearer` and the token. */
  bearer (token: string, url?: string): Promise<Answer>
  /** The reason of the last refusal logged since the last call. */
  reason (): unknown
}

type Teardown = { teardown (end: () => unknown): unknown }

/** Starts an issuer and an app that trusts it, and waits for the keys. */
export async function openGate (t: Teardown, options: GateOptions = {}): Promise<Gate> {
  const issuer = options.issuer ?? await createIssuer({ algorithms: options.algorithms ?? ['RS256'] })
  const logs = captureLogs()
  const { maxHeaderSize } = options
  const app = Fastify({
    logger: { level: 'trace', stream: logs.stream },
    ...(maxHeaderSize === undefined ? {} : { http: { maxHeaderSize } })
  })
  t.teardown(async () => {
    await app.close()
    if (options.issuer === undefined) await issuer.close()
  })
  await app.register(gatehouse, {
    provider: oidc({ issuer: issuer.issuer, audience: issuer.audience, ...options.provider }),
    ...options.gatehouse
  })
  app.get('/', async ({ auth }) => ({ subject: auth.subject }))
  app.post('/', async ({ auth }) => ({ subject: auth.subject }))
  app.get('/messages', { config: { scopes: 'read:messages' } }, async ({ auth }) => ({ scopes: auth.scopes }))
  options.routes?.(app)
  await app.ready()
  if (options.gatehouse?.startup !== 'lazy') await app.gatehouse.ready().catch(() => {})

  let read = logs.lines.length
  function reason (): unknown {
    const refusals = logs.lines.slice(read).flatMap(({ gatehouse }) => gatehouse ?? [])
    read = logs.lines.length
    return (refusals.at(-1) as { reason?: unknown } | undefined)?.reason
  }
  async function ask (authorization?: string, request: InjectOptions = {}): Promise<Answer> {
    reason()
    const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) }
    const response = await app.inject({ url: '/', ...request, headers })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'], body: response.json(), reason: reason() }
  }
  return { app, issuer, logs, ask, bearer: (token, url = '/') => ask(`Bearer ${token}`, { url }), reason }
}
