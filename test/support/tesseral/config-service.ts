import type { RequestListener } from 'node:http'
import { misbehave, sendJson } from './misbehave.js'
import type { Misbehaviour } from './misbehave.js'

/** Gives a project's configuration to whoever names its publishable key. */
export interface ConfigService {
  /** The document as served now. Change, remove or replace anything. */
  document: Record<string, unknown>
  /** Requests that arrived. */
  requests: number
  /** undefined: answers as it should. */
  how: Misbehaviour | undefined
  readonly listener: RequestListener
}

/** @param publishableKey the one it knows */
export function configService (publishableKey: string, document: Record<string, unknown>): ConfigService {
  const self: ConfigService = {
    document,
    requests: 0,
    how: undefined,
    listener (request, response) {
      self.requests++
      if (self.how !== undefined) return misbehave(response, self.how)
      const key = /^\/v1\/config\/([^/?]+)$/.exec(request.url ?? '')?.[1]
      if (request.method !== 'GET' || key === undefined) return sendJson(response, 404, {})
      if (!/^publishable_key_[0-9a-z]{25}$/.test(key)) return sendJson(response, 400, failure(400, 'invalid_argument'))
      if (key !== publishableKey) return sendJson(response, 404, failure(404, 'not_found'))
      sendJson(response, 200, self.document)
    }
  }
  return self
}

function failure (code: number, message: string): object {
  return { code, message, details: [{ description: 'a sentence of the server' }] }
}
