import Fastify from 'fastify'
import fastifyJwt from '@fastify/jwt'
import type { SigningAlgorithm } from '../../types/provider.js'
import { verifyEd25519 } from './ed25519.js'
import type { PublicKey } from './jwks.js'

/**
 * Verifies a token's signature, structure and times with one key, synchronously, and returns the payload.
 * It throws for whatever is wrong, and its errors are not fit for callers. What it does NOT check: issuer,
 * audience, type and required claims.
 *
 * @param algorithm the token's `alg`, one of the key's algorithms
 */
export type Verifier = (token: string, algorithm: SigningAlgorithm) => object

/** Verifiers of one set of keys, in the order of the keys. */
export interface Engine {
  readonly verifiers: readonly Verifier[]
  close (): Promise<void>
}

/**
 * One small Fastify instance that never listens carries @fastify/jwt once per key: with a static public key
 * its `verify` is synchronous and uses a prepared verifier. The app's own `app.jwt` stays untouched. Built when a
 * key set changes, never on a request.
 *
 * @param tolerance seconds
 */
export async function createEngine (keys: readonly PublicKey[], tolerance: number): Promise<Engine> {
  const host = Fastify()
  for (const [index, { key, algorithms }] of keys.entries()) {
    await host.register(fastifyJwt, {
      namespace: `k${index}`,
      secret: { public: key.export({ type: 'spki', format: 'pem' }) },
      verify: { algorithms: algorithms.filter((algorithm) => algorithm !== 'Ed25519'), clockTolerance: tolerance * 1000 }
    })
  }
  await host.ready()
  return {
    verifiers: keys.map(({ key }, index) => {
      const engine: { verify (token: string): object } = Reflect.get(host.jwt, `k${index}`)
      return (token, algorithm) => algorithm === 'Ed25519' ? verifyEd25519(token, key) : engine.verify(token)
    }),
    close: () => host.close()
  }
}
