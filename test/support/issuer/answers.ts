import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setInterval } from 'node:timers'

/**
 * How a key server answers.
 *
 * - `answer`: as it should
 * - `status-500`, `status-429`, `status-503`: with that status and a JSON body; the last two with a `Retry-After` if there is one
 * - `html`: 200 and a page, like a captive portal
 * - `truncated`: 200 and half of the JSON, as a complete HTTP message
 * - `empty-set`: `{ "keys": [] }`; discovery answers as it should
 * - `huge`: the right JSON followed by 10 MB of padding, without a Content-Length
 * - `hang`: takes the request and never answers
 * - `hang-body`: the headers, half of the body, then nothing
 * - `drip`: one byte of the right body every 100 ms
 * - `redirect`: 302 to another origin on loopback, which answers as it should
 * - `redirect-same`: 302 to another path of this origin, which answers as it should
 * - `refuse`: the socket is destroyed
 */
export type Behaviour =
  'answer' | 'status-500' | 'status-429' | 'status-503' | 'html' | 'truncated' | 'empty-set' | 'huge' |
  'hang' | 'hang-body' | 'drip' | 'redirect' | 'redirect-same' | 'refuse'

/** What a {@link Behaviour} works with. */
export interface Question {
  /** What was asked for. */
  readonly endpoint: 'discovery' | 'jwks'
  /** The right answer. */
  readonly document: unknown
  /** Headers of the right answer. */
  readonly headers: Record<string, string>
  /** Seconds of `Retry-After`, if any. */
  readonly retryAfter?: number | undefined
  /** Where `redirect` sends. */
  readonly elsewhere: string
  /** Where `redirect-same` sends. */
  readonly moved: string
}

/** Answers as the issuer was told to. */
export const answers: Record<Behaviour, (response: ServerResponse, question: Question) => void> = {
  answer: (response, { document, headers }) => json(response, 200, JSON.stringify(document), headers),
  'status-500': (response) => json(response, 500, '{"error":"server_error"}'),
  'status-429': (response, { retryAfter }) => json(response, 429, '{"error":"too_many_requests"}', pause(retryAfter)),
  'status-503': (response, { retryAfter }) => json(response, 503, '{"error":"temporarily_unavailable"}', pause(retryAfter)),
  html: (response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in to this network</title>')
  },
  truncated: (response, { document, headers }) => json(response, 200, firstHalf(JSON.stringify(document)), headers),
  'empty-set': (response, { endpoint, document, headers }) => {
    json(response, 200, JSON.stringify(endpoint === 'jwks' ? { keys: [] } : document), headers)
  },
  huge: (response, { document, headers }) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    Readable.from(padded(JSON.stringify(document))).pipe(response)
  },
  hang: () => {},
  'hang-body': (response, { document, headers }) => {
    const body = JSON.stringify(document)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
    response.write(firstHalf(body))
  },
  drip: (response, { document, headers }) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    drip(response, Buffer.from(JSON.stringify(document)))
  },
  redirect: (response, { elsewhere }) => redirect(response, elsewhere),
  'redirect-same': (response, { moved }) => redirect(response, moved),
  refuse: (response) => { response.destroy() }
}

function json (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

function pause (retryAfter: number | undefined): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
}

function redirect (response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end()
}

function drip (response: ServerResponse, body: Buffer): void {
  let sent = 0
  const timer = setInterval(() => {
    if (sent < body.length) response.write(body.subarray(sent, ++sent))
    else response.end()
  }, 100).unref()
  response.on('close', () => clearInterval(timer))
}

function * padded (text: string): Generator<string> {
  yield text.slice(0, -1) + ',"padding":"'
  for (let sent = 0; sent < 10_000_000; sent += 50_000) yield 'x'.repeat(50_000)
  yield '"}'
}

function firstHalf (text: string): string {
  return text.slice(0, text.length / 2)
}
