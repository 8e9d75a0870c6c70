import { randomInt } from 'node:crypto'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'

/** So many characters of base 36, with at least one letter and one digit. */
export function base36 (length: number): string {
  return 'a0' + Array.from({ length: length - 2 }, () => ALPHABET[randomInt(36)]).join('')
}

/** `org_…` and the like. */
export function identifier (kind: string): string {
  return `${kind}_${base36(25)}`
}
