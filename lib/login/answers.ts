import { loggable } from '../refusal.js'
import { hasDuplicateMembers } from '../token/duplicate-members.js'
import { FetchFailure, parseObject, refusal } from '../token/fetch-json.js'
import type { Received } from '../token/fetch-json.js'

/** Reads what an endpoint answered. @throws FetchFailure for what is no right answer */
export type ReadAnswer = (answer: Received) => Response | OAuthRefusal

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

const isScope = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST
const isText = (value: unknown): value is string => isScope(value) && value !== ''
/** Seconds. Some write them as a text. */
const isLifetime = (value: unknown) => Number.isFinite(Number(value)) && Number(value) >= 0 && (isText(value) || typeof value === 'number')
const OPTIONAL = { id_token: isText, refresh_token: isText, scope: isScope, expires_in: isLifetime }

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
 * What came from the token endpoint: a Bearer token, for we hold no key a token could be bound to. What is malformed
 * is the provider's trouble; what the library refuses after this is the ID token.
 *
 * @see RFC 6749 section 5.1 and 5.2
 */
export function readTokens (answer: Received): Response | OAuthRefusal {
  const body = readJson(answer)
  if (body instanceof OAuthRefusal) return body
  if (!isText(body.access_token)) throw new FetchFailure('answers no access token')
  if (String(body.token_type).toLowerCase() !== 'bearer') throw new FetchFailure('answers another token_type than Bearer')
  for (const [name, isRight] of Object.entries(OPTIONAL)) {
    if (body[name] !== undefined && !isRight(body[name])) throw new FetchFailure(`answers a malformed ${name}`)
  }
  return asResponse(answer)
}

/** What came from the endpoint of pushed authorization requests. @see RFC 9126 section 2.2 */
export function readPushed (answer: Received): Response | OAuthRefusal {
  const body = readJson(answer, 201)
  if (body instanceof OAuthRefusal) return body
  if (!isText(body.request_uri) || !isLifetime(body.expires_in)) throw new FetchFailure('answers no request_uri and how long it lasts')
  return asResponse(answer)
}

/** What came from the userinfo endpoint, unsigned: it came by TLS from the provider. @see OpenID Connect Core section 5.3.2 */
export function readUserinfo (answer: Received): Response | OAuthRefusal {
  if (answer.status === 401 || answer.status === 403) return new OAuthRefusal(answer.status, 'invalid_token')
  const body = readJson(answer)
  if (body instanceof OAuthRefusal) return body
  if (!isText(body.sub)) throw new FetchFailure('answers no sub')
  return asResponse(answer)
}

/** What came from the revocation endpoint: whatever a success carries is not looked at. @see RFC 7009 section 2.2 */
export function readRevoked (answer: Received): Response {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer)
  return new Response(null, { status: 200 })
}

/** Stricter than the library, which reads JSON of any type and the last of two members. */
function readJson (answer: Received, expected = 200): Readonly<Record<string, unknown>> | OAuthRefusal {
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

/** Only what was looked at: a challenge or another type would lead the library elsewhere. */
function asResponse ({ status, text }: Received): Response {
  return new Response(text, { status, headers: { 'content-type': JSON_TYPE } })
}
