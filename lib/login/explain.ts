import { UnavailableError } from '../errors.js'
import { FetchFailure } from '../token/fetch-json.js'
import { OAuthRefusal } from '../token/oauth-answers.js'
import { LoginError, ProviderUnavailableError } from './errors.js'

/** Error codes of the token endpoint that are about this login. All others are about this client, or a mistake in what it sends. */
const ABOUT_THE_LOGIN = ['invalid_grant', 'access_denied', 'login_required', 'consent_required', 'interaction_required', 'account_selection_required', 'mfa_required']

/** The library's code for userinfo of somebody else: the only attribute it compares for us. */
const SUBJECT_DIFFERS = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'

/**
 * Our error for whatever an exchange with the provider failed with. What the library or the provider said of it is not
 * in it, but for codes and the library's own constant sentences.
 *
 * @param provider its name
 * @throws what is none of an exchange's failures, but a defect: the provider is not to blame for it
 */
export function explain (error: unknown, provider: string): LoginError | ProviderUnavailableError {
  const inner = innermost(error)
  if (inner instanceof LoginError || inner instanceof ProviderUnavailableError) return inner
  if (inner instanceof UnavailableError) return unavailable(provider, inner.refusal.hint, Number(inner.headers['retry-after']))
  if (inner instanceof FetchFailure) return unavailable(provider, inner.message, inner.retryAfter)
  if (inner instanceof OAuthRefusal) return refused(inner, provider)
  const code = codeOf(error)
  if (code === undefined && !isOfTheExchange(error)) throw error
  return code === undefined
    ? unavailable(provider, 'the question could not be put, or took too long')
    : new LoginError({ provider, reason: code === SUBJECT_DIFFERS ? 'subject_mismatch' : 'answer_refused', hint: [code, ...sentenceOf(error)].join(': ') })
}

/** What was thrown while the library's request was sent comes wrapped. */
function innermost (error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof FetchFailure || cause instanceof OAuthRefusal ? cause : error
}

function unavailable (provider: string, hint: string | undefined, retryAfter?: number): ProviderUnavailableError {
  return new ProviderUnavailableError({ provider, reason: 'provider_unavailable', hint }, retryAfter)
}

function refused ({ error, status }: OAuthRefusal, provider: string): LoginError | ProviderUnavailableError {
  if (ABOUT_THE_LOGIN.includes(error)) return new LoginError({ provider, reason: 'grant_refused', found: error }, error)
  if (error === 'invalid_token') return new LoginError({ provider, reason: 'access_token_refused', found: `status ${status}` })
  const hint = 'the provider refuses our client or what it asks for: check clientId, how it authenticates, its redirect URIs and scopes'
  return new ProviderUnavailableError({ provider, reason: 'client_refused', found: `${error}, status ${status}`, hint })
}

function codeOf (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('OAUTH_') ? String(error.code) : undefined
}

/** What the library found, in its own words, which are constant. What it wraps of others has no such code. */
function sentenceOf (error: unknown): string[] {
  const { cause } = error as Error
  return cause instanceof Error && codeOf(cause) !== undefined ? [cause.message] : []
}

/** An end of waiting, or what the library says without a code. A TypeError for instance is a mistake of ours, which wants its stack. */
function isOfTheExchange (error: unknown): boolean {
  return error instanceof Error && ['Error', 'AbortError', 'TimeoutError', 'ClientError'].includes(error.name)
}
