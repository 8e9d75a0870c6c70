import type { ProviderClient } from '../../types/provider.js'
import { ProviderUnavailableError } from '../provider-unavailable.js'
import { FetchFailure } from '../token/fetch-json.js'
import { OAuthRefusal } from '../token/oauth-answers.js'
import { UnfitAnswer } from './answer.js'
import { ExchangeError } from './errors.js'

/** Whose exchange it was. */
export interface Asked {
  /** Name of the provider. */
  readonly name: string
  readonly client: ProviderClient
}

/**
 * Our error for whatever an exchange failed of: a new one on each call, for error handlers write on them. What the
 * provider or the library said of it is not in it, but for codes.
 *
 * @throws what is none of an exchange's failures, but a defect: the provider is not to blame for it
 */
export function explain (failure: unknown, { name: provider, client }: Asked): ExchangeError | ProviderUnavailableError {
  if (failure instanceof FetchFailure) return new ProviderUnavailableError({ reason: 'provider_unavailable', provider, hint: hintForFailure(failure) }, failure.retryAfter)
  if (failure instanceof UnfitAnswer) return new ExchangeError({ reason: 'answer_refused', provider, ...failure.refusal })
  if (failure instanceof OAuthRefusal) return refused(failure, provider, client)
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : ''
  if (!code.startsWith('OAUTH_')) throw failure
  return new ExchangeError({ reason: 'answer_refused', provider, hint: `the answer is not one of RFC 8693: ${code}` })
}

/** What was thrown while a request of the library's was sent comes wrapped. */
export function failureIn (error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof FetchFailure || cause instanceof OAuthRefusal || cause instanceof UnfitAnswer ? cause : error
}

function hintForFailure ({ message, status }: FetchFailure): string {
  return status !== undefined && status >= 300 && status < 400 ? `${message}; redirects are not followed with a secret` : message
}

function refused ({ error, status }: OAuthRefusal, provider: string, client: ProviderClient): ExchangeError {
  const found = `${error}, status ${status}`
  const hint = hintFor(error, client)
  // Of the client it is the operator's own id, not something a caller sent.
  if (error === 'invalid_client' || error === 'unauthorized_client') return new ExchangeError({ reason: 'client_refused', provider, clientId: client.clientId, found, hint }, error)
  return new ExchangeError({ reason: 'exchange_refused', provider, found, hint }, error)
}

function hintFor (error: string, { authentication: { method } }: ProviderClient): string | undefined {
  switch (error) {
    case 'invalid_client': return `the provider refuses our client: check clientId and its ${method === 'private_key_jwt' ? 'key' : 'clientSecret'}`
    case 'unauthorized_client': return 'the provider knows our client, but lets it exchange nothing: allow it the token exchange grant'
    case 'unsupported_grant_type': return 'the provider exchanges no tokens, or not in this way: is it switched on there?'
    case 'invalid_target': return 'the provider knows no such audience or resource, or has no token of it for this client'
    case 'invalid_scope': return 'the audience has no such scope, or not for this client'
    case 'invalid_grant': case 'invalid_request': return 'the provider does not take the token, or lets our client exchange none: is the grant allowed to it, and the token meant for it?'
    default: return undefined
  }
}
