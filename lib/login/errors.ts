import type { Reason } from '../refusal.js'

/** Why a login, or what keeps one going, came to nothing. Closed. */
export type LoginReason = Reason
  // the callback
  | 'callback_malformed' | 'state_mismatch' | 'provider_mismatch' | 'issuer_missing' | 'authorization_refused'
  // what came for the code or the refresh token
  | 'grant_refused' | 'answer_refused' | 'authorized_party_mismatch' | 'acr_mismatch' | 'access_token_hash_mismatch'
  | 'login_changed' | 'access_token_refused' | 'subject_mismatch'
  // not now
  | 'provider_unavailable' | 'client_refused'

/** What the operator is told. No token, no code and no text of the provider's is in it. */
export interface LoginRefusal {
  readonly reason: LoginReason
  /** Name of the provider. */
  readonly provider: string
  readonly expected?: unknown
  readonly found?: unknown
  /** The likely slip, and what to do about it. */
  readonly hint?: string | undefined
}

/** The codes these errors carry. */
export type LoginErrorCode = 'GATEHOUSE_LOGIN_REFUSED' | 'GATEHOUSE_LOGIN_FAILED' | 'GATEHOUSE_UNAVAILABLE'

interface Answer {
  readonly statusCode: number
  readonly code: LoginErrorCode
  /** What the caller gets: constant. */
  readonly message: string
  readonly error?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** What `LoginError` and `ProviderUnavailable` have in common: the members of an `AuthError`, and like it no stack. */
export abstract class LoginFailure extends Error {
  readonly statusCode: number
  readonly code: LoginErrorCode
  /** The provider's own error code, where it gave one. */
  readonly error: string | undefined
  /** Headers the answer needs. */
  readonly headers: Readonly<Record<string, string>>
  readonly #refusal: LoginRefusal

  constructor ({ statusCode, code, message, error, headers = {} }: Answer, refusal: LoginRefusal) {
    const limit = Error.stackTraceLimit
    // Anybody can send a callback: the stack would cost more than the rest of the answer.
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = limit
    this.statusCode = statusCode
    this.code = code
    this.error = error
    this.headers = headers
    this.#refusal = refusal
  }

  /** Why, in one word of a closed list. For logs and metrics. */
  get reason (): LoginReason {
    return this.#refusal.reason
  }

  /** Everything the log line says: for the operator only. */
  get refusal (): LoginRefusal {
    return this.#refusal
  }
}

/**
 * There is no login, and another try may give one. 403 `GATEHOUSE_LOGIN_REFUSED` where the provider said no, with its
 * error code; 400 `GATEHOUSE_LOGIN_FAILED` where what came is not what was asked for.
 *
 * @see RFC 6749 sections 4.1.2.1 and 5.2
 */
export class LoginError extends LoginFailure {
  /** @param error the provider's error code, if it was the provider that said no */
  constructor (refusal: LoginRefusal, error?: string) {
    super(error === undefined
      ? { statusCode: 400, code: 'GATEHOUSE_LOGIN_FAILED', message: 'The login could not be completed: start it again' }
      : { statusCode: 403, code: 'GATEHOUSE_LOGIN_REFUSED', message: 'The identity provider refused the login', error }, refusal)
  }
}

/**
 * The provider cannot be asked, or will not answer this client: 503 with `Retry-After`. A session goes on as long as its
 * tokens do: "not now" is not "not you".
 */
export class ProviderUnavailable extends LoginFailure {
  /** @param retryAfter seconds until another try makes sense */
  constructor (refusal: LoginRefusal, retryAfter: number = 1) {
    super({
      statusCode: 503,
      code: 'GATEHOUSE_UNAVAILABLE',
      message: 'The identity provider cannot be reached right now',
      headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }
    }, refusal)
  }
}

// On the prototypes: own members would stand in every log line beside the type.
for (const [name, { prototype }] of Object.entries({ LoginError, ProviderUnavailable })) {
  Object.defineProperty(prototype, 'name', { value: name, writable: true, configurable: true })
}
