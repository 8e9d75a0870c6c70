import type { FetchOptions } from '../../types/options.js'
import { parseObject, secondsOf, sendOnce } from './fetch-json.js'
import type { Received } from './fetch-json.js'

/** What a server answered, whatever its status. */
export interface PostedAnswer {
  readonly status: number
  /** Empty where an answer other than 200 is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>
  /** Seconds after which the server wants to be asked again, if it said so. */
  readonly retryAfter: number | undefined
}

interface Post {
  readonly body: object
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Posts a JSON object and reads the answer.
 *
 * @param signal bounds it in time, the body included
 * @throws FetchFailure where there is no answer, or a 200 that is no JSON object; it never repeats what was sent
 */
export function postJson (url: string, { body, headers }: Post, fetchOptions: FetchOptions, signal: AbortSignal): Promise<PostedAnswer> {
  const init = { method: 'POST', headers: { accept: 'application/json', 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
  return sendOnce({ url, init, read }, fetchOptions, false, signal)
}

function read ({ status, headers, text }: Received): PostedAnswer {
  return { status, body: status === 200 ? parseObject(text) : objectOrNothing(text), retryAfter: secondsOf(headers.get('retry-after')) }
}

function objectOrNothing (text: string): Record<string, unknown> {
  try {
    return parseObject(text)
  } catch {
    return {}
  }
}
