/**
 * Why a store could not do what it was asked: `late`, no answer within the deadline; `full`, no room for another
 * entry; `failed`, everything else.
 */
export type StoreFailure = 'late' | 'full' | 'failed'

/**
 * A store could not do what it was asked, or nobody knows whether it did. Callers are answered 503.
 *
 * Its message is ours alone: what a driver says, and the error it throws as a cause, may hold addresses,
 * passwords and values.
 */
export class StoreUnavailableError extends Error {
  readonly reason: StoreFailure
  /** What the driver or Redis calls the error, such as `ECONNREFUSED` or `READONLY`; undefined where it has no such word. */
  readonly driverCode: string | undefined

  constructor (message: string, reason: StoreFailure, driverCode?: string) {
    super(message)
    this.reason = reason
    this.driverCode = driverCode
  }
}

// On the prototype: an own member would stand in every log line beside the type.
Object.defineProperty(StoreUnavailableError.prototype, 'name', { value: 'StoreUnavailableError', writable: true, configurable: true })
