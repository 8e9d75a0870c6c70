import { bearerChallenge } from './challenge.js'
import type { BearerChallenge } from './challenge.js'
import type { AuthErrorCode } from './error-codes.js'
import { nameErrors } from './error-names.js'
import type { Refusal } from './refusal.js'

interface Answer {
  readonly statusCode: number
  readonly code: AuthErrorCode
  /** What the caller gets. Nothing a caller sent is in it; only where the app itself is at fault is it not constant. */
  readonly message: string
  /** An OAuth error code: of RFC 6750 section 3.1 where it has one for the case, or the one a provider refused a login with. */
  readonly error?: string
  readonly headers?: Readonly<Record<string, string>>
}

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
  /** Headers the answer needs, the challenge among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly #refusal: Refusal

  constructor (answer: Answer, refusal: Refusal) {
    const limit = Error.stackTraceLimit
    // Capturing the stack costs more than the rest of a refusal; an attacker would choose when we pay it.
    if (answer.statusCode !== 500) Error.stackTraceLimit = 0
    super(answer.message)
    Error.stackTraceLimit = limit
    this.statusCode = answer.statusCode
    this.code = answer.code
    this.error = answer.error
    this.headers = answer.headers ?? {}
    this.#refusal = refusal
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

// Answers callers can cause at any rate are made once.
const MISSING: Answer = {
  statusCode: 401,
  code: 'GATEHOUSE_CREDENTIAL_MISSING',
  message: 'Authentication is required',
  headers: challenge({})
}
const MALFORMED = bearerAnswer(400, 'GATEHOUSE_CREDENTIAL_MALFORMED', 'invalid_request',
  'The request must carry exactly one credential, in one header and well formed: Authorization: Bearer, one space, the token')
const INVALID = bearerAnswer(401, 'GATEHOUSE_TOKEN_INVALID', 'invalid_token',
  'The access token is expired, revoked, malformed or not meant for this API')
const UNKNOWN: Answer = {
  statusCode: 401,
  code: 'GATEHOUSE_CREDENTIAL_INVALID',
  message: 'The credential is unknown, expired or revoked',
  headers: challenge({})
}

function bearerAnswer (statusCode: number, code: AuthErrorCode, error: string, message: string, scope?: string): Answer {
  return { statusCode, code, message, error, headers: challenge({ error, description: message, scope }) }
}

function challenge (attributes: BearerChallenge): Answer['headers'] & object {
  return Object.freeze({ 'www-authenticate': bearerChallenge(attributes) })
}

/**
 * "If the request lacks any authentication information (e.g., the client was unaware that authentication is
 * necessary or attempted using an unsupported authentication method), the resource server SHOULD NOT include
 * an error code or other error information." 401.
 *
 * @see RFC 6750 section 3.1
 */
export class MissingCredentialError extends AuthError {
  constructor (refusal: Refusal, scope?: string) {
    super(scope === undefined ? MISSING : { ...MISSING, headers: challenge({ scope }) }, refusal)
  }
}

/**
 * "The request is missing a required parameter, includes an unsupported parameter or parameter value, repeats
 * the same parameter, uses more than one method for including an access token, or is otherwise malformed." 400.
 *
 * @see RFC 6750 section 3.1, `invalid_request`
 */
export class InvalidRequestError extends AuthError {
  constructor (refusal: Refusal) {
    super(MALFORMED, refusal)
  }
}

/**
 * "The access token provided is expired, revoked, malformed, or invalid for other reasons." 401.
 *
 * @see RFC 6750 section 3.1, `invalid_token`
 */
export class InvalidTokenError extends AuthError {
  constructor (refusal: Refusal) {
    super(INVALID, refusal)
  }
}

/**
 * A credential that is no access token (an API key, or what an authenticator reads) is unknown, expired or revoked:
 * 401. The challenge has no error code: those of RFC 6750 speak of Bearer tokens.
 *
 * @see RFC 9110 section 15.5.2
 */
export class InvalidCredentialError extends AuthError {
  constructor (refusal: Refusal) {
    super(UNKNOWN, refusal)
  }
}

