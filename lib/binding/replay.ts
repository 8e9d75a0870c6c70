import { hash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Store } from '../../types/store.js'
import { TooManyRequestsError } from '../errors.js'
import { roomIn } from '../store/memory.js'
import { unavailable } from '../store/refused.js'
import { StoreUnavailableError } from '../store/unavailable.js'
import type { CheckedProof } from './dpop.js'
import { InvalidDpopProofError } from './errors.js'
import { ProofQuota } from './quota.js'

interface Parts {
  readonly store: Store
  /** Seconds a proof is remembered. */
  readonly window: number
  /** Proofs at once, if the store has room for as many. */
  readonly maxProofs?: number | undefined
  readonly acceptsWithoutStore: boolean
  readonly log: FastifyBaseLogger
}

/** Proofs of one process at once, in a store that does not say how much room it has. */
const ROOM = 1_000_000

/**
 * Lets every proof pass once. It must be good in all else: what is remembered takes room, and nobody but the owner of a
 * token may take any.
 *
 * Rejects with an `InvalidDpopProofError` for one that was used, a `TooManyRequestsError` for a key that made too many, an
 * `UnavailableError` where nobody can say.
 *
 * @see RFC 9449 section 11.1
 */
export type UseOnce = (proof: CheckedProof) => Promise<void>

export function createReplayGuard ({ store, window, maxProofs = roomIn(store) ?? ROOM, acceptsWithoutStore, log }: Parts): UseOnce {
  const quota = new ProofQuota(Math.min(maxProofs, roomIn(store) ?? Infinity), window * 1000)

  return async function useOnce (proof) {
    const { jkt } = proof
    const span = quota.take(jkt)
    if (span === undefined) throw new TooManyRequestsError({ reason: 'proofs_exhausted', found: `jkt ${jkt}`, hint: 'one key made more proofs than its share of the room for them: if that is no attack, lower dpop.iatOffset, or raise dpop.maxProofs, and max of a memoryStore that is dpop.store' }, quota.retryAfter(jkt), 'Too many DPoP proofs of this key: try again later')
    let isNew: boolean
    try {
      isNew = await remember(proof)
    } catch (error) {
      // A store that is away must not use up anybody's room.
      quota.giveBack(jkt, span)
      return withoutStore(error)
    }
    if (isNew) return
    // Nor must whoever copied a proof.
    quota.giveBack(jkt, span)
    throw new InvalidDpopProofError({ reason: 'proof_replayed', hint: 'the proof was used before: the client must make one for each request, retries included' })
  }

  /** However old it seems: where the clock is ahead and set right later, it is good for longer than its age says now. */
  function remember ({ jkt, jti, uri }: CheckedProof): Promise<boolean> {
    return store.add(keyOf(jkt, jti, uri), '', window * 1000)
  }

  function withoutStore (error: unknown): void {
    const refusal = unavailable(error)
    // A full store answers, and who has many keys can fill it: they must not get proofs accepted that way.
    if (!acceptsWithoutStore || (error instanceof StoreUnavailableError && error.reason === 'full')) throw refusal
    log.warn({ gatehouse: refusal.refusal }, 'a DPoP proof was accepted though nobody can say whether it was used before')
  }
}

/** A list: no two triples read alike. Joined: a text put together otherwise takes twice the room, and there are many. */
function keyOf (...triple: [jkt: string, jti: string, uri: string]): string {
  return ['proof:', hash('sha256', JSON.stringify(triple), 'base64url')].join('')
}
