import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { signingInput } from './claims.js'

const randomText = (bytes) => randomBytes(bytes).toString('base64url')

async function signed ({ alg, kid, privateKey }, { issuer, audience }, count) {
  const header = { alg, typ: 'at+jwt', kid }
  const share = Math.ceil(count / availableParallelism())
  const shares = []
  for (let from = 0; from < count; from += share) {
    const workerData = { privateKey, header, issuer, audience, from, count: Math.min(share, count - from) }
    shares.push(once(new Worker(new URL('sign.js', import.meta.url), { workerData }), 'message'))
  }
  return (await Promise.all(shares)).flat(2)
}

// 256 random bytes behind a header and payload that would do; the first byte keeps the number below the modulus.
function forged ({ alg, kid }, { issuer, audience }, count) {
  return Array.from({ length: count }, (_, serial) => {
    const signature = Buffer.concat([Buffer.alloc(1), randomBytes(255)]).toString('base64url')
    return `${signingInput({ alg, typ: 'at+jwt', kid }, { issuer, audience, serial })}.${signature}`
  })
}

// As long as a token and made of the same characters, but nothing in it can be decoded.
function garbage (length, count) {
  return Array.from({ length: count }, () => {
    const text = randomText(length)
    return `${text.slice(0, 67)}.${text.slice(68, length - 343)}.${text.slice(length - 342, length)}`
  })
}

/** Every token of the run, made before anything is measured: `count` of each kind. */
export async function makeTokens (issuer, count) {
  const key = (alg) => issuer.keys.find((key) => key.alg === alg)
  const rs256 = await signed(key('RS256'), issuer, count)
  return {
    rs256,
    es256: await signed(key('ES256'), issuer, count),
    forged: forged(key('RS256'), issuer, count),
    garbage: garbage(rs256[0].length, count)
  }
}
