import type { Reason } from '../../lib/index.js'

/** An answer as the client sees it, and the reason as the operator reads it in the log. */
export interface Answer {
  readonly status: number
  readonly challenge: unknown
  readonly body: unknown
  readonly reason: unknown
}

const INVALID_REQUEST = 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token'
const INVALID_TOKEN = 'The access token is expired, revoked, malformed or not meant for this API'
const INSUFFICIENT_SCOPE = 'The access token lacks a scope this request needs'

/** 200, and the app knows who is calling. */
export function welcome (subject = 'user-1'): Answer {
  return { status: 200, challenge: undefined, body: { subject }, reason: undefined }
}

/** 401 without an error code. RFC 6750 section 3.1. */
export function missing (reason: Reason, scope?: string): Answer {
  return refused(401, 'CREDENTIAL_MISSING', 'Authentication is required', reason, scope === undefined ? '' : `, scope="${scope}"`)
}

/** 400. RFC 6750 section 3.1, `invalid_request`. */
export function invalidRequest (reason: Reason): Answer {
  return refused(400, 'CREDENTIAL_MALFORMED', INVALID_REQUEST, reason, error('invalid_request', INVALID_REQUEST))
}

/** 401. RFC 6750 section 3.1, `invalid_token`. */
export function invalidToken (reason: Reason): Answer {
  return refused(401, 'TOKEN_INVALID', INVALID_TOKEN, reason, error('invalid_token', INVALID_TOKEN))
}

/** 403 and the scope that would do. RFC 6750 section 3.1, `insufficient_scope`. */
export function insufficientScope (scope: string): Answer {
  return refused(403, 'SCOPE_INSUFFICIENT', INSUFFICIENT_SCOPE, 'scope_missing', `${error('insufficient_scope', INSUFFICIENT_SCOPE)}, scope="${scope}"`)
}

/** 503 without a challenge: "not now" is not "not you". */
export function unavailable (reason: Reason = 'keys_unavailable'): Answer {
  return { ...refused(503, 'UNAVAILABLE', 'The credential cannot be verified right now', reason, ''), challenge: undefined }
}

const STATUS: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 503: 'Service Unavailable' }

function refused (statusCode: number, code: string, message: string, reason: Reason, parameters: string): Answer {
  return {
    status: statusCode,
    challenge: `Bearer realm="api"${parameters}`,
    body: { statusCode, code: `GATEHOUSE_${code}`, error: STATUS[statusCode], message },
    reason
  }
}

function error (code: string, description: string): string {
  return `, error="${code}", error_description="${description}"`
}
