import { hkdfSync, webcrypto } from 'node:crypto'
import { base64url, compactDecrypt, CompactEncrypt } from 'jose'
import { LEAST_SECRET_BYTES } from './secret.js'

/** What a sealed text is for: the cookie of a session, of a login under way, a session in a store, the outcome of a refresh. */
export type Purpose = 'session' | 'transaction' | 'stored-session' | 'refresh'

/**
 * Keeps texts in places other people can read and write.
 *
 * It does not say which of its texts one is: whoever keeps several (records in a store, a cookie for each login)
 * writes into the text where it belongs, and compares that after opening. Nor does it say how old a text is.
 */
export interface Sealer {
  /** @throws RangeError for a text that could not be opened again, being too long */
  seal (text: string): Promise<string>
  /** The text, to the letter; undefined for whatever this sealer, or one of the same secrets, purpose and origin, did not seal. */
  open (sealed: string): Promise<string | undefined>
}

/** Characters: three tokens of 16 KB and a profile, sealed, and as much again. */
const LONGEST = 131_072

/**
 * Header, no encrypted key, 96 bits, text, 128 bits. The last character of a part carries no stray bits: jose is
 * lenient there, and one sealed text has one spelling.
 */
const SHAPE = /^[\w-]+\.\.[\w-]{16}\.(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?\.[\w-]{21}[AQgw]$/

const PINNED = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'], maxDecompressedLength: 0 }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Seals by JWE: `dir` and `A256GCM`, nothing else. Every secret gives one key for each purpose, so a text for one
 * purpose never opens for another, whatever becomes of its header. Purpose and origin stand in the protected header,
 * which the encryption authenticates.
 *
 * Initialization vectors are random: one secret is good for 2^32 texts of a purpose.
 *
 * @param secrets what `readSecrets` returned: the first seals, all open
 * @param origin of the site the texts belong to: two that share a secret do not open each other's
 * @see RFC 7516, RFC 7518 sections 4.5 and 5.3, RFC 5869; NIST SP 800-38D section 8.3
 */
export function createSealer (secrets: readonly string[], purpose: Purpose, origin: string): Sealer {
  const generations = secrets.map((secret) => generationOf(secret, purpose, origin))
  const [newest] = generations
  if (newest === undefined) throw new TypeError('sealer: expected at least one secret')
  const keys = new Map(generations.map(({ encodedHeader, key }) => [encodedHeader, key]))
  return Object.freeze({
    async seal (text: string): Promise<string> {
      const sealed = await new CompactEncrypt(encoder.encode(text)).setProtectedHeader(newest.header).encrypt(await newest.key)
      if (sealed.length > LONGEST) throw new RangeError(`sealer: a sealed text has at most ${LONGEST} characters, this one has ${sealed.length}`)
      return sealed
    },

    async open (sealed: string): Promise<string | undefined> {
      if (sealed.length > LONGEST) return undefined
      // A header is ours to the letter or not read at all: `zip`, `p2c`, `crit`, another algorithm never reach a parser.
      const key = keys.get(sealed.slice(0, Math.max(sealed.indexOf('.'), 0)))
      if (key === undefined || !SHAPE.test(sealed)) return undefined
      try {
        return decoder.decode((await compactDecrypt(sealed, await key, PINNED)).plaintext)
      } catch {
        return undefined
      }
    }
  })
}

function generationOf (secret: string, purpose: Purpose, origin: string) {
  // An empty key would seal for everybody.
  if (Buffer.byteLength(secret) < LEAST_SECRET_BYTES) throw new TypeError(`sealer: expected secrets of at least ${LEAST_SECRET_BYTES} bytes`)
  // Two outputs of one derivation: the id tells which key it is and nothing else about it.
  const derived = Buffer.from(hkdfSync('sha256', secret, '', `fastify-gatehouse ${purpose}`, 38))
  const header = { alg: 'dir', enc: 'A256GCM', kid: derived.subarray(32).toString('base64url'), purpose, origin }
  return {
    header,
    encodedHeader: base64url.encode(JSON.stringify(header)),
    key: webcrypto.subtle.importKey('raw', derived.subarray(0, 32), 'AES-GCM', false, ['encrypt', 'decrypt'])
  }
}
