/**
 * The sentence of the `TypeError` a call is refused with; undefined if it is not refused. Any other error is thrown
 * on: a configuration mistake is a `TypeError`, nothing else.
 */
export function mistake (call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
}
