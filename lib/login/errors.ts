import { nameErrors } from '../error-names.js'
import { AuthError } from '../errors.js'
import type { Refusal } from '../refusal.js'

export { ProviderUnavailableError } from '../provider-unavailable.js'

/** What the operator is told. No token, no code and no text of the provider's is in it. */
export interface LoginRefusal extends Refusal {
  /** Name of the provider; undefined where none was chosen. */
  readonly provider?: string | undefined
}

/**
 * There is no login, and another try may give one. 403 `GATEHOUSE_LOGIN_REFUSED` where somebody said no, with the error
 * code: the provider's, or `access_denied` where it was the app; 400 `GATEHOUSE_LOGIN_FAILED` where what came is not what
 * was asked for.
 *
 * @see RFC 6749 sections 4.1.2.1 and 5.2
 */
export class LoginError extends AuthError {
  #loginUrl: string | undefined

  /** @param error an OAuth error code, if somebody said no: the provider's, or `access_denied` where it was the app */
  constructor (refusal: LoginRefusal, error?: string) {
    super(error === undefined
      ? { statusCode: 400, code: 'GATEHOUSE_LOGIN_FAILED', message: 'The login could not be completed: start it again' }
      : { statusCode: 403, code: 'GATEHOUSE_LOGIN_REFUSED', message: 'The login was refused', error }, refusal)
  }

  /** Where another try begins, for the link of an error page; undefined where no route of login was involved. */
  get loginUrl (): string | undefined {
    return this.#loginUrl
  }

  /** Says where another try begins: the routes know, whoever throws does not. @returns this error */
  withLoginUrl (url: string): this {
    this.#loginUrl = url
    return this
  }
}

nameErrors({ LoginError })
