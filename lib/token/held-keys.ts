import type { SigningAlgorithm } from '../../types/provider.js'
import { isSameKey } from './jwks.js'
import type { VettedKey } from './jwks.js'
import { createEngine } from './jwt.js'
import type { Engine, Verifier } from './jwt.js'

/** A key on the ring. The same object as long as the key stays in the provider's set, whatever is fetched. */
export interface RingKey extends VettedKey {
  /** False once the key left the set: whoever verified with it must ask again. */
  held: boolean
  verify: Verifier
}

/** What of a token's header chooses a key. */
export interface KeyChoice {
  readonly kid: string | undefined
  readonly alg: SigningAlgorithm | undefined
}

/** The keys of a provider as last fetched, each with its verifier. */
export class HeldKeys {
  readonly #tolerance: number
  #keys: readonly RingKey[] = []
  #engine: Engine | undefined

  /** @param tolerance seconds by which clocks may differ */
  constructor (tolerance: number) {
    this.#tolerance = tolerance
  }

  get list (): readonly RingKey[] {
    return this.#keys
  }

  /**
   * By key id and algorithm: several keys of one id are told apart by what they can verify. A token without a key
   * id fits the only key of its algorithm; a key without one fits any, if it is the only one of its algorithm.
   *
   * @see RFC 7517 section 4.5
   */
  find ({ kid, alg }: KeyChoice): RingKey | undefined {
    const able = this.#keys.filter((key) => alg === undefined || key.algorithms.includes(alg))
    const named = kid === undefined ? undefined : able.find((key) => key.kid === kid)
    if (named !== undefined) return named
    return able.length === 1 && (kid === undefined || able[0]!.kid === undefined) ? able[0] : undefined
  }

  /** Takes a new set over. Keys that are in both stay what they are. */
  async replace (keys: readonly VettedKey[]): Promise<void> {
    const before = this.#keys
    if (keys.length === before.length && keys.every((key, index) => isSameKey(key, before[index]!))) return
    const engine = await createEngine(keys, this.#tolerance)
    this.#keys = keys.map((key, index) => {
      const known = before.find((other) => isSameKey(other, key))
      const verify = engine.verifiers[index]!
      return known === undefined ? { ...key, held: true, verify } : Object.assign(known, { verify })
    })
    for (const key of before) key.held = this.#keys.includes(key)
    const replaced = this.#engine
    this.#engine = engine
    await replaced?.close()
  }

  async close (): Promise<void> {
    for (const key of this.#keys) key.held = false
    await this.#engine?.close()
  }
}
