import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { withDeadline } from './deadline.js'
import { discoverAddress } from './discovery.js'
import type { Endpoint } from './discovery.js'
import type { FetchFailure } from './fetch-json.js'
import { ADDRESS_AGE, ADDRESS_STALE, boundedRetryAfter, LOOK_AGAIN, SECOND_LOOK_DEADLINE } from './timing.js'

/** Finds out where something of a provider is. */
export interface Address {
  /** `trouble`: why it could not be looked up again, where that failed and the one known serves. */
  locate (signal: AbortSignal): Promise<{ readonly url: string, readonly trouble?: string }>
  /** It was not there: look it up again. */
  doubt (): void
}

/** An address that was configured. */
export function fixedAddress (url: string): Address {
  return { locate: async () => ({ url }), doubt () {} }
}

/**
 * The address that discovery found, looked up again after an hour, and after a failure: what is there may have moved.
 * While the document cannot be had, the address known serves on, for a day.
 */
export function discoveredAddress (endpoint: Endpoint, documents: readonly string[], provider: Provider, fetchOptions: FetchOptions): Address {
  const { recall, doubt } = discovered((signal) => discoverAddress(endpoint, documents, provider, fetchOptions, signal))
  return {
    async locate (signal) {
      const { value: url, ...trouble } = await recall(signal)
      return { url, ...trouble }
    },
    doubt
  }
}

/** What a discovery document said, kept as long as an address is. */
export interface Discovered<Value> {
  /** `trouble`: why it could not be looked up again, where that failed and what is known serves. */
  recall (signal: AbortSignal): Promise<{ readonly value: Value, readonly trouble?: string }>
  /** It was wrong: look it up again. */
  doubt (): void
}

/** Keeps what a look at a discovery document gave, as `discoveredAddress` says. @param look rejects with a `FetchFailure` */
export function discovered<Value> (look: (signal: AbortSignal) => Promise<Value>): Discovered<Value> {
  let known: { readonly value: Value } | undefined
  let forgottenAt = 0
  let lookAgainAt = 0
  let notBefore = 0
  return {
    async recall (signal) {
      const now = performance.now()
      if (now >= forgottenAt) known = undefined
      if (known !== undefined && now < lookAgainAt) return { value: known.value }
      try {
        known = { value: known === undefined ? await look(signal) : await withDeadline(SECOND_LOOK_DEADLINE, signal, look) }
        lookAgainAt = now + ADDRESS_AGE
        forgottenAt = now + ADDRESS_STALE
        return { value: known.value }
      } catch (error) {
        if (known === undefined) throw error
        const { message, retryAfter } = error as FetchFailure
        notBefore = now + boundedRetryAfter(retryAfter)
        lookAgainAt = Math.max(now + LOOK_AGAIN, notBefore)
        return { value: known.value, trouble: message }
      }
    },
    doubt () { lookAgainAt = notBefore }
  }
}

/** The same address for several who ask at once: they share the look-up of the first, and its signal. */
export function sharedAddress ({ locate, doubt }: Address): Address {
  let underWay: ReturnType<Address['locate']> | undefined
  return {
    locate (signal) {
      underWay ??= locate(signal).finally(() => { underWay = undefined })
      return underWay
    },
    doubt
  }
}
