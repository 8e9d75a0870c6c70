import type { FetchOptions } from '../../types/options.js'
import { isSecure } from '../providers/url.js'

/** Bytes of a body at most. */
const LARGEST = 1_048_576
const REDIRECTS = 3

/** Why a document could not be had: one of our own sentences, never the server's text. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure'
  /** Whether the server has no such document, or none for us. */
  readonly isRefusal: boolean
  /** Seconds after which the server wants to be asked again, if it said so. */
  readonly retryAfter: number | undefined
  /** What the server answered, if it did. */
  readonly status: number | undefined

  constructor (message: string, { isRefusal = false, retryAfter, status }: { isRefusal?: boolean, retryAfter?: number | undefined, status?: number | undefined } = {}) {
    super(message)
    this.isRefusal = isRefusal
    this.retryAfter = retryAfter
    this.status = status
  }
}

/** A document and how long its server says it stays true. */
export interface FetchedDocument {
  readonly body: Readonly<Record<string, unknown>>
  /** Seconds of `Cache-Control: max-age`, if any. */
  readonly maxAge: number | undefined
}

/**
 * Fetches a JSON object. Bounded in size; follows redirects only inside the origin, so that whoever can redirect
 * cannot choose where keys come from.
 *
 * @param signal bounds it in time: body and redirects are included
 * @throws FetchFailure
 */
export async function fetchJson (url: string, fetchOptions: FetchOptions, allowHttp: boolean, signal: AbortSignal): Promise<FetchedDocument> {
  return telling(url, signal, async () => {
    const response = await followInside(new URL(url), fetchOptions, allowHttp, signal)
    const body = parseObject(await readBounded(response))
    const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1]
    return { body, maxAge: maxAge === undefined ? undefined : Number(maxAge) }
  })
}

/** What a server answered, whatever its status. */
export interface Received {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A request of somebody else's making, and what reads the answer. */
export interface Sending<Result> {
  readonly url: string
  readonly init: { readonly method: string, readonly headers: Readonly<Record<string, string>>, readonly body?: URLSearchParams | string | undefined }
  /** Throws a `FetchFailure` for what is no right answer. */
  read (answer: Received): Result
}

/**
 * Sends one request, by the same rules, but follows no redirect at all: what is sent may be secret. Its own headers
 * go before those of the options.
 *
 * @throws FetchFailure, which never repeats what was sent
 */
export async function sendOnce<Result> ({ url, init, read }: Sending<Result>, fetchOptions: FetchOptions, allowHttp: boolean, signal: AbortSignal): Promise<Result> {
  return telling(url, signal, async () => {
    const headers = new Headers(fetchOptions.headers)
    for (const [name, value] of Object.entries(init.headers)) headers.set(name, value)
    const response = await send(new URL(url), { ...init, headers }, fetchOptions, allowHttp, signal)
    return read({ status: response.status, headers: response.headers, text: await readBounded(response) })
  })
}

/** What went wrong, with the URL before it. */
async function telling<Result> (url: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FetchFailure) throw new FetchFailure(`${shown(url)}: ${error.message}`, error)
    throw new FetchFailure(`${shown(url)}: ${signal.aborted ? 'no full answer in time' : networkFailure(error)}`)
  }
}

/** A URL for messages: a document may name one of any length. */
export function shown (url: string): string {
  return url.slice(0, 200)
}

async function followInside (url: URL, fetchOptions: FetchOptions, allowHttp: boolean, signal: AbortSignal): Promise<Response> {
  let target = url
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const response = await send(target, { headers: { accept: 'application/json', ...fetchOptions.headers } }, fetchOptions, allowHttp, signal)
    if (response.status === 200) return response
    await response.body?.cancel()
    if (response.status < 300 || response.status > 399) throw refusal(response)
    const location = response.headers.get('location')
    if (location === null || !URL.canParse(location, target.href)) throw new FetchFailure(`status ${response.status} without a place to go`)
    target = new URL(location, target)
    if (target.origin !== url.origin) throw new FetchFailure('redirects to another origin')
  }
  throw new FetchFailure('redirects without end')
}

async function send (target: URL, init: object, fetchOptions: FetchOptions, allowHttp: boolean, signal: AbortSignal): Promise<Response> {
  if (!isSecure(target, allowHttp)) throw new FetchFailure('plain http is for loopback only')
  return fetch(target, { ...fetchOptions, ...init, redirect: 'manual', signal } as RequestInit)
}

/** Whatever a 4xx says, but "not now", the document is not to be had there. */
export function refusal ({ status, headers }: Pick<Response, 'status' | 'headers'>): FetchFailure {
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  return new FetchFailure(`status ${status}`, { isRefusal, retryAfter: secondsOf(headers.get('retry-after')), status })
}

/** @see RFC 9110 section 10.2.3: seconds, or a date */
export function secondsOf (retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined
  const seconds = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000
  return seconds > 0 ? seconds : undefined
}

async function readBounded (response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > LARGEST) throw new FetchFailure(`more than ${LARGEST} bytes`)
    chunks.push(chunk)
  }
  // RFC 8259 section 8.1 lets readers pass over a byte order mark.
  return Buffer.concat(chunks).toString('utf8').replace(/^\uFEFF/, '')
}

/**
 * A JSON object.
 *
 * @throws FetchFailure
 */
export function parseObject (text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new FetchFailure(text.trimStart().startsWith('<') ? 'answers HTML instead of JSON' : 'answers no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FetchFailure('answers no JSON object')
  return value as Record<string, unknown>
}

/** `fetch failed` says nothing; its cause has a code. */
function networkFailure (error: unknown): string {
  const cause = error instanceof Error ? error.cause ?? error : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'the connection failed'
}
