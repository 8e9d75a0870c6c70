import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { OidcOptions } from '../../lib/index.js'
import { createLoginClient } from '../../lib/login/client.js'
import type { LoginClient, LoginClientOptions, LoginTransaction } from '../../lib/login/client.js'
import { LoginError, ProviderUnavailableError } from '../../lib/login/errors.js'
import type { LoginResult } from '../../lib/login/tokens.js'
import { secret } from '../../lib/providers/secret.js'
import { endOfAll } from '../../lib/token/deadline.js'
import { loginKeys } from './login-keys.js'
import { createIssuer } from './issuer.js'
import type { IssuerKey, SigningAlgorithm, TestIssuer } from './issuer.js'
import { listen } from './issuer/server.js'

/** A request as it arrived. */
export interface AskedEndpoint {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly form: Readonly<Record<string, string>>
}

/** How an endpoint answers: with this object as JSON, or as the function does. */
export type EndpointAnswer = object | ((response: ServerResponse, asked: AskedEndpoint) => void)

/** A provider's endpoints, which say what they are told to say. */
export interface LoginServer {
  readonly issuer: TestIssuer
  readonly origin: string
  /** By path. Others answer 404. */
  readonly answers: Record<string, EndpointAnswer>
  /** Requests that arrived, answered or not, oldest first. */
  readonly requests: AskedEndpoint[]
  /** A right ID token for the client `web`; arguments override single members, `undefined` removes one. */
  idToken (claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: IssuerKey): string
  /** A right answer of the token endpoint. */
  tokens (more?: Record<string, unknown>): object
}

/** Starts an issuer and its endpoints on loopback; both stop when the test ends. */
export async function loginServer (t: Test, algorithms: SigningAlgorithm[] = ['RS256']): Promise<LoginServer> {
  const issuer = await createIssuer({ algorithms })
  t.teardown(() => issuer.close())
  const { origin, close } = await listen((request, response) => { respond(request, response).catch(() => { response.destroy() }) })
  t.teardown(close)
  Object.assign(issuer.metadata, {
    token_endpoint: `${origin}/token`,
    userinfo_endpoint: `${origin}/userinfo`,
    revocation_endpoint: `${origin}/revoke`,
    end_session_endpoint: `${origin}/logout`
  })
  const server: LoginServer = {
    issuer,
    origin,
    answers: {},
    requests: [],
    idToken: (claims = {}, header = {}, key) => issuer.token({ aud: 'web', azp: undefined, scope: undefined, ...claims }, { typ: 'JWT', ...header }, key),
    tokens: (more = {}) => ({ access_token: 'access', token_type: 'Bearer', ...more })
  }

  async function respond (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.split('?')[0]!
    const asked = { path, headers: { ...request.headers }, form: Object.fromEntries(new URLSearchParams(await text(request))) }
    server.requests.push(asked)
    const answer = server.answers[path]
    if (typeof answer === 'function') answer(response, asked)
    else if (answer === undefined) response.writeHead(404).end()
    else json(200, answer)(response)
  }

  return server
}

/** Answers with this status and this JSON. */
export function json (status: number, body: object, headers: Record<string, string> = {}): (response: ServerResponse) => void {
  return (response) => { response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers }).end(JSON.stringify(body)) }
}

/** A signal nobody aborts. */
export const never: AbortSignal = endOfAll().signal

/** A login client of the stand-in, and what helps to ask it. */
export interface ClientAtServer {
  readonly client: LoginClient
  /** A login under way. */
  begin (): Promise<LoginTransaction>
  /** Ends a login whose token endpoint answers this; the ID token has the right nonce unless it is said otherwise. */
  end (claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: IssuerKey, more?: Record<string, unknown>): Promise<LoginResult>
}

/** A login client that trusts the stand-in. */
export function clientAt (t: Test, { issuer, answers, idToken, tokens }: LoginServer, more: Partial<LoginClientOptions> = {}, options: Partial<OidcOptions> = {}): ClientAtServer {
  const provider = oidc({ issuer: issuer.issuer, audience: issuer.audience, ...options })
  const client = createLoginClient({
    provider,
    keys: loginKeys(t, provider),
    clientId: 'web',
    clientAuthentication: { method: 'client_secret_basic', secret: secret('hunter2') },
    scope: 'openid profile',
    responseMode: 'query',
    pushedAuthorizationRequests: 'auto',
    clockTolerance: 10,
    fetchOptions: {},
    ...more
  })
  const begin = async () => (await client.start({ redirectUri: 'http://127.0.0.1:3000/callback' }, never)).transaction
  return {
    client,
    begin,
    async end (claims = {}, header = {}, key = issuer.keys[0], more = {}) {
      const transaction = await begin()
      answers['/token'] = tokens({ id_token: idToken({ nonce: transaction.nonce, ...claims }, header, key), ...more })
      return client.finish({ code: 'code', state: transaction.state }, transaction, never)
    }
  }
}

/** What an exchange failed with, as an app and its operator see it. */
export async function failureOf (work: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    return { result: await work }
  } catch (error) {
    if (!(error instanceof LoginError || error instanceof ProviderUnavailableError)) throw error
    return { status: error.statusCode, code: error.code, message: error.message, error: error.error, headers: error.headers, ...error.refusal }
  }
}
