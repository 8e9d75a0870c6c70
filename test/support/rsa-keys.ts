import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { RSA_8192 } from './rsa-8192.js'

/** Both halves of an RSA key. */
export interface RsaKeyPair { readonly publicKey: KeyObject, readonly privateKey: KeyObject }

/** Where `test/run.ts` leaves keys for all processes of one run: beside what it transpiled. */
const KEPT = fileURLToPath(new URL('../../.tap/js/rsa-keys.json', import.meta.url))
/** How many RSA keys most test processes need at most. */
const COUNT = 6

const generate = promisify(generateKeyPair)
let kept: string[] | undefined

/** Generates what {@link rsaKeyPair} gives out: a key takes a fifth of a second. */
export async function keepRsaKeys (): Promise<void> {
  const pairs = await Promise.all(Array.from({ length: COUNT }, () => generate('rsa', { modulusLength: 2048 })))
  writeFileSync(KEPT, JSON.stringify(pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs1', format: 'pem' }))))
}

/** An RSA key which this process has never seen before, unless it is one of 8192 bits, of which there is one only. */
export async function rsaKeyPair (modulusLength = 2048): Promise<RsaKeyPair> {
  if (modulusLength === 8192) return bothHalves(createPrivateKey({ key: RSA_8192, format: 'der', type: 'pkcs8' }))
  const pem = modulusLength === 2048 ? keptKeys().pop() : undefined
  return pem === undefined ? generate('rsa', { modulusLength }) : bothHalves(createPrivateKey(pem))
}

function keptKeys (): string[] {
  kept ??= existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, 'utf8')) as string[] : []
  return kept
}

function bothHalves (privateKey: KeyObject): RsaKeyPair {
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
