import { generateKeyPairSync } from 'node:crypto'

const pairs = new Map()

/** The signing key of that number; made when first asked for. */
export function keyPair (index) {
  if (!pairs.has(index)) pairs.set(index, makePair(index))
  return pairs.get(index)
}

/** A key no provider ever publishes. */
export const foreignKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

function makePair (index) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = `key-${index}`
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } }
}
