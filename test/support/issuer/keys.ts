import { constants, generateKeyPair, randomUUID, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { rsaKeyPair } from '../rsa-keys.js'

/** Every algorithm an access token may be signed with, including `Ed25519`, the RFC 9864 name of what `EdDSA` does with that curve. */
export type SigningAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'Ed25519'

/** A signing key of a test issuer, with both halves. */
export interface IssuerKey {
  /** The name under which the key is published, unique in the process. */
  readonly kid: string
  /** How {@link signJws} signs with it. To sign otherwise with the same key: `{ ...key, alg: 'PS256' }`. */
  readonly alg: SigningAlgorithm
  /** The half that signs. */
  readonly privateKey: KeyObject
  /** The half that verifies. */
  readonly publicKey: KeyObject
  /** The public half as published: with `kid`, `alg` and `use: 'sig'`. */
  readonly jwk: Record<string, unknown>
}

/** What {@link createKey} can be told. */
export interface KeyOptions {
  /** Default: a fresh UUID. */
  kid?: string
  /** Bits of an RSA key. Default 2048. */
  modulusLength?: number
}

/** Lends keys to one issuer. */
export interface KeyRack {
  /** A key that no other open issuer of this process holds. */
  take (alg: SigningAlgorithm): Promise<IssuerKey>
  /** Gives the RSA pairs back for the next issuer. */
  release (): void
}

/** A fresh key that belongs to no issuer: an attacker's, a weak one, one that will be published later. */
export async function createKey (alg: SigningAlgorithm, options: KeyOptions = {}): Promise<IssuerKey> {
  return named(alg, await generate(alg, options.modulusLength), options.kid)
}

/** Generating RSA keys is slow, so the pairs of closed issuers are lent again, under a new `kid`. */
export function keyRack (): KeyRack {
  const lent: KeyPair[] = []
  return {
    async take (alg) {
      if (!isRsa(alg)) return createKey(alg)
      const pair = idle.pop() ?? await generate(alg)
      lent.push(pair)
      return named(alg, pair)
    },
    release () {
      idle.push(...lent.splice(0))
    }
  }
}

/** A compact JWS over exactly these bytes. */
export function signJws (header: string | Buffer, payload: string | Buffer, key: IssuerKey): string {
  const input = `${base64url(header)}.${base64url(payload)}`
  const signature = sign(digest(key.alg), Buffer.from(input), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
    ...(key.alg.startsWith('PS') && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST
    })
  })
  return `${input}.${signature.toString('base64url')}`
}

interface KeyPair { publicKey: KeyObject, privateKey: KeyObject }

const idle: KeyPair[] = []

const curves: Partial<Record<SigningAlgorithm, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

const generatePair = promisify(generateKeyPair)

function generate (alg: SigningAlgorithm, modulusLength?: number): Promise<KeyPair> {
  if (isRsa(alg)) return rsaKeyPair(modulusLength)
  const namedCurve = curves[alg]
  return namedCurve === undefined ? generatePair('ed25519') : generatePair('ec', { namedCurve })
}

function named (alg: SigningAlgorithm, pair: KeyPair, kid: string = randomUUID()): IssuerKey {
  const { publicKey, privateKey } = pair
  return { kid, alg, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

function isRsa (alg: SigningAlgorithm): boolean {
  return alg.startsWith('RS') || alg.startsWith('PS')
}

function digest (alg: SigningAlgorithm): string | null {
  return alg.startsWith('Ed') ? null : `sha${alg.slice(2)}`
}

function base64url (bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64url')
}
