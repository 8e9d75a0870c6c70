import type { Authenticator } from '../../lib/index.js'
import type { Answer } from './guarded-api.js'

/** What a credential that is no access token gets, whatever is wrong with it. */
export const INVALID_CREDENTIAL: Answer = refused(401, 'Unauthorized', 'CREDENTIAL_INVALID', 'The credential is unknown, expired or revoked', 'Bearer realm="api"')

/** What a request gets that carries nothing we read. */
export const NOTHING_SENT: Answer = refused(401, 'Unauthorized', 'CREDENTIAL_MISSING', 'Authentication is required', 'Bearer realm="api"')

/** What a request gets that carries two credentials, or one twice. */
export const TWO_CREDENTIALS: Answer = refused(
  400, 'Bad Request', 'CREDENTIAL_MALFORMED', 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token',
  'Bearer realm="api", error="invalid_request", error_description="The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token"'
)

/** What a caller gets who may not. */
export const FORBIDDEN: Answer = refused(403, 'Forbidden', 'FORBIDDEN', 'The caller may not do this')

/** What an unknown credential past the budget gets. */
export function tooMany (retryAfter = 1): Answer {
  return { ...refused(429, 'Too Many Requests', 'TOO_MANY_REQUESTS', 'Too many unknown credentials: try again later'), retryAfter: String(retryAfter) }
}

/** 200 with this subject. */
export function accepted (subject: string): Answer {
  return { status: 200, body: { subject }, challenge: undefined, retryAfter: undefined }
}

/** An authenticator of the header `x-signature` that accepts what begins with `good`, and what it was asked. */
export function signatures (options: Partial<Authenticator> = {}): { readonly authenticator: Authenticator, readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    authenticator: {
      name: 'signature',
      match: ({ headers }) => headers['x-signature']?.toString(),
      authenticate: (credential) => { asked.push(credential); return credential.startsWith('good') ? { subject: credential } : undefined },
      ...options
    }
  }
}

function refused (status: number, error: string, code: string, message: string, challenge?: string): Answer {
  return { status, body: { statusCode: status, code: `GATEHOUSE_${code}`, error, message }, challenge, retryAfter: undefined }
}
