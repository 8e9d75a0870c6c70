import { randomBytes } from 'node:crypto'

/** Random characters of a token's alphabet in parts of these lengths. A first look refuses it. */
export function garbage (lengths) {
  return lengths.map((length) => randomBytes(length).toString('base64url').slice(0, length)).join('.')
}

/** The same, but it begins as every token does, so that more of it must be looked at. */
export function lookalike (lengths) {
  return `eyJ${garbage(lengths).slice(3)}`
}

/** The lengths of the parts of a token. */
export function partLengths (token) {
  return token.split('.').map(({ length }) => length)
}
