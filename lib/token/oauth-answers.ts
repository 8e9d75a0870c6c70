import { loggable } from '../refusal.js'
import { hasDuplicateMembers } from './duplicate-members.js'
import { FetchFailure, parseObject, refusal } from './fetch-json.js'
import type { Received } from './fetch-json.js'

/** The provider's "no", by its error code: all there is of its words. */
export class OAuthRefusal extends Error {
  readonly status: number
  /** As `errorCode` gives it. */
  readonly error: string

  constructor (status: number, error: string) {
    super('the provider refused')
    this.status = status
    this.error = error
  }
}

const JSON_TYPE = 'application/json'
const UNKNOWN = 'unknown_error'
/** Error codes that mean "not now". */
const NOT_NOW = ['server_error', 'temporarily_unavailable']

/** Characters: three of them, sealed, still open. */
const LONGEST = 24_000

/** Whether a member is a text of a sane length, which may be empty, as a scope may. */
export const isScope = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST

/** Whether a member is a text of a sane length that is not empty. */
export const isText = (value: unknown): value is string => isScope(value) && value !== ''

/**
 * An error code, fit for a log line and an error page: without what HTML would take for its own, though the grammar
 * has it.
 *
 * @see RFC 6749 appendix A.7
 */
export function errorCode (value: unknown): string {
  return typeof value === 'string' && /^(?:(?![<>&])[\x20\x21\x23-\x5b\x5d-\x7e]){1,100}$/.test(value) && loggable(value) === value ? value : UNKNOWN
}

/** Whether an error code says that another time may do. */
export function isNotNow (error: string): boolean {
  return NOT_NOW.includes(error)
}

/**
 * The JSON object an endpoint answered, or its "no". Stricter than the library, which reads JSON of any type and the last
 * of two members.
 *
 * @param expected the status of a right answer
 * @throws FetchFailure for what is neither
 * @see RFC 6749 section 5.2
 */
export function readJson (answer: Received, expected = 200): Readonly<Record<string, unknown>> | OAuthRefusal {
  if (answer.status !== expected) return refusalIn(answer)
  if (!isJson(answer)) throw new FetchFailure(answer.text.trimStart().startsWith('<') ? 'answers HTML' : `answers another content type than ${JSON_TYPE}`)
  const body = parseObject(answer.text)
  let hasDuplicates: boolean
  try {
    hasDuplicates = hasDuplicateMembers(answer.text, body)
  } catch {
    throw new FetchFailure('answers a value nested too deep')
  }
  if (hasDuplicates) throw new FetchFailure('answers a member twice')
  return body
}

/** A 4xx with an error code is the provider's word; anything else is its trouble. */
function refusalIn (answer: Received): OAuthRefusal {
  const failure = refusal(answer)
  if (!failure.isRefusal || !isJson(answer)) throw failure
  const { error } = parseObject(answer.text)
  if (error === undefined) throw failure
  const code = errorCode(error)
  if (isNotNow(code)) throw new FetchFailure(`answers ${code}`)
  return new OAuthRefusal(answer.status, code)
}

function isJson ({ headers }: Received): boolean {
  return headers.get('content-type')?.split(';', 1)[0]!.trim().toLowerCase() === JSON_TYPE
}

/** Only what was looked at, for the library: a challenge or another type would lead it elsewhere. */
export function asResponse ({ status, text }: Pick<Received, 'status' | 'text'>): Response {
  return new Response(text, { status, headers: { 'content-type': JSON_TYPE } })
}
