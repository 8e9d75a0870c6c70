import type { FastifyInstance, FastifyServerOptions, InjectOptions } from 'fastify'
import gatehouse from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { bareHouse, providerOf } from './house.js'
import type { TestIssuer } from './issuer.js'

/** The identifier of RFC 9728's examples. */
export const RESOURCE = 'https://resource.example.com'
/** Where its document is. */
export const WELL_KNOWN = '/.well-known/oauth-protected-resource'

interface Test { teardown (undo: () => unknown): unknown }

/** What {@link resourceApp} can be told beside the gatehouse's options. */
export interface ResourceAppOptions extends Partial<GatehouseOptions> {
  readonly server?: FastifyServerOptions
  /** Before the gatehouse. */
  readonly before?: (app: FastifyInstance) => unknown
}

/** An API that is `https://resource.example.com`, with `/` and, for the scope `email`, `/email`. */
export async function resourceApp (t: Test, issuer: TestIssuer, { server, before, ...options }: ResourceAppOptions = {}): Promise<FastifyInstance> {
  const app = bareHouse(t, server)
  await before?.(app)
  await app.register(gatehouse, { provider: providerOf(issuer, { audience: RESOURCE }), startup: 'lazy', baseUrl: RESOURCE, resource: RESOURCE, ...options })
  app.get('/', async (request) => request.auth.subject)
  app.get('/email', { config: { scopes: 'email' } }, async () => 'email')
  return app
}

/** What of an answer a client can act on, to be asserted as a whole: headers that were not sent are left out. */
export async function ask (app: FastifyInstance, question: string | InjectOptions): Promise<{ status: number, body: unknown, headers: Record<string, unknown> }> {
  const { statusCode, headers, body } = await app.inject(question)
  const isJson = body !== '' && String(headers['content-type']).startsWith('application/json')
  const seen = Object.entries(headers).filter(([name, value]) => value !== undefined && (name.startsWith('access-control-') || SEEN.includes(name)))
  return { status: statusCode, body: isJson ? JSON.parse(body) : body, headers: Object.fromEntries(seen) }
}

const SEEN = ['content-type', 'cache-control', 'www-authenticate', 'dpop-nonce', 'vary']

/** Headers of the document. */
export const DOCUMENT_HEADERS = { 'access-control-allow-origin': '*', 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' }

/** Headers of the answer to a preflight request for it. */
export const PREFLIGHT_HEADERS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': '*', 'access-control-max-age': '3600' }
