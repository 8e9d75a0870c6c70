import type { Answer } from './house.js'

/** How Fastify's default error handler answers each refusal: status, challenge and body. */

/** Nothing was sent where something is required; `scope` is what the route would ask for. */
export function nothingSent (scope?: string): Answer {
  const challenge = scope === undefined ? 'Bearer realm="api"' : `Bearer realm="api", scope="${scope}"`
  return refusal(401, 'Unauthorized', 'GATEHOUSE_CREDENTIAL_MISSING', 'Authentication is required', challenge)
}

/** A token was sent that is none of ours, or no longer. */
export const badToken: Answer = refusal(
  401, 'Unauthorized', 'GATEHOUSE_TOKEN_INVALID', 'The access token is expired, revoked, malformed or not meant for this API',
  'Bearer realm="api", error="invalid_token", error_description="The access token is expired, revoked, malformed or not meant for this API"'
)

/** The header holds no credential, or more than one. */
export const badRequest: Answer = refusal(
  400, 'Bad Request', 'GATEHOUSE_CREDENTIAL_MALFORMED', 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token',
  'Bearer realm="api", error="invalid_request", error_description="The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token"'
)

/** The token lacks this scope. */
export function lacksScope (scope: string): Answer {
  return refusal(
    403, 'Forbidden', 'GATEHOUSE_SCOPE_INSUFFICIENT', 'The access token lacks a scope this request needs',
    `Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope this request needs", scope="${scope}"`
  )
}

/** A permission, role or claim is missing, or `authorize` said no. */
export const forbidden: Answer = refusal(403, 'Forbidden', 'GATEHOUSE_FORBIDDEN', 'The caller may not do this')

/** The caller acts in no organization. */
export const noOrganization: Answer = refusal(403, 'Forbidden', 'GATEHOUSE_NO_ORGANIZATION', 'The caller acts in no organization')

/** An accessor was asked on an optional route, and the caller is anonymous. */
export const anonymous: Answer = refusal(
  401, 'Unauthorized', 'GATEHOUSE_NOT_AUTHENTICATED', 'Authentication is required', 'Bearer realm="api"'
)

/** An accessor was asked where nobody can be authenticated: a mistake in the app. */
export function misused (message: string): Answer {
  return refusal(500, 'Internal Server Error', 'GATEHOUSE_NOT_AUTHENTICATED', message)
}

/** A route declared before the plugin loaded has a mistake in its config. */
export function misconfigured (message: string): Answer {
  return refusal(500, 'Internal Server Error', 'GATEHOUSE_ROUTE_MISCONFIGURED', message)
}

/** What the app's own code threw. */
export function failure (message: string): Answer {
  return { status: 500, challenge: undefined, body: { statusCode: 500, error: 'Internal Server Error', message } }
}

function refusal (status: number, error: string, code: string, message: string, challenge?: string): Answer {
  return { status, challenge, body: { statusCode: status, code, error, message } }
}
