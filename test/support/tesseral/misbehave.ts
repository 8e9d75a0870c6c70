import type { ServerResponse } from 'node:http'

/** An answer of one's own. */
export interface OwnAnswer {
  readonly status: number
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** `hang` never answers, `hang-body` not to the end; `refuse` destroys the socket; `html` is a page, like a captive portal; `huge` 2 MB. */
export type Misbehaviour = 'hang' | 'hang-body' | 'refuse' | 'html' | 'huge' | OwnAnswer

/** Answers wrongly. */
export function misbehave (response: ServerResponse, how: Misbehaviour): void {
  switch (how) {
    case 'hang': return
    case 'hang-body':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"')
      return
    case 'refuse':
      response.destroy()
      return
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in to this network</title>')
      return
    case 'huge':
      sendJson(response, 200, { padding: 'x'.repeat(2_000_000) })
      return
    default:
      if (typeof how.body === 'string') response.writeHead(how.status, how.headers ?? {}).end(how.body)
      else sendJson(response, how.status, how.body ?? {}, how.headers)
  }
}

/** Answers with JSON. */
export function sendJson (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
