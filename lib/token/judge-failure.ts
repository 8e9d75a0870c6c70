import type { Refusal } from '../refusal.js'
import { loggable } from '../refusal.js'
import { AuthError, UnavailableError } from '../errors.js'

/** Whose failure it was, and what that is called. */
export interface FailureSource {
  /** Of the provider or authenticator. */
  readonly name: string
  readonly failure: Refusal['reason']
}

/** A credential cannot be judged now, for a reason we can name. */
export class JudgeFailure extends Error {
  override readonly name = 'JudgeFailure'
  /** Seconds for which whoever judges wants to be left alone, if it said so. */
  readonly retryAfter: number | undefined

  /** @param message a sentence of ours for the log: never a server's text */
  constructor (message: string, retryAfter?: number) {
    super(message)
    this.retryAfter = retryAfter
  }
}

/**
 * The error for what somebody else's code or server failed of: a new one on each call, for error handlers write on them.
 * Only an `AuthError` of the app's own is passed on, unless it is a 500: that one speaks to developers.
 *
 * @param secrets what the caller sent: a message that repeats some of it is left out, for parsers quote what they cannot read
 */
export function failed (error: unknown, secrets: string, { name, failure }: FailureSource): AuthError {
  if (error instanceof AuthError && error.statusCode !== 500) return error
  if (error instanceof JudgeFailure) return new UnavailableError({ reason: failure, provider: name, hint: error.message }, error.retryAfter ?? 1)
  return new UnavailableError({ reason: failure, provider: name, hint: described(error, secrets) }, 1)
}

/** Characters in a row that are no coincidence. */
const RUN = 8

/** What an error says of itself is anything: a getter may throw, a name may be the key. */
function described (error: unknown, secrets: string): string {
  if (!(error instanceof Error)) return 'what it threw is no Error'
  try {
    const name = /^[A-Z]\w{0,40}$/.test(String(error.name)) ? String(error.name) : 'Error'
    const text = `${name}: ${String(loggable(String(error.message)))}`
    return repeats(text, secrets) ? `${repeats(name, secrets) ? 'Error' : name}: [left out: repeats what the caller sent]` : text
  } catch {
    return 'an Error that cannot be read'
  }
}

function repeats (text: string, secrets: string): boolean {
  const run = Math.min(RUN, secrets.length)
  return run > 0 && Array.from({ length: Math.max(0, text.length - run + 1) }, (_, start) => text.slice(start, start + run)).some((part) => secrets.includes(part))
}
