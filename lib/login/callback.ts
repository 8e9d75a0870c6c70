import type { Provider } from '../../types/provider.js'
import { loggable } from '../refusal.js'
import { errorCode, isNotNow } from '../token/oauth-answers.js'
import { LoginError, ProviderUnavailableError } from './errors.js'
import type { LoginRefusal } from './errors.js'
import type { LoginMetadata } from './metadata.js'

/** The parameters a browser brought back, from the query or the form. A repeated one is a list. */
export type CallbackParameters = Readonly<Record<string, unknown>>

/** What of a login under way the callback must fit. */
export interface Expected {
  readonly state: string
  /** Name of the provider the browser was sent to. */
  readonly provider: string
}

const LONGEST = 8192

/**
 * The code a callback brings. The provider first: a code must not be shown to another one than issued it. Then who
 * answers, and what. Members nobody asked for (FusionAuth's `locale`, `userState`) are not looked at.
 *
 * @throws LoginError; ProviderUnavailableError where the provider says "not now"
 * @see RFC 6749 sections 4.1.2 and 10.12, RFC 9207 section 2.4, RFC 9700 section 4.4
 */
export function readCallback (parameters: CallbackParameters, expected: Expected, metadata: LoginMetadata, { name, issuer }: Provider): string {
  const refuse = (refusal: Omit<LoginRefusal, 'provider'>, error?: string) => new LoginError({ provider: name, ...refusal }, error)

  function member (key: 'state' | 'iss' | 'error' | 'code'): string | undefined {
    const value = Object.hasOwn(parameters, key) ? parameters[key] : undefined
    if (value === undefined || value === '') return undefined
    if (typeof value === 'string' && value.length <= LONGEST) return value
    throw refuse({ reason: 'callback_malformed', hint: Array.isArray(value) ? `${key} came more than once` : `${key} is no text of a sane length` })
  }

  if (expected.provider !== name) throw refuse({ reason: 'provider_mismatch', expected: expected.provider, found: name, hint: "the code came to another provider's callback" })
  if (member('state') !== expected.state) throw refuse({ reason: 'state_mismatch', hint: 'the answer belongs to another login, or to none' })
  const iss = member('iss')
  if (iss === undefined && metadata.authorization_response_iss_parameter_supported) {
    throw refuse({ reason: 'issuer_missing', hint: 'the provider says that it names itself in every answer, and this one does not' })
  }
  if (iss !== undefined && iss !== issuer) throw refuse({ reason: 'issuer_mismatch', expected: issuer, found: loggable(iss) })
  const error = member('error')
  if (error !== undefined) {
    const code = errorCode(error)
    if (isNotNow(code)) throw new ProviderUnavailableError({ provider: name, reason: 'provider_unavailable', hint: `the provider answers ${code}` })
    throw refuse({ reason: 'authorization_refused', found: code }, code)
  }
  const code = member('code')
  if (code === undefined) throw refuse({ reason: 'callback_malformed', hint: 'there is no code' })
  return code
}
