import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { GatehouseOptions, OidcOptions } from '../../lib/index.js'
import { guardedApi, trusting } from './guarded-api.js'
import type { GuardedApi } from './guarded-api.js'
import { createIssuer } from './issuer.js'
import type { TestIssuer } from './issuer.js'
import { listen } from './issuer/server.js'

/** A request for a token, as it arrived. */
export interface AskedExchange {
  readonly headers: Readonly<Record<string, unknown>>
  readonly form: URLSearchParams
}

/** How a request is answered: with this object as JSON, or as the function does. */
export type ExchangeAnswer = object | ((response: ServerResponse, asked: AskedExchange) => void)

/** An issuer whose token endpoint says what it is told to say. */
export interface ExchangeServer {
  readonly issuer: TestIssuer
  readonly endpoint: string
  /** Default: a token called `downstream 1`, `downstream 2` and so on, for an hour, of the type that was asked for. */
  answer: ExchangeAnswer
  /** Requests that arrived, answered or not, oldest first. */
  readonly requests: AskedExchange[]
  /** A right answer of RFC 8693; members override, `undefined` removes one. */
  token (members?: Record<string, unknown>): object
  /** Connections are refused from now on, open ones destroyed. */
  shut (): Promise<void>
  /** Listens again, on the same port. */
  reopen (): Promise<void>
}

export const SECRET = 'hunter2-and-more'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** Starts both on loopback; they stop when the test ends. */
export async function exchangeServer (t: Test): Promise<ExchangeServer> {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const { origin, close, reopen } = await listen((request, response) => { respond(request, response).catch(() => { response.destroy() }) })
  t.teardown(close)
  issuer.metadata.token_endpoint = `${origin}/token`
  const server: ExchangeServer = {
    issuer,
    endpoint: `${origin}/token`,
    answer: (response, { form }) => { json(200, server.token({ access_token: `downstream ${server.requests.length}`, issued_token_type: form.get('requested_token_type') }))(response) },
    requests: [],
    token: (members = {}) => ({ access_token: 'downstream', issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 3600, ...members }),
    shut: close,
    reopen
  }

  async function respond (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = { headers: { ...request.headers }, form: new URLSearchParams(await text(request)) }
    server.requests.push(asked)
    if (typeof server.answer === 'function') server.answer(response, asked)
    else json(200, server.answer)(response)
  }

  return server
}

/** Answers with this status and this JSON. */
export function json (status: number, body: object, headers: Record<string, string> = {}): (response: ServerResponse) => void {
  return (response) => { response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers }).end(JSON.stringify(body)) }
}

/** An API that exchanges its callers' tokens. */
export interface ExchangingApi extends GuardedApi {
  /** What the handler of `/down` asks for. It answers with the token. */
  wishes: unknown
}

interface Settings {
  readonly provider?: Partial<OidcOptions>
  readonly gatehouse?: Partial<GatehouseOptions>
  readonly routes?: (app: FastifyInstance) => void
}

/** An API with a client at the stand-in: `api`, by client_secret_basic. */
export async function exchangingApi (t: Test, { issuer }: ExchangeServer, { provider, gatehouse, routes }: Settings = {}): Promise<ExchangingApi> {
  const told: { wishes: unknown } = { wishes: { audience: 'https://orders.example' } }
  const guarded = await guardedApi(t, issuer, {
    provider: trusting(issuer, { clientId: 'api', clientSecret: SECRET, ...provider }),
    ...gatehouse,
    routes (app) {
      app.get('/down', async ({ auth }) => {
        const token = await auth.exchange(told.wishes as { audience: string })
        const { accessToken, expiresAt, scopes, issuedTokenType, tokenType } = token
        return { accessToken, expiresAt, scopes, issuedTokenType, tokenType }
      })
      routes?.(app)
    }
  })
  return Object.defineProperty({ ...guarded, wishes: told.wishes }, 'wishes', { get: () => told.wishes, set: (wishes: unknown) => { told.wishes = wishes } })
}

/** What a caller gets where the provider says no, or something else than was asked for. */
export const REFUSED = {
  status: 502,
  body: { statusCode: 502, code: 'GATEHOUSE_EXCHANGE_REFUSED', error: 'Bad Gateway', message: 'The identity provider gave no token for another service' },
  challenge: undefined,
  retryAfter: undefined
}

/** What a caller gets where the provider cannot be asked now. */
export function away (retryAfter = 1) {
  return {
    status: 503,
    body: { statusCode: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', error: 'Service Unavailable', message: 'The identity provider cannot be reached right now' },
    challenge: undefined,
    retryAfter: String(retryAfter)
  }
}
