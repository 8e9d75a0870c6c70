import { AuthError } from '../auth-error.js'
import { nameErrors } from '../error-names.js'
import type { Refusal } from '../refusal.js'

/**
 * There is no token for the other service: the provider refused to exchange, or gave what was not asked for. 502, whatever
 * status the provider answered, and without a challenge: the caller's own credential is as good as before. `error` is the
 * provider's code (`invalid_grant`, `interaction_required`), undefined where it gave something else; nothing more of its
 * answer is anywhere.
 *
 * @see RFC 8693 section 2.2.2, RFC 9110 section 15.6.3
 */
export class ExchangeError extends AuthError {
  /** @param error the OAuth error code of the provider, if it said no */
  constructor (refusal: Refusal, error?: string) {
    super({
      statusCode: 502,
      code: 'GATEHOUSE_EXCHANGE_REFUSED',
      message: 'The identity provider gave no token for another service',
      ...(error === undefined ? {} : { error })
    }, refusal)
  }
}

nameErrors({ ExchangeError })
