import type { Introspection, KeyLocation, Provider } from '../../types/provider.js'
import { answerPolicy } from '../answer-policy.js'
import { expected, isPlainObject, refuseUnknownKeys } from '../configuration.js'
import { clientAuthentication, clientIdOf } from './client.js'
import { keyUrl } from './url.js'

interface Surroundings {
  readonly allowHttp: boolean
  /** Where the provider's keys are: a discovery document names the endpoint as well. */
  readonly keys: KeyLocation
  readonly audience: Provider['audience']
}

const OPTIONS = ['endpoint', 'clientId', 'clientSecret', 'clientAuthentication', 'key', 'keyAlg', 'keyId', 'audience', 'prefix', 'signedResponseAlg', 'cache', 'budget']
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519']
/** What RFC 6750 section 2.1 lets a Bearer token begin with. */
const PREFIX = /^[A-Za-z0-9\-._~+/]+$/

/**
 * How a provider is asked about opaque tokens, checked; undefined where it is not.
 *
 * @throws TypeError naming path, value (of what is not secret) and remedy
 */
export function introspection (path: string, options: unknown, { allowHttp, keys, audience: audiences }: Surroundings): Introspection | undefined {
  if (options === undefined) return undefined
  if (!isPlainObject(options)) throw new TypeError(`${path}: expected an object with clientId and clientSecret, or key`)
  const given = { ...options }
  refuseUnknownKeys(path, given, OPTIONS)
  if (audiences !== false && audiences.length === 0) throw new TypeError(`${path}: judges tokens, and this provider vouches for sessions only; give it an audience, or leave this out`)
  const { endpoint, clientId, audience, prefix, signedResponseAlg, cache, budget } = given
  if (endpoint === undefined && keys.discovery === undefined) {
    throw new TypeError(`${path}.endpoint: got undefined; where keys are not found by discovery, no document names the endpoint: name it`)
  }
  const checkedClientId = clientIdOf(`${path}.clientId`, "this API's client id at the provider", clientId)
  if (audience !== undefined && audience !== false) throw expected(`${path}.audience`, "false, or nothing: whom tokens are for is the provider's audience", audience)
  if (prefix !== undefined && (typeof prefix !== 'string' || !PREFIX.test(prefix) || prefix === 'undefined')) throw expected(`${path}.prefix`, 'what opaque tokens begin with: letters, digits and -._~+/', prefix, 'leave it out if they have nothing in common')
  if (signedResponseAlg !== undefined) checkSigned(`${path}.signedResponseAlg`, signedResponseAlg, keys)
  const authentication = clientAuthentication(path, `${path}.`, given)
  if (authentication === undefined) throw new TypeError(`${path}: expected clientSecret or key, got neither; is its environment variable set?`)
  return Object.freeze({
    endpoint: endpoint === undefined ? undefined : keyUrl(`${path}.endpoint`, endpoint, allowHttp),
    clientId: checkedClientId,
    clientAuthentication: authentication,
    requiresAudience: audience !== false,
    prefix: prefix ?? '',
    signedResponseAlg: signedResponseAlg as string | undefined,
    answers: answerPolicy(path, cache, budget)
  })
}

function checkSigned (path: string, alg: unknown, keys: KeyLocation): void {
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) throw expected(path, `one of ${ALGORITHMS.join(', ')}`, alg)
  if (keys.discovery === undefined && keys.jwksUri === undefined) throw new TypeError(`${path}: keys that verify answers are fetched: name where with keys: { discovery } or { jwksUri }`)
}
