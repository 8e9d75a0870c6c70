import { bearerChallenge } from './challenge.js'
import type { ChallengeAttributes } from './challenge.js'
import type { AuthErrorCode } from './error-codes.js'
import { nameErrors } from './error-names.js'
import type { Refusal } from './refusal.js'

/** What an error answers with. */
export interface Answer {
  readonly statusCode: number
  readonly code: AuthErrorCode
  /** What the caller gets. Nothing a caller sent is in it; only where the app itself is at fault is it not constant. */
  readonly message: string
  /** An OAuth error code: of RFC 6750 section 3.1 where it has one for the case, or the one a provider refused a login with. */
  readonly error?: string
  readonly headers?: AuthError['headers']
  /** What its challenge says: the headers have it as a Bearer challenge, which a registration may write anew. */
  readonly challenge?: ChallengeAttributes
}

type Write = (attributes: ChallengeAttributes) => string | string[] | undefined

let writeAnew: (error: AuthError, write: Write) => void
let noteReport: (error: AuthError, request: object) => boolean
let nameSender: (error: AuthError, sender: Pick<Refusal, 'provider' | 'clientId'>) => void

/**
 * Writes the challenge of an error anew, if it has one, with what only a registration and a request know.
 *
 * @param write answers undefined to leave it
 */
export function challengeAnew (error: AuthError, write: Write): void {
  writeAnew(error, write)
}

/**
 * Whether an error was reported for this request before; from now on it was. What an accessor throws inside a route's
 * `authorize` comes by a second time.
 */
export function wasReported (error: AuthError, request: object): boolean {
  return noteReport(error, request)
}

/** Adds to what the operator is told whose token it was, where that is known though not to whoever made the error. */
export function ofSender<Refused extends AuthError> (error: Refused, sender: Pick<Refusal, 'provider' | 'clientId'>): Refused {
  nameSender(error, sender)
  return error
}

const NO_HEADERS = Object.freeze({})

/**
 * Base of every refusal. `statusCode`, `code`, `error` and `headers` are for the answer; `reason` is for
 * metrics and logs. It carries no stack: refusals are answers, not defects, and callers can cause any number
 * of them.
 */
export class AuthError extends Error {
  readonly statusCode: number
  readonly code: AuthErrorCode
  /** OAuth error code: that of RFC 6750 where it has one for the case, or the one a provider refused a login with. */
  readonly error: string | undefined
  #refusal: Refusal
  readonly #challenge: ChallengeAttributes | undefined
  #headers: Readonly<Record<string, string | string[]>>
  /** Requests that wait for the same thing may share an error. */
  #reportedFor: object | undefined

  static {
    noteReport = (error, request) => {
      const wasThis = error.#reportedFor === request
      error.#reportedFor = request
      return wasThis
    }
    nameSender = (error, { provider, clientId }) => { error.#refusal = { provider, clientId, ...error.#refusal } }
    writeAnew = (error, write) => {
      const challenge = error.#challenge === undefined ? undefined : write(error.#challenge)
      if (challenge !== undefined) error.#headers = { ...error.#headers, 'www-authenticate': challenge }
    }
  }

  constructor (answer: Answer, refusal: Refusal) {
    const limit = Error.stackTraceLimit
    // Capturing the stack costs more than the rest of a refusal; an attacker would choose when we pay it.
    if (answer.statusCode !== 500) Error.stackTraceLimit = 0
    super(answer.message)
    Error.stackTraceLimit = limit
    this.statusCode = answer.statusCode
    this.code = answer.code
    this.error = answer.error
    this.#headers = answer.headers ?? NO_HEADERS
    this.#challenge = answer.challenge
    this.#refusal = refusal
  }

  /** Headers the answer needs. Where two challenges answer the request, `www-authenticate` is a list of both. */
  get headers (): Readonly<Record<string, string | string[]>> {
    return this.#headers
  }

  /** Why, in one word of a closed list. For logs and metrics: an answer that shows it tells attackers more than they need. */
  get reason (): Refusal['reason'] {
    return this.#refusal.reason
  }

  /** Everything the log line says: for the operator only. */
  get refusal (): Refusal {
    return this.#refusal
  }
}

/** An answer whose challenge says what is wrong. */
export function errorAnswer (statusCode: number, code: AuthErrorCode, error: string, message: string, attributes: ChallengeAttributes = {}): Answer {
  return { statusCode, code, message, error, ...challenged({ error, description: message, ...attributes }) }
}

/** Headers and attributes of a challenge, for an answer. */
export function challenged (challenge: ChallengeAttributes): Required<Pick<Answer, 'headers' | 'challenge'>> {
  return { challenge, headers: Object.freeze({ 'www-authenticate': bearerChallenge(challenge) }) }
}

nameErrors({ AuthError })
