import { AuthError, challenged } from '../auth-error.js'
import { nameErrors } from '../error-names.js'
import type { Refusal } from '../refusal.js'
import type { Cookie } from './cookie-attributes.js'

/**
 * `request.auth.session` was asked where the credential is no session, but an access token for instance: 403.
 *
 * @see RFC 9110 section 15.5.4
 */
export class NoSessionError extends AuthError {
  constructor (refusal: Refusal) {
    super({ statusCode: 403, code: 'GATEHOUSE_NO_SESSION', message: 'This needs a session' }, refusal)
  }
}

/**
 * The session is over, or its access token ended and cannot be renewed: the person has to log in again. 401 with a bare
 * challenge, for no token came that an error code could speak of.
 *
 * @see RFC 6750 section 3.1, RFC 9110 section 15.5.2
 */
export class LoginRequiredError extends AuthError {
  constructor (refusal: Refusal) {
    super({ statusCode: 401, code: 'GATEHOUSE_LOGIN_REQUIRED', message: 'Logging in again is required', ...challenged({}) }, refusal)
  }
}

/**
 * A value does not fit into cookies: 500, for what is kept in them is the app's choice. The message names cookie and
 * remedy; nothing of the value is in it.
 *
 * @see RFC 6265 section 6.1
 */
export class CookieTooLargeError extends AuthError {
  /** Bytes of a Cookie header. */
  readonly needed: number
  readonly budget: number

  constructor ({ name, budget }: Pick<Cookie, 'name' | 'budget'>, needed: number) {
    super({
      statusCode: 500,
      code: 'GATEHOUSE_COOKIE_TOO_LARGE',
      message: `cookie ${name}: ${needed} bytes are needed and ${budget} allowed; keep the session on the server: session: { in: 'store' }`
    }, { reason: 'cookie_too_large', expected: budget, found: needed, hint: `cookie ${name}: keep the session on the server` })
    this.needed = needed
    this.budget = budget
  }
}

nameErrors({ NoSessionError, LoginRequiredError, CookieTooLargeError })
