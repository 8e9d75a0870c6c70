import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { makeProofs } from './proofs.js'
import { garbage, lookalike, partLengths } from './random-token.js'
import { forgeToken } from './signed-token.js'

/** Every token of the run, made before anything is measured: `count` of each kind. */
export async function makeTokens ({ keys, config }, count) {
  const key = (alg) => keys.find((key) => key.alg === alg)
  const rs256 = await signed(key('RS256'), config, count)
  const lengths = partLengths(rs256[0])
  return {
    rs256,
    es256: await signed(key('ES256'), config, count),
    eddsa: await signed(key('EdDSA'), config, count),
    dpop: makeProofs(key('RS256'), config, count),
    forged: Array.from({ length: count }, (_, serial) => forgeToken(key('RS256'), config, serial)),
    garbage: Array.from({ length: count }, () => garbage(lengths)),
    lookalike: Array.from({ length: count }, () => lookalike(lengths))
  }
}

async function signed (key, config, count) {
  const share = Math.ceil(count / availableParallelism())
  const shares = []
  for (let from = 0; from < count; from += share) {
    const workerData = { key, config, from, count: Math.min(share, count - from) }
    shares.push(once(new Worker(new URL('sign.js', import.meta.url), { workerData }), 'message'))
  }
  return (await Promise.all(shares)).flat(2)
}
