import { AuthError } from '../auth-error.js'
import { nameErrors } from '../error-names.js'
import type { Refusal } from '../refusal.js'

const INVALID = 'The DPoP proof is missing, malformed, used before, or not made for this request'
const NONCE = 'The DPoP proof must carry the nonce of the DPoP-Nonce header'

/**
 * The proof of possession is missing, sent twice, malformed, not made for this request, or was used before. 401.
 *
 * @see RFC 9449 section 4.3, 7.1, `invalid_dpop_proof`
 */
export class InvalidDpopProofError extends AuthError {
  constructor (refusal: Refusal) {
    super({
      statusCode: 401,
      code: 'GATEHOUSE_DPOP_PROOF_INVALID',
      message: INVALID,
      error: 'invalid_dpop_proof',
      challenge: { error: 'invalid_dpop_proof', description: INVALID, scheme: 'DPoP' }
    }, refusal)
  }
}

/**
 * The proof lacks a nonce of ours, or has an old one: the client makes another with the one in `DPoP-Nonce`. 401.
 *
 * @see RFC 9449 section 9, `use_dpop_nonce`
 */
export class DpopNonceRequiredError extends AuthError {
  constructor (refusal: Refusal, nonce: string) {
    super({
      statusCode: 401,
      code: 'GATEHOUSE_DPOP_NONCE_REQUIRED',
      message: NONCE,
      error: 'use_dpop_nonce',
      headers: { 'dpop-nonce': nonce, 'cache-control': 'no-store' },
      challenge: { error: 'use_dpop_nonce', description: NONCE, scheme: 'DPoP' }
    }, refusal)
  }
}

nameErrors({ InvalidDpopProofError, DpopNonceRequiredError })
