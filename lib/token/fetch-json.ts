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

  constructor (message: string, { isRefusal = false, retryAfter }: { isRefusal?: boolean, retryAfter?: number | undefined } = {}) {
    super(message)
    this.isRefusal = isRefusal
    this.retryAfter = retryAfter
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
  try {
    const response = await followInside(new URL(url), fetchOptions, allowHttp, signal)
    const body = parseObject(await readBounded(response))
    const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1]
    return { body, maxAge: maxAge === undefined ? undefined : Number(maxAge) }
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
    if (!isSecure(target, allowHttp)) throw new FetchFailure('plain http is for loopback only')
    const headers = { accept: 'application/json', ...fetchOptions.headers }
    const init = { ...fetchOptions, headers, redirect: 'manual', signal } as RequestInit
    const response = await fetch(target, init)
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

/** Whatever a 4xx says, but "not now", the document is not to be had there. */
function refusal ({ status, headers }: Response): FetchFailure {
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  return new FetchFailure(`status ${status}`, { isRefusal, retryAfter: secondsOf(headers.get('retry-after')) })
}

/** @see RFC 9110 section 10.2.3: seconds, or a date */
function secondsOf (retryAfter: string | null): number | undefined {
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

function parseObject (text: string): Record<string, unknown> {
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
