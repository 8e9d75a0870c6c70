import type { StandardClaims } from '../../types/claims.js'
import type { Identity } from '../../types/identity.js'
import type { Provider } from '../../types/provider.js'
import { readConfirmation } from '../binding/confirmation.js'
import { InvalidTokenError } from '../errors.js'
import { loggable } from '../refusal.js'
import type { Refusal } from '../refusal.js'
import { checkAudience, checkBinding, checkFixed, checkIssuer, checkTimes, refuse, refuseMarks, refuseValues, unverifiable, valueOf, vouchesForSessionsOnly } from './claims.js'
import { toIdentity } from './identity.js'
import type { JsonObject } from './parse.js'

/** How answers are judged. */
export interface IntrospectedRules {
  /** Whether an answer must say whom the token is for. */
  readonly requiresAudience: boolean
  /** Seconds. */
  readonly tolerance: number
}

/** What says "no access token" beside what providers say of their JWTs, in lower case. */
const OTHERS = ['refresh', 'refresh_token', 'id', 'id_token', 'logout']

/**
 * Whom the answer of an introspection endpoint speaks for, or why the token is refused. The claims have to meet what
 * those of a JWT would, but `iss` and `exp` may be missing: the provider itself just said that the token is good.
 * What is no JWT has no `typ` either, so the answer must say that this is an access token. `active` is not among
 * the claims of the identity: it was true once, and says nothing of later.
 *
 * @param answer one in which `active` is true or false
 * @param now milliseconds since the epoch
 * @see RFC 7662 section 2.2
 */
export function judgeIntrospected ({ active, ...claims }: JsonObject, provider: Provider, { requiresAudience, tolerance }: IntrospectedRules, now: number): Identity | Refusal {
  if (active !== true) return { reason: 'token_inactive', provider: provider.name, hint: 'expired, revoked, unknown to the provider, or not for this API to ask about' }
  try {
    // Without `iss` a template would leave open which of its issuers this is.
    if (Object.hasOwn(claims, 'iss') || provider.issuerTemplate !== undefined) checkIssuer(claims, provider)
    checkKind(claims, provider)
    checkTimes(claims, provider, now / 1000, tolerance)
    if (requiresAudience || vouchesForSessionsOnly(provider)) checkAudienceOf(claims, provider)
    checkFixed(claims, provider)
    return toIdentity(claims as StandardClaims, provider)
  } catch (error) {
    // Returned, and so remembered; whatever else is thrown is a mistake of ours.
    if (error instanceof InvalidTokenError) return error.refusal
    throw error
  }
}

/** RFC 7662 section 4: an endpoint speaks of refresh tokens as well, and none of them may pass for an access token. */
function checkKind (claims: JsonObject, provider: Provider): void {
  const { access, others } = provider.tokenKind
  const tokenType = Object.hasOwn(claims, 'token_type') ? claims.token_type : undefined
  const type = typeof tokenType === 'string' ? tokenType.toLowerCase() : undefined
  checkBinding(claims, provider)
  // RFC 9449 section 6.2: the answer must say which key it is bound to.
  if (type === 'dpop' && readConfirmation(claims.cnf)?.jkt === undefined) throw unverifiable('token_type DPoP without cnf.jkt', claims, provider)
  refuseValues(claims, others, provider)
  for (const name of ['token_use', 'token_kind', 'typ']) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (typeof value === 'string' && OTHERS.includes(value.toLowerCase())) throw refuse('not_an_access_token', claims, provider, { found: `${name}: ${value}` })
  }
  if (valueOf(claims, access) !== undefined) return
  refuseMarks(claims, provider)
  if (type === 'bearer' || type === 'dpop') return
  throw refuse('not_an_access_token', claims, provider, {
    expected: ['token_type: Bearer', ...Object.entries(access).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`))],
    found: loggable(tokenType === undefined ? 'no token_type' : typeof tokenType === 'string' ? `token_type: ${tokenType}` : tokenType),
    hint: 'the answer does not say that this is an access token: is it a refresh token? If the provider says it in words of its own, name them: { tokenKind: { access } }'
  })
}

function checkAudienceOf (claims: JsonObject, provider: Provider): void {
  const { audience, audienceClaim } = provider
  if (audience !== false && audience.length > 0 && !Object.hasOwn(claims, audienceClaim)) {
    throw refuse('audience_mismatch', claims, provider, {
      expected: audience,
      found: `no ${audienceClaim}`,
      hint: 'the answer does not say whom the token is for: let the provider add it, or write introspection: { audience: false } where the issuer serves this API alone'
    })
  }
  checkAudience(claims, provider)
}
