import type { Provider } from '../../types/provider.js'
import { InvalidTokenError } from '../errors.js'
import { raceDeadline } from '../token/deadline.js'
import type { CheckedHeader } from '../token/header.js'
import type { RingKey } from '../token/held-keys.js'
import type { KeyRing } from '../token/keys.js'
import { requireBase64url, splitToken, startsLikeJws, unlikeJws } from '../token/parse.js'
import type { TokenParts } from '../token/parse.js'
import { DEADLINE } from '../token/timing.js'

/** Where the keys of ID tokens are, and of logout tokens: the provider's key ring. */
export type IdTokenKeys = Pick<KeyRing, 'usable' | 'find' | 'obtain'>

/** What a token must fit that the provider signs for one client. */
export interface SignedTokenRules {
  readonly provider: Provider
  readonly keys: IdTokenKeys
  readonly clientId: string
  /** Seconds. */
  readonly tolerance: number
}

/**
 * Takes a token apart that must be a JWS, in its one spelling.
 *
 * @throws InvalidTokenError
 * @see RFC 7515 section 5.2
 */
export function takeApart (token: string): TokenParts {
  if (!startsLikeJws(token)) throw unlikeJws(token)
  const parts = splitToken(token)
  requireBase64url(token)
  return parts
}

/**
 * Whether the provider signed a token, by the keys it holds now. Ask it last: an unknown key may cause a fetch.
 *
 * @param kind what the token is called in the log line
 * @throws InvalidTokenError; UnavailableError where the keys cannot be had now; Error where the signal ends the wait
 * @see OpenID Connect Core section 10.1
 */
export async function verifySignature (token: string, header: CheckedHeader, keys: IdTokenKeys, kind: string, signal: AbortSignal): Promise<void> {
  const { kid, alg } = header
  const verifies = (key: RingKey) => {
    try {
      key.verify(token, alg)
      return true
    } catch {
      return false
    }
  }
  const held = keys.usable() ? keys.find(header) : undefined
  if (held !== undefined && verifies(held)) return
  // Where token or key has no id the key was a guess: the provider may have another by now.
  const isGuess = held === undefined || kid === undefined || held.kid !== kid
  const key = isGuess ? await raceDeadline(DEADLINE, signal, () => keys.obtain(header, held)) : undefined
  if (key !== undefined && verifies(key)) return
  throw new InvalidTokenError({ reason: held === undefined && key === undefined ? 'kid_unknown' : 'signature_invalid', hint: `the ${kind} is not signed with a key of the provider` })
}
