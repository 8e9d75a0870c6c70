import { AuthError } from './auth-error.js'
import { nameErrors } from './error-names.js'
import type { Refusal } from './refusal.js'

/**
 * The provider cannot be asked, or (at a login) will not answer this client: 503 with `Retry-After`. Neither a
 * caller nor a session is worse for it: "not now" is not "not you".
 *
 * @see RFC 9110 section 15.6.4
 */
export class ProviderUnavailableError extends AuthError {
  /** @param retryAfter seconds until another try makes sense */
  constructor (refusal: Refusal, retryAfter: number = 1) {
    super({
      statusCode: 503,
      code: 'GATEHOUSE_PROVIDER_UNAVAILABLE',
      message: 'The identity provider cannot be reached right now',
      headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }
    }, refusal)
  }
}

nameErrors({ ProviderUnavailableError })
