/** What AES-256 keys are worth deriving from. */
export const LEAST_SECRET_BYTES = 32

const REMEDY = 'make one with: openssl rand -base64 48'

/** Words of guides and templates. Chance writes none of them into 43 random characters. */
const SAMPLE = /change[\W_]*(?:me|this|it)|replace[\W_]*(?:me|this|with)|your[\W_]|insert[\W_]|example|placeholder|password|passphrase|openssl|keyboard[\W_]*cat|(?:super|very|my|some|so)[\W_]*secret|at[\W_]*least[\W_]*32|long[\W_]*(?:random|enough)|thirty[\W_]*two|(?:bigger|longer)[\W_]*than/i

/**
 * Checks the secrets sessions are sealed with: one text or a list, the newest first, of which all open. Returned to
 * the letter, in a frozen list. What a person made up is refused where it shows; what chance would have written passes.
 *
 * @throws TypeError naming the path and the remedy, never the value
 * @see RFC 4086
 */
export function readSecrets (path: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) return Object.freeze([readSecret(path, value)])
  const secrets = Array.from(value, (secret: unknown, index) => readSecret(`${path}[${index}]`, secret))
  if (secrets.length === 0) throw new TypeError(`${path}: expected at least one secret, got an empty list; ${REMEDY}`)
  const again = secrets.findIndex((secret, index) => secrets.indexOf(secret) !== index)
  if (again !== -1) throw new TypeError(`${path}[${again}]: the same secret stands in the list before; remove one of them`)
  return Object.freeze(secrets)
}

function readSecret (path: string, value: unknown): string {
  if (value === undefined || value === '' || value === 'undefined' || value === 'null') throw wrong(path, value, 'is its environment variable set?')
  if (typeof value !== 'string') throw wrong(path, value, REMEDY)
  if (value.trim() !== value) throw new TypeError(`${path}: white space stands before or after the secret; remove it`)
  if (Buffer.byteLength(value) < LEAST_SECRET_BYTES) throw wrong(path, value, REMEDY)
  const slip = slipIn(value)
  if (slip !== undefined) throw new TypeError(`${path}: expected a random text, got one ${slip}; ${REMEDY}`)
  return value
}

function slipIn (secret: string): string | undefined {
  if (new Set(secret).size < 8) return 'of fewer than 8 different characters'
  if (SAMPLE.test(secret)) return 'that reads like the sample value of a guide'
  if (repeats(secret)) return 'that repeats itself'
  if (counts(secret)) return 'that goes through the alphabet or the digits'
  return undefined
}

/** A short beginning over and over, the last time perhaps in part. */
function repeats (secret: string): boolean {
  for (let length = 1; length < LEAST_SECRET_BYTES && length <= secret.length / 2; length++) {
    if (secret.startsWith(secret.slice(length))) return true
  }
  return false
}

/** Most characters are the next, the previous or the same as the one before. */
function counts (secret: string): boolean {
  let steps = 0
  for (let index = 1; index < secret.length; index++) {
    if (Math.abs(secret.charCodeAt(index) - secret.charCodeAt(index - 1)) <= 1) steps++
  }
  return steps > secret.length / 2
}

/** A secret shown in an error is a secret in a log: only its kind and size are told. */
function wrong (path: string, found: unknown, remedy: string): TypeError {
  return new TypeError(`${path}: expected a text of at least ${LEAST_SECRET_BYTES} bytes, or a list of such, got ${kindOf(found)}; ${remedy}`)
}

function kindOf (value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? `a text of ${Buffer.byteLength(value)} bytes` : `a value of type ${typeof value}`
}
