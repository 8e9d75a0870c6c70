import type { Introspection, KeyLocation, Secret } from '../../types/provider.js'
import { answerPolicy } from '../answer-policy.js'
import { expected, isPlainObject, refuseUnknownKeys } from '../configuration.js'
import { signingKey } from './private-key.js'
import { secret } from './secret.js'
import { keyUrl } from './url.js'

interface Surroundings {
  readonly allowHttp: boolean
  /** Where the provider's keys are: a discovery document names the endpoint as well. */
  readonly keys: KeyLocation
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
export function introspection (path: string, options: unknown, { allowHttp, keys }: Surroundings): Introspection | undefined {
  if (options === undefined) return undefined
  if (!isPlainObject(options)) throw new TypeError(`${path}: expected an object with clientId and clientSecret, or key`)
  const given = { ...options }
  refuseUnknownKeys(path, given, OPTIONS)
  const { endpoint, clientId, audience, prefix, signedResponseAlg, cache, budget } = given
  if (endpoint === undefined && keys.discovery === undefined) {
    throw new TypeError(`${path}.endpoint: got undefined; where keys are not found by discovery, no document names the endpoint: name it`)
  }
  if (typeof clientId !== 'string' || clientId.trim() === '' || clientId === 'undefined') throw expected(`${path}.clientId`, "this API's client id at the provider", clientId, 'is its environment variable set?')
  if (audience !== undefined && audience !== false) throw expected(`${path}.audience`, "false, or nothing: whom tokens are for is the provider's audience", audience)
  if (prefix !== undefined && (typeof prefix !== 'string' || !PREFIX.test(prefix) || prefix === 'undefined')) throw expected(`${path}.prefix`, 'what opaque tokens begin with: letters, digits and -._~+/', prefix, 'leave it out if they have nothing in common')
  if (signedResponseAlg !== undefined) checkSigned(`${path}.signedResponseAlg`, signedResponseAlg, keys)
  return Object.freeze({
    endpoint: endpoint === undefined ? undefined : keyUrl(`${path}.endpoint`, endpoint, allowHttp),
    clientId,
    clientAuthentication: Object.freeze(authentication(path, given)),
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

function authentication (path: string, { clientSecret, clientAuthentication: method, key, keyAlg, keyId }: Record<string, unknown>): Introspection['clientAuthentication'] {
  if (clientSecret === undefined && key === undefined) throw new TypeError(`${path}: expected clientSecret or key, got neither; is its environment variable set?`)
  if (clientSecret !== undefined && key !== undefined) throw new TypeError(`${path}: expected clientSecret or key, got both; leave one out`)
  if (key !== undefined) {
    if (method !== undefined && method !== 'private_key_jwt') throw new TypeError(`${path}.clientAuthentication: expected 'private_key_jwt', or nothing, with a key`)
    return { method: 'private_key_jwt', ...signingKey(path, key, keyAlg, keyId) }
  }
  for (const [name, value] of Object.entries({ keyAlg, keyId })) {
    if (value !== undefined) throw new TypeError(`${path}.${name}: goes with a key only, and clientSecret is none`)
  }
  if (method !== undefined && method !== 'client_secret_basic' && method !== 'client_secret_post') {
    throw new TypeError(`${path}.clientAuthentication: expected 'client_secret_basic' or 'client_secret_post', with a clientSecret${method === 'private_key_jwt' ? '; private_key_jwt takes a key' : ''}`)
  }
  return { method: method ?? 'client_secret_basic', secret: clientSecretOf(`${path}.clientSecret`, clientSecret) }
}

function clientSecretOf (path: string, value: unknown): Secret {
  if (typeof value !== 'string' || value.trim() === '' || value === 'undefined') throw new TypeError(`${path}: expected a text that is not empty; is its environment variable set?`)
  if (/[\r\n]/.test(value)) throw new TypeError(`${path}: has a line break; remove what the file it was read from ends with`)
  return secret(value)
}
