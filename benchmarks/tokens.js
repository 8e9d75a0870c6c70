import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { forgeToken } from './signed-token.js'

/** Every token of the run, made before anything is measured: `count` of each kind. */
export async function makeTokens ({ keys, config }, count) {
  const key = (alg) => keys.find((key) => key.alg === alg)
  const rs256 = await signed(key('RS256'), config, count)
  return {
    rs256,
    es256: await signed(key('ES256'), config, count),
    eddsa: await signed(key('EdDSA'), config, count),
    forged: Array.from({ length: count }, (_, serial) => forgeToken(key('RS256'), config, serial)),
    garbage: garbage(rs256[0].length, count)
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

// As long as a token and made of the same characters, but nothing in it can be decoded.
function garbage (length, count) {
  return Array.from({ length: count }, () => {
    const text = randomBytes(length).toString('base64url')
    return `${text.slice(0, 67)}.${text.slice(68, length - 343)}.${text.slice(length - 342, length)}`
  })
}
