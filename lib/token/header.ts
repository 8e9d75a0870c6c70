import type { Provider, SigningAlgorithm } from '../../types/provider.js'
import { InvalidTokenError } from '../errors.js'
import { loggable } from '../refusal.js'
import type { JsonObject } from './parse.js'

/** What of a JOSE header may be used before the signature holds. `jku`, `jwk`, `x5u` and `x5c` never are. */
export interface CheckedHeader {
  readonly alg: SigningAlgorithm
  readonly kid: string | undefined
  /** Whether `typ` says that this is an access token. */
  readonly isAccessToken: boolean
}

const LONGEST_KID = 512

/**
 * Checks algorithm, critical extensions, type and key id of a header, before any key is looked up.
 *
 * @throws InvalidTokenError
 * @see RFC 8725 section 3.1, 3.2, 3.11; RFC 9068 section 4
 */
export function checkHeader (header: JsonObject, { algorithms, profile, name }: Provider): CheckedHeader {
  const { alg, kid, typ } = header
  const provider = name
  if (typeof alg !== 'string' || !(algorithms as readonly string[]).includes(alg)) {
    const symmetric = typeof alg === 'string' && alg.startsWith('HS')
    throw new InvalidTokenError({
      reason: symmetric ? 'alg_symmetric' : 'alg_refused',
      provider,
      expected: algorithms,
      found: loggable(alg),
      hint: symmetric ? 'set the signing algorithm of the API to RS256 or ES256 at the provider' : undefined
    })
  }
  // RFC 7515 section 4.1.11: we implement no extension, so whatever is critical is not understood. Nor is a
  // `crit` that says nothing (null, false, 0, ''): it must be a list.
  if (Object.hasOwn(header, 'crit')) throw new InvalidTokenError({ reason: 'crit_refused', provider, found: loggable(header.crit) })
  const isAccessToken = checkType(typ, profile, provider)
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID)) {
    throw new InvalidTokenError({ reason: 'kid_malformed', provider, found: typeof kid === 'string' ? `${kid.length} characters` : loggable(kid) })
  }
  return { alg: alg as SigningAlgorithm, kid, isAccessToken }
}

function checkType (typ: unknown, profile: Provider['profile'], provider: string): boolean {
  if (typ === 'at+jwt') return true
  // RFC 7515 section 4.1.9: media types are case-insensitive, `application/` may be left out.
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (type === 'at+jwt') return true
  if (profile === 'auto' && (type === undefined || type === 'jwt')) return false
  throw new InvalidTokenError({
    reason: 'typ_refused',
    provider,
    expected: profile === 'auto' ? 'at+jwt, JWT or none' : 'at+jwt',
    found: loggable(typ ?? 'none')
  })
}
