import { AuthError } from '../../lib/index.js'
import type { Refusal } from '../../lib/index.js'

/** Why this throws, as the operator is told. What is thrown must be an `AuthError`; not to throw is an error. */
export function refusalOf (attempt: () => unknown): Refusal & { readonly code: string } {
  try {
    attempt()
  } catch (error) {
    if (error instanceof AuthError) return { code: error.code, ...error.refusal }
    throw error
  }
  throw new Error('expected a refusal, but nothing was thrown')
}
