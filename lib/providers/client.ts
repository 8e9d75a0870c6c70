import type { ClientAuthentication, Provider, Secret } from '../../types/provider.js'
import { expected } from '../configuration.js'
import { signingKey } from './private-key.js'
import { secret } from './secret.js'

/** What goes with a client's id. */
const PROOFS = ['clientSecret', 'clientAuthentication', 'key', 'keyAlg', 'keyId'] as const
const UNSET = 'is its environment variable set?'

interface Given {
  readonly clientId?: unknown
  readonly clientSecret?: unknown
  readonly clientAuthentication?: unknown
  readonly key?: unknown
  readonly keyAlg?: unknown
  readonly keyId?: unknown
}

/** Whether an option is written out, be it as undefined: that is how an environment variable that is not set arrives. */
export function isWritten (given: object, ...names: readonly string[]): boolean {
  return names.some((name) => Object.hasOwn(given, name))
}

/** Where `clientId` alone says something else: whether it is this app's own client, since it stands beside what only such a client has. */
export function isOwnClient (given: object): boolean {
  return isWritten(given, ...PROOFS)
}

/**
 * The settings of a provider where `clientId` alone names the clients whose tokens are accepted. Beside what only this
 * app's own client has, or beside an audience, it is that client.
 */
export function clientAsAudience (given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { clientId: audience, ...others } = given
  return isOwnClient(given) || isWritten(given, 'audience') ? given : { ...others, audience }
}

/**
 * This app's own client at a provider, checked; undefined where it has none.
 *
 * @throws TypeError naming path, value (of what is not secret) and remedy
 */
export function ownClient (path: string, given: Given & { readonly audience?: unknown }): Provider['client'] {
  const { clientId, audience } = given
  const proof = PROOFS.find((name) => isWritten(given, name))
  if (clientId === undefined) {
    // Without an audience this app is nothing but a client; with one it may still be an API that is none.
    if (proof === undefined && (audience !== undefined || !isWritten(given, 'clientId'))) return undefined
    throw expected(`${path}: clientId`, `the id of the client${proof === undefined ? '' : ` that ${proof} goes with`}`, clientId, UNSET)
  }
  return Object.freeze({
    clientId: clientIdOf(`${path}: clientId`, "this app's client id at the provider", clientId),
    authentication: clientAuthentication(path, `${path}: `, given) ?? publicClient(path, given)
  })
}

/** @throws TypeError for what is no client's id @param expectation what belongs there */
export function clientIdOf (path: string, expectation: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value === 'undefined') throw expected(path, expectation, value, UNSET)
  return value
}

/**
 * How a client proves which one it is, with a secret or a key; undefined where neither is given. No message shows a value.
 *
 * @param path what messages call the whole
 * @param prefix what they put before the name of a member
 * @throws TypeError naming path and remedy
 */
export function clientAuthentication (path: string, prefix: string, { clientSecret, clientAuthentication: method, key, keyAlg, keyId }: Given): Exclude<ClientAuthentication, { readonly method: 'none' }> | undefined {
  if (clientSecret !== undefined && key !== undefined) throw new TypeError(`${path}: expected clientSecret or key, got both; leave one out`)
  if (key !== undefined) {
    if (method !== undefined && method !== 'private_key_jwt') throw new TypeError(`${prefix}clientAuthentication: expected 'private_key_jwt', or nothing, with a key`)
    return Object.freeze({ method: 'private_key_jwt', ...signingKey(prefix, key, keyAlg, keyId) })
  }
  if (clientSecret === undefined) return undefined
  refuseOfKey(prefix, { keyAlg, keyId }, ', and clientSecret is none')
  if (method !== undefined && method !== 'client_secret_basic' && method !== 'client_secret_post') {
    throw new TypeError(`${prefix}clientAuthentication: expected 'client_secret_basic' or 'client_secret_post', with a clientSecret${method === 'private_key_jwt' ? '; private_key_jwt takes a key' : ''}`)
  }
  return Object.freeze({ method: method ?? 'client_secret_basic', secret: clientSecretOf(`${prefix}clientSecret`, clientSecret) })
}

/** A client without secret and key must be meant to have none: RFC 6749 section 2.1. */
function publicClient (path: string, { clientAuthentication: method, keyAlg, keyId }: Given): ClientAuthentication {
  if (method !== 'none') throw new TypeError(`${path}: expected clientSecret or key with clientId, got neither; ${UNSET} Write clientAuthentication: 'none' for a public client`)
  refuseOfKey(`${path}: `, { keyAlg, keyId }, ', and a public client has none')
  return Object.freeze({ method })
}

function refuseOfKey (prefix: string, given: Pick<Given, 'keyAlg' | 'keyId'>, why: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) throw new TypeError(`${prefix}${name}: goes with a key only${why}`)
  }
}

function clientSecretOf (path: string, value: unknown): Secret {
  if (typeof value !== 'string' || value.trim() === '' || value === 'undefined') throw new TypeError(`${path}: expected a text that is not empty; ${UNSET}`)
  if (/[\r\n]/.test(value)) throw new TypeError(`${path}: has a line break; remove what the file it was read from ends with`)
  return secret(value)
}
