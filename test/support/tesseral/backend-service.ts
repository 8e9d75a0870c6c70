import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { base36, identifier } from './identifiers.js'
import { misbehave, sendJson } from './misbehave.js'
import type { Misbehaviour } from './misbehave.js'

/** What an API key may do, and where. */
export interface TestApiKey {
  readonly apiKeyId: string
  readonly organizationId: string
  readonly actions: readonly string[]
}

/** Authenticates a project's API keys. */
export interface BackendService {
  /** Its own credential: who calls must send it. */
  readonly backendApiKey: string
  /** The keys it knows, by secret. Remove one to revoke it. */
  readonly keys: Map<string, TestApiKey>
  /** Whether API keys are enabled for the project. */
  enabled: boolean
  /** Requests that arrived. */
  requests: number
  /** Headers of the latest. */
  headers: IncomingMessage['headers']
  /** undefined: answers as it should. */
  how: Misbehaviour | undefined
  /** A new API key: its secret. */
  issue (key?: Partial<TestApiKey>): string
  readonly listener: RequestListener
}

/** What every API key of the project begins with. */
export const KEY_PREFIX = 'acme_sk_'

/** A key of the right form that nobody knows. */
export function unknownApiKey (): string {
  return KEY_PREFIX + base36(55)
}

/** What the server says is never to be repeated: this is in each of its errors. */
export const SERVER_TEXT = 'a sentence of the server'

export function backendService (): BackendService {
  const self: BackendService = {
    backendApiKey: `tesseral_secret_key_${base36(50)}`,
    keys: new Map(),
    enabled: true,
    requests: 0,
    headers: {},
    how: undefined,
    issue (key = {}) {
      const secret = unknownApiKey()
      self.keys.set(secret, { apiKeyId: identifier('api_key'), organizationId: identifier('org'), actions: [], ...key })
      return secret
    },
    listener (request, response) {
      self.requests++
      self.headers = request.headers
      if (self.how !== undefined) return misbehave(response, self.how)
      read(request).then((text) => { answer(request, text, response) }, () => { response.destroy() })
    }
  }

  function answer ({ method, url, headers }: IncomingMessage, text: string, response: ServerResponse): void {
    if (method !== 'POST' || url !== '/v1/api-keys/authenticate') return sendJson(response, 404, {})
    const bearer = /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1]
    if (bearer === undefined) return fail(response, 401, 16, 'no access token in the request')
    if (!/^tesseral_secret_key_[0-9a-z]+$/.test(bearer)) return fail(response, 400, 3, 'invalid_argument')
    if (bearer !== self.backendApiKey) return fail(response, 404, 5, 'not_found')
    if (!self.enabled) return fail(response, 403, 7, 'permission_denied')
    const { secretToken }: { secretToken?: unknown } = JSON.parse(text)
    if (typeof secretToken !== 'string' || !/^acme_sk_[0-9a-z]{55}$/.test(secretToken)) return fail(response, 400, 3, 'unauthenticated_api_key', 'malformed_api_key_secret_token')
    const key = self.keys.get(secretToken)
    if (key === undefined) return fail(response, 400, 3, 'unauthenticated_api_key', 'invalid_api_key_secret_token')
    sendJson(response, 200, { ...key, actions: key.actions.toSorted() })
  }

  return self
}

function fail (response: ServerResponse, status: number, code: number, message: string, description: string = SERVER_TEXT): void {
  sendJson(response, status, { code, message, details: [{ '@type': 'type.googleapis.com/tesseral.common.v1.ErrorDetail', description, docsLink: SERVER_TEXT }] })
}

async function read (request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
