import { AuthError, UnavailableError } from '../errors.js'
import { StoreUnavailableError } from './unavailable.js'

/** Seconds: what is away for longer is asked again anyway. */
const RETRY_AFTER = 1

/**
 * The 503 for a store that could not do what it was asked; an error that is an answer already stays as it is.
 *
 * @throws what is neither
 */
export function unavailable (error: unknown): AuthError {
  if (error instanceof AuthError) return error
  if (error instanceof StoreUnavailableError) return new UnavailableError({ reason: 'store_unavailable', found: error.driverCode ?? error.reason, hint: error.message }, RETRY_AFTER)
  throw error
}
