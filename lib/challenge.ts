/** What a Bearer challenge may say beside its realm. */
export interface BearerChallenge {
  readonly error?: string
  readonly description?: string
  readonly scope?: string | undefined
}

/**
 * The value of a `WWW-Authenticate` header. Without `error` it only says that a credential is wanted: a
 * request that carried none must not be given an error code.
 *
 * @see RFC 6750 section 3, 3.1
 */
export function bearerChallenge ({ error, description, scope }: BearerChallenge): string {
  let challenge = 'Bearer realm="api"'
  if (error !== undefined) challenge += `, error=${quoted(error)}`
  if (description !== undefined) challenge += `, error_description=${quoted(description)}`
  if (scope !== undefined) challenge += `, scope=${quoted(scope)}`
  return challenge
}

/**
 * A quoted-string. Characters RFC 6750 section 3 does not allow in its attributes are left out: they could end
 * the string, or the header line.
 *
 * @see RFC 9110 section 5.6.4
 */
function quoted (text: string): string {
  return `"${text.replaceAll(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '')}"`
}
