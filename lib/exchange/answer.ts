import type { Refusal } from '../refusal.js'
import type { Received } from '../token/fetch-json.js'
import type { JsonObject } from '../token/parse.js'
import { asResponse, isScope, isText, OAuthRefusal, readJson } from '../token/oauth-answers.js'
import { ACCESS_TOKEN } from './request.js'
import type { ExchangeRequest } from './request.js'

/** A token came, but not what was asked for. */
export class UnfitAnswer extends Error {
  readonly refusal: Pick<Refusal, 'expected' | 'found' | 'hint'>

  constructor (refusal: UnfitAnswer['refusal']) {
    super('the answer is not what was asked for')
    this.refusal = refusal
  }
}

/**
 * What came for an exchange: a token of the kind that was asked for, which whoever holds it may use, the provider's "no",
 * or something else. The library gets only what was looked at: a refresh token or an ID token is dropped.
 *
 * @throws FetchFailure for what is no answer of a token endpoint
 * @see RFC 8693 section 2.2.1
 */
export function readExchanged (answer: Received, request: ExchangeRequest): Response | OAuthRefusal | UnfitAnswer {
  const body = readJson(answer)
  if (body instanceof OAuthRefusal) return body
  const mismatch = mismatchIn(body, request)
  if (mismatch !== undefined) return new UnfitAnswer(mismatch)
  const { access_token: accessToken, token_type: tokenType, expires_in: lifetime, scope } = body
  return asResponse({ status: 200, text: JSON.stringify({ access_token: accessToken, token_type: tokenType, expires_in: lifetime, scope }) })
}

function mismatchIn (body: JsonObject, { requestedTokenType, mayLackIssuedType }: ExchangeRequest): UnfitAnswer['refusal'] | undefined {
  const { access_token: accessToken, token_type: tokenType, issued_token_type: issuedType, expires_in: lifetime, scope } = body
  // It is to be sent in a header: RFC 6749 appendix A.12.
  if (!isText(accessToken) || !/^[\x20-\x7E]+$/.test(accessToken)) return { hint: 'there is no access_token, or none that a header can carry' }
  const type = typeof tokenType === 'string' ? tokenType.toLowerCase() : undefined
  if (type === 'dpop') return { found: 'DPoP', hint: 'the token is bound to a key, and we hold none: have the provider issue plain Bearer tokens to this client' }
  // N_A is for what is no access token.
  if (type !== 'bearer' && !(type === 'n_a' && requestedTokenType !== ACCESS_TOKEN)) return { expected: 'Bearer', found: tokenType === undefined ? 'no token_type' : 'another token_type' }
  if (issuedType !== requestedTokenType && !(issuedType === undefined && mayLackIssuedType)) {
    return { expected: requestedTokenType, found: typeShown(issuedType), hint: 'the provider gave another kind of token than was asked for' }
  }
  if (lifetime !== undefined && !(Number.isSafeInteger(lifetime) && (lifetime as number) >= 0)) return { expected: 'a whole number of seconds', found: typeof lifetime === 'number' ? lifetime : 'expires_in is no number' }
  return scope === undefined || isScope(scope) ? undefined : { expected: 'a text', found: 'another scope' }
}

/** Of what the provider says only what the standard has words for. */
function typeShown (type: unknown): string {
  if (typeof type !== 'string') return 'no issued_token_type'
  return /^urn:ietf:params:oauth:token-type:[a-z0-9_]{1,20}$/.test(type) ? type : 'another issued_token_type'
}