/**
 * "The request requires higher privileges than provided by the access token." 403, with the scope that would do.
 *
 * @see RFC 6750 section 3.1, `insufficient_scope`
 */
export class InsufficientScopeError extends AuthError {
  constructor (refusal: Refusal, scope: string) {
    super(bearerAnswer(403, 'GATEHOUSE_SCOPE_INSUFFICIENT', 'insufficient_scope', 'The access token lacks a scope this request needs', scope), refusal)
  }
}

/**
 * A permission, role or claim is missing, or `authorize` said no: 403 without a challenge, for a client could
 * not mend it by asking for another token.
 */
export class ForbiddenError extends AuthError {
  constructor (refusal: Refusal) {
    super({ statusCode: 403, code: 'GATEHOUSE_FORBIDDEN', message: 'The caller may not do this' }, refusal)
  }
}

/** `organizationId()` was asked of a caller who acts in no organization: 403. */
export class NoOrganizationError extends AuthError {
  constructor (refusal: Refusal) {
    super({ statusCode: 403, code: 'GATEHOUSE_NO_ORGANIZATION', message: 'The caller acts in no organization' }, refusal)
  }
}

/** `accessTokenClaims()` was asked where the credential is no access token, but an API key for instance: 403. */
export class NotAnAccessTokenError extends AuthError {
  constructor (refusal: Refusal) {
    super({ statusCode: 403, code: 'GATEHOUSE_NOT_AN_ACCESS_TOKEN', message: 'This needs an access token' }, refusal)
  }
}

/**
 * An accessor of `request.auth` was used where nobody is authenticated. On an optional route a bare 401. On a
 * public or unguarded one 500, for it is a mistake in the app; the message names route and remedy.
 */
export class NotAuthenticatedError extends AuthError {
  constructor (refusal: Refusal, mistake?: string) {
    super(mistake === undefined
      ? { ...MISSING, code: 'GATEHOUSE_NOT_AUTHENTICATED' }
      : { statusCode: 500, code: 'GATEHOUSE_NOT_AUTHENTICATED', message: mistake }, refusal)
  }
}

/**
 * A route declared before the plugin loaded has a mistake in its `config`, found on its first request: 500 on
 * every request, never an open route. The message names the route and the remedy.
 */
export class RouteMisconfiguredError extends AuthError {
  constructor (refusal: Refusal, mistake: string) {
    super({ statusCode: 500, code: 'GATEHOUSE_ROUTE_MISCONFIGURED', message: mistake }, refusal)
  }
}

/**
 * Too many unknown credentials came for whoever judges them to be asked about this one: 429 with `Retry-After`.
 *
 * @see RFC 6585 section 4
 */
export class TooManyRequestsError extends AuthError {
  /** @param retryAfter seconds until another try makes sense, at least 1 */
  constructor (refusal: Refusal, retryAfter: number) {
    super({ statusCode: 429, code: 'GATEHOUSE_TOO_MANY_REQUESTS', message: 'Too many unknown credentials: try again later', headers: inSeconds(retryAfter) }, refusal)
  }
}

/**
 * The credential cannot be judged now: keys cannot be had, or a resolver, an introspection endpoint, a backend or an
 * authenticator failed. 503 with `Retry-After`, never a 401: "not now" is not "not you".
 */
export class UnavailableError extends AuthError {
  /** @param retryAfter seconds until another try makes sense, at least 1 */
  constructor (refusal: Refusal, retryAfter: number) {
    super({
      statusCode: 503,
      code: 'GATEHOUSE_UNAVAILABLE',
      message: 'The credential cannot be verified right now',
      headers: inSeconds(retryAfter)
    }, refusal)
  }
}

function inSeconds (retryAfter: number): Answer['headers'] & object {
  return { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }
}

nameErrors({
  AuthError,
  MissingCredentialError,
  InvalidRequestError,
  InvalidTokenError,
  InvalidCredentialError,
  InsufficientScopeError,
  ForbiddenError,
  NoOrganizationError,
  NotAnAccessTokenError,
  NotAuthenticatedError,
  RouteMisconfiguredError,
  TooManyRequestsError,
  UnavailableError
})
