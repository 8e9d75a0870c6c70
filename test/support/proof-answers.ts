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

const UNEXPECTED = 'A DPoP proof came with a credential that is bound to no key: send it without a proof, or a bound token as Authorization: DPoP'

/** What a Bearer credential gets that is bound to no key, beside a proof. */
export const UNEXPECTED_PROOF: Answer = {
  status: 400,
  body: { statusCode: 400, code: 'GATEHOUSE_CREDENTIAL_MALFORMED', error: 'Bad Request', message: UNEXPECTED },
  challenge: `Bearer realm="api", error="invalid_request", error_description="${UNEXPECTED}"`,
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
