import type { DpopMode } from '../../types/binding.js'
import type { SigningAlgorithm } from '../../types/provider.js'
import type { Store } from '../../types/store.js'
import { expected, isPlainObject, oneOf, plainObject, refuseUnknownKeys, within } from '../configuration.js'
import { ALGORITHMS } from '../providers/algorithms.js'
import { readSecrets } from '../session/secret.js'
import { checkedStore } from '../store-option.js'

/** What is asked of proofs, checked. Times in seconds. */
export interface DpopSettings {
  readonly mode: DpopMode
  readonly algorithms: readonly SigningAlgorithm[]
  readonly iatOffset: number
  readonly iatLeeway: number
  readonly nonce: { readonly secrets: readonly string[], readonly lifetime: number } | undefined
  /** undefined: the registration's, or one for proofs alone. */
  readonly store: Store | undefined
  /** Most of them at once. undefined: as many as there is room for. */
  readonly maxProofs: number | undefined
  readonly acceptsWithoutStore: boolean
}

const MODES = ['off', 'allow', 'require']
/** Small signatures first: clients take the first they can. */
const PREFERRED: readonly SigningAlgorithm[] = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256']
const DEFAULT_ALGORITHMS: readonly SigningAlgorithm[] = Object.freeze([...PREFERRED, ...ALGORITHMS.filter((name) => !PREFERRED.includes(name))])

/** @throws TypeError naming path, value and remedy */
export function readDpop (path: string, value: unknown): DpopSettings {
  if (!isPlainObject(value)) return readDpop(path, { mode: modeOf(path, value) })
  const { mode, algorithms = DEFAULT_ALGORITHMS, iatOffset = 300, iatLeeway = 30, nonce, store, maxProofs, onStoreFailure = 'refuse', ...rest } = value
  refuseUnknownKeys(path, rest, ['mode', 'algorithms', 'iatOffset', 'iatLeeway', 'nonce', 'store', 'maxProofs', 'onStoreFailure'])
  oneOf(`${path}.onStoreFailure`, onStoreFailure, ['refuse', 'accept'])
  return Object.freeze({
    mode: 'mode' in value ? modeOf(`${path}.mode`, mode) : 'allow',
    algorithms: algorithmList(`${path}.algorithms`, algorithms),
    iatOffset: within(`${path}.iatOffset`, iatOffset, 1, 3600, 'seconds'),
    iatLeeway: within(`${path}.iatLeeway`, iatLeeway, 0, 300, 'seconds'),
    nonce: nonce === undefined ? undefined : readNonce(`${path}.nonce`, nonce),
    store: store === undefined ? undefined : checkedStore(`${path}.store`, store),
    maxProofs: maxProofs === undefined ? undefined : proofs(`${path}.maxProofs`, maxProofs),
    acceptsWithoutStore: onStoreFailure === 'accept'
  })
}

/** Written with no value it is an environment variable that is not set, and `require` may be what it should have said. */
function modeOf (path: string, value: unknown): DpopMode {
  if (value === undefined) throw expected(path, `one of ${MODES.join(', ')}`, value, 'is its environment variable set? Leave it out to allow them')
  oneOf(path, value, MODES)
  return value as DpopMode
}

function proofs (path: string, value: unknown): number {
  const most = within(path, value, 100, 10_000_000, 'proofs')
  if (!Number.isInteger(most)) throw expected(path, 'a whole number', value)
  return most
}

function readNonce (path: string, value: unknown): NonNullable<DpopSettings['nonce']> {
  const { secret, lifetime = 60, ...rest } = plainObject(path, value, 'pass { secret }: what processes share to agree on nonces')
  refuseUnknownKeys(path, rest, ['secret', 'lifetime'])
  return Object.freeze({ secrets: readSecrets(`${path}.secret`, secret), lifetime: within(`${path}.lifetime`, lifetime, 10, 3600, 'seconds') })
}

function algorithmList (path: string, value: unknown): readonly SigningAlgorithm[] {
  if (!Array.isArray(value) || value.length === 0) throw expected(path, 'a list of algorithms', value, 'leave it out to accept all')
  for (const name of Array.from(value)) oneOf(path, name, ALGORITHMS)
  return Object.freeze([...value as SigningAlgorithm[]])
}
