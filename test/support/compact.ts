/** A compact serialization of exactly these parts, encoded but not signed. */
export function compact (header: string | Buffer | object, payload: string | Buffer | object, signature: string | Buffer = 'signature'): string {
  return [header, payload, signature].map((part) => base64url(part)).join('.')
}

/** Canonical base64url of a text, of bytes, or of an object as JSON. */
export function base64url (part: string | Buffer | object): string {
  return Buffer.from(typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part)).toString('base64url')
}

/** JSON nested this deep. */
export function nested (depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

/** The text with another last character: the same bytes to a lenient reader wherever only unused bits differ. */
export function withStrayBits (segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (segment.length % 4 === 0) throw new Error('every bit of this segment is used')
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.slice(-1)) + 1]
}
