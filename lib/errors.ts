import { AuthError, challenged, errorAnswer } from './auth-error.js'
import type { Answer } from './auth-error.js'
import { nameErrors } from './error-names.js'
import type { Refusal } from './refusal.js'
import type { StepUp } from './step-up.js'

export { AuthError } from './auth-error.js'

// Answers callers can cause at any rate are made once.
const MISSING: Answer = {
  statusCode: 401,
  code: 'GATEHOUSE_CREDENTIAL_MISSING',
  message: 'Authentication is required',
  ...challenged({})
}
const MALFORMED = errorAnswer(400, 'GATEHOUSE_CREDENTIAL_MALFORMED', 'invalid_request',
  'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token')
const UNEXPECTED = errorAnswer(400, 'GATEHOUSE_CREDENTIAL_MALFORMED', 'invalid_request',
  'A DPoP proof came with a credential that is bound to no key: send it without a proof, or a bound token as Authorization: DPoP')
const INVALID = errorAnswer(401, 'GATEHOUSE_TOKEN_INVALID', 'invalid_token',
  'The access token is expired, revoked, malformed or not meant for this API')
const BOUND: Answer = { ...INVALID, challenge: { ...INVALID.challenge, offersDpop: true } }
const UNKNOWN: Answer = {
  statusCode: 401,
  code: 'GATEHOUSE_CREDENTIAL_INVALID',
  message: 'The credential is unknown, expired or revoked',
  ...challenged({})
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
    super(scope === undefined ? MISSING : { ...MISSING, ...challenged({ scope }) }, refusal)
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
    super(refusal.reason === 'proof_unexpected' ? UNEXPECTED : MALFORMED, refusal)
  }
}

/**
 * "The access token provided is expired, revoked, malformed, or invalid for other reasons." 401.
 *
 * @see RFC 6750 section 3.1, `invalid_token`
 */
export class InvalidTokenError extends AuthError {
  /** @param isBound whether the token would be good with a proof of possession (RFC 9449 section 7.2) */
  constructor (refusal: Refusal, isBound = false) {
    super(isBound ? BOUND : INVALID, refusal)
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
    super(errorAnswer(403, 'GATEHOUSE_SCOPE_INSUFFICIENT', 'insufficient_scope', 'The access token lacks a scope this request needs', { scope }), refusal)
  }
}

/**
 * "The authentication event associated with the access token presented with the request does not meet the authentication
 * requirements of the protected resource." 401, with the classes and the age that would do, and the scope the route demands.
 *
 * @see RFC 9470 section 3, `insufficient_user_authentication`
 */
export class InsufficientUserAuthenticationError extends AuthError {
  constructor (refusal: Refusal, { acrValues, maxAge }: StepUp = {}, scope?: string) {
    super(errorAnswer(401, 'GATEHOUSE_AUTHENTICATION_INSUFFICIENT', 'insufficient_user_authentication', 'This needs a stronger or more recent authentication',
      { scope, acrValues: acrValues?.join(' '), maxAge }), refusal)
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

/**
 * `accessTokenClaims()` or `exchange()` was asked where the credential is no access token, but an API key for instance, or
 * `credentials()` where it is a session's cookie: 403.
 */
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
 * Too many unknown credentials came for whoever judges them to be asked about this one, or too many proofs of one key to be
 * remembered: 429 with `Retry-After`.
 *
 * @see RFC 6585 section 4
 */
export class TooManyRequestsError extends AuthError {
  /** @param retryAfter seconds until another try makes sense, at least 1 */
  constructor (refusal: Refusal, retryAfter: number, message = 'Too many unknown credentials: try again later') {
    super({ statusCode: 429, code: 'GATEHOUSE_TOO_MANY_REQUESTS', message, headers: inSeconds(retryAfter) }, refusal)
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
  MissingCredentialError,
  InvalidRequestError,
  InvalidTokenError,
  InvalidCredentialError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  ForbiddenError,
  NoOrganizationError,
  NotAnAccessTokenError,
  NotAuthenticatedError,
  RouteMisconfiguredError,
  TooManyRequestsError,
  UnavailableError
})
