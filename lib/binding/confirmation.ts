import { isPlainObject } from '../configuration.js'

/** What a sender must prove: a key (DPoP), a certificate, or both. */
export interface Confirmation {
  /** Thumbprint of a public key: RFC 7638. */
  readonly jkt: string | undefined
  /** Thumbprint of a certificate, `x5t#S256`. */
  readonly certificate: string | undefined
}

const THUMBPRINT = /^[\w-]{43}$/

/**
 * Reads a `cnf` claim. Whatever cannot be checked to the last member is no confirmation: undefined.
 *
 * @see RFC 7800 section 3.1, RFC 9449 section 6.1, RFC 8705 section 3.1
 */
export function readConfirmation (cnf: unknown): Confirmation | undefined {
  if (!isPlainObject(cnf)) return undefined
  const { jkt, 'x5t#S256': certificate, ...unknown } = cnf
  if (Object.keys(unknown).length > 0 || (jkt === undefined && certificate === undefined)) return undefined
  return isThumbprintOrNone(jkt) && isThumbprintOrNone(certificate) ? { jkt, certificate } : undefined
}

function isThumbprintOrNone (value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && THUMBPRINT.test(value))
}
