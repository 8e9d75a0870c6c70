import { createKey } from '../issuer.js'
import type { IssuerKey } from '../issuer.js'
import { identifier } from './identifiers.js'

/** A signing key of a project: `jwk` is as Tesseral publishes it, without `alg` and `use`, without zeros before a coordinate. */
export async function createProjectKey (kid: string = identifier('session_signing_key')): Promise<IssuerKey> {
  const key = await createKey('ES256', { kid })
  const { kty, crv, x, y } = key.jwk
  return { ...key, jwk: { kid, kty, crv, x: minimal(x), y: minimal(y) } }
}

/** One with a coordinate that is written shorter than others. */
export async function createShortProjectKey (coordinate: 'x' | 'y'): Promise<IssuerKey> {
  for (;;) {
    const key = await createProjectKey()
    if (Buffer.from(String(key.jwk[coordinate]), 'base64url').length < 32) return key
  }
}

function minimal (coordinate: unknown): string {
  const bytes = Buffer.from(String(coordinate), 'base64url')
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString('base64url')
}
