import type { Answer } from './guarded-api.js'

/** What a proof gets that was used before, and every other bad one. */
export const BAD_PROOF: Answer = {
  status: 401,
  body: {
    statusCode: 401,
    code: 'GATEHOUSE_DPOP_PROOF_INVALID',
    error: 'Unauthorized',
    message: 'The DPoP proof is missing, malformed, used before, or not made for this request'
  },
  challenge: 'DPoP error="invalid_dpop_proof", error_description="The DPoP proof is missing, malformed, used before, or not made for this request", algs="ES256 ES384 EdDSA PS256 RS256 RS384 RS512 PS384 PS512 ES512 Ed25519"',
  retryAfter: undefined
}

/** What a key gets that made more proofs than are remembered of one key. */
export function tooManyProofs (retryAfter: number): Answer {
  return {
    status: 429,
    body: { statusCode: 429, code: 'GATEHOUSE_TOO_MANY_REQUESTS', error: 'Too Many Requests', message: 'Too many DPoP proofs of this key: try again later' },
    challenge: undefined,
    retryAfter: String(retryAfter)
  }
}
