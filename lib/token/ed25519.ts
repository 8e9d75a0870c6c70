import { verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/**
 * The payload of a JWS signed with `Ed25519`, a name fast-jwt refuses. Its errors are not fit for callers.
 *
 * @see RFC 9864 section 2.2
 */
export function verifyEd25519 (token: string, key: KeyObject): object {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw new Error('not base64url')
  const end = token.lastIndexOf('.')
  const valid = verify(null, Buffer.from(token.slice(0, end)), key, Buffer.from(token.slice(end + 1), 'base64url'))
  if (!valid) throw new Error('signature does not match')
  const payload: object = JSON.parse(Buffer.from(token.slice(token.indexOf('.') + 1, end), 'base64url').toString())
  return payload
}
