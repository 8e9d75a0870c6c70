/** What a challenge may say, whatever its scheme. */
export interface ChallengeAttributes {
  /** Where it is one scheme's matter alone. */
  readonly scheme?: 'DPoP' | undefined
  readonly error?: string | undefined
  readonly description?: string | undefined
  readonly scope?: string | undefined
  /** RFC 9470: what the caller must log in with, separated by spaces. */
  readonly acrValues?: string | undefined
  /** RFC 9470: seconds since the caller logged in, at most. */
  readonly maxAge?: number | undefined
  /** Whether a proof of possession would mend what is wrong with a Bearer token. */
  readonly offersDpop?: boolean | undefined
}

/** What a registration adds to the challenges of its errors. */
export interface ChallengeForm {
  /** `Bearer` unless the request used DPoP, or had to. */
  readonly scheme: 'Bearer' | 'DPoP'
  /** Signature algorithms of proofs. */
  readonly algorithms: readonly string[]
  /** Where the resource's metadata are (RFC 9728). */
  readonly resourceMetadata: string | undefined
}

/**
 * The value of a `WWW-Authenticate` header. Without `error` it only says that a credential is wanted: a
 * request that carried none must not be given an error code.
 *
 * @see RFC 6750 section 3, 3.1; RFC 9470 section 3; RFC 9728 section 5.1
 */
export function bearerChallenge (attributes: ChallengeAttributes, resourceMetadata?: string): string {
  return ['Bearer realm="api"', ...written(attributes, resourceMetadata)].join(', ')
}

/**
 * The same for a client that must prove the possession of a key.
 *
 * @param algorithms what proofs may be signed with
 * @see RFC 9449 section 7.1
 */
export function dpopChallenge (attributes: ChallengeAttributes, algorithms: readonly string[], resourceMetadata?: string): string {
  return `DPoP ${[...written(attributes, resourceMetadata), `algs=${quoted(algorithms.join(' '))}`].join(', ')}`
}

/**
 * The values of the `WWW-Authenticate` headers, one scheme each: two in one header are read wrongly by many clients.
 *
 * @see RFC 9110 section 11.6.1
 */
export function challengeHeaders (attributes: ChallengeAttributes, { scheme, algorithms, resourceMetadata }: ChallengeForm): string | string[] {
  if (scheme === 'DPoP' || attributes.scheme === 'DPoP') return dpopChallenge(attributes, algorithms, resourceMetadata)
  const bearer = bearerChallenge(attributes, resourceMetadata)
  return attributes.offersDpop === true ? [bearer, dpopChallenge({}, algorithms, resourceMetadata)] : bearer
}

function written ({ error, description, scope, acrValues, maxAge }: ChallengeAttributes, resourceMetadata: string | undefined): string[] {
  const attributes = { error, error_description: description, scope, acr_values: acrValues, max_age: maxAge, resource_metadata: resourceMetadata }
  return Object.entries(attributes).flatMap(([name, value]) => value === undefined ? [] : [`${name}=${quoted(String(value))}`])
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
