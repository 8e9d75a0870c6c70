import type { KeyObject } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { LRUCache } from 'lru-cache'
import type { SigningAlgorithm } from '../../types/provider.js'
import { loggable } from '../refusal.js'
import { verifyEd25519 } from '../token/ed25519.js'
import { vetKeys } from '../token/jwks.js'
import { readPart } from '../token/parse.js'
import { InvalidDpopProofError } from './errors.js'

/** The key a proof's header shows. */
export interface ProofKey {
  /** Its thumbprint: RFC 7638. */
  readonly jkt: string
  /** The payload of a proof it signed. Throws for any other. */
  readonly verify: (proof: string) => object
}

/** Keys of clients that are remembered, each with the header that shows it: a client writes the same one before every proof. */
const MOST_KEYS = 1_000

/** Reads the header of a proof and the key in it. */
export interface ProofKeys {
  /**
   * @param jkt of the key that is expected
   * @throws InvalidDpopProofError, and what `readPart` throws
   */
  of (header: string, jkt: string): ProofKey | Promise<ProofKey>
  /** A key that turned out to be a good client's. One header of each: who writes many takes no place of others. */
  keep (header: string, key: ProofKey): void
}

/** @param algorithms those proofs may be signed with */
export function createProofKeys (algorithms: readonly SigningAlgorithm[]): ProofKeys {
  const known = new LRUCache<string, { readonly header: string, readonly key: ProofKey }>({ max: MOST_KEYS })

  async function read (header: string): Promise<ProofKey> {
    const { typ, alg, jwk, crit, ...others } = readPart(header, 'header')
    checkType(typ)
    const algorithm = checkAlgorithm(alg, algorithms)
    // RFC 7515 section 4.1.11: we implement no extension. An unencoded payload (RFC 7797) is one.
    if (crit !== undefined || Object.hasOwn(others, 'b64')) throw new InvalidDpopProofError({ reason: 'proof_malformed', found: 'a critical extension' })
    return keyOf(jwk, algorithm)
  }

  return {
    of (header, jkt) {
      const seen = known.get(jkt)
      return seen?.header === header ? seen.key : read(header)
    },
    keep (header, key) {
      if (known.get(key.jkt)?.key !== key) known.set(key.jkt, { header, key })
    }
  }
}

/** RFC 9449 section 4.3, check 4 */
function checkType (typ: unknown): void {
  if (typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === 'dpop+jwt') return
  throw new InvalidDpopProofError({ reason: 'proof_malformed', expected: 'typ: dpop+jwt', found: loggable(typ ?? 'no typ') })
}

/** Check 5 */
function checkAlgorithm (alg: unknown, algorithms: readonly SigningAlgorithm[]): SigningAlgorithm {
  const found = algorithms.find((name) => name === alg)
  if (found !== undefined) return found
  throw new InvalidDpopProofError({ reason: 'proof_algorithm_refused', expected: algorithms, found: loggable(alg) })
}

/** Checks 5 and 7: a public key, fit for the algorithm; the same is asked of it as of a provider's. */
async function keyOf (jwk: unknown, algorithm: SigningAlgorithm): Promise<ProofKey> {
  const { keys: [vetted], dropped: [why] } = vetKeys([jwk], [algorithm])
  if (vetted === undefined) throw new InvalidDpopProofError({ reason: 'proof_key_refused', found: why!.replace('key 0: ', '') })
  const { key, jwk: { kty, crv, x, y, n, e } } = vetted
  // Loaded with the first proof: an API that gets none does without.
  const { calculateJwkThumbprint } = await import('jose')
  const jkt = await calculateJwkThumbprint({ kty, crv, x, y, n, e } as Parameters<typeof calculateJwkThumbprint>[0])
  if (algorithm === 'Ed25519') return { jkt, verify: (proof) => verifyEd25519(proof, key) }
  let verify: ProofKey['verify'] | undefined
  return { jkt, verify: (proof) => (verify ??= verifierOf(key, algorithm))(proof) }
}

/** Made with the first proof that is verified: the key may turn out to be another than the token's. */
function verifierOf (key: KeyObject, algorithm: Exclude<SigningAlgorithm, 'Ed25519'>): ProofKey['verify'] {
  const pem = key.export({ type: 'spki', format: 'pem' }) as string
  // Times are checked by its `iat` alone.
  return createVerifier({ key: pem, algorithms: [algorithm], cache: false, ignoreExpiration: true, ignoreNotBefore: true }) as ProofKey['verify']
}
