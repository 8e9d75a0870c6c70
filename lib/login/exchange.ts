import type { FetchOptions } from '../../types/options.js'
import type { ClientAuthentication, Provider } from '../../types/provider.js'
import { withDeadline } from '../token/deadline.js'
import { FetchFailure, sendOnce } from '../token/fetch-json.js'
import { OAuthRefusal } from '../token/oauth-answers.js'
import { createOpenid, optionsAt, originsOf } from '../token/openid.js'
import type { Configured, OpenidRequest } from '../token/openid.js'
import { Patience, wishOf } from '../token/patience.js'
import { DEADLINE } from '../token/timing.js'
import type { ReadAnswer } from './answers.js'
import { explain } from './explain.js'
import { createMetadata } from './metadata.js'
import type { LoginMetadata } from './metadata.js'

/** What exchanges with a provider need to know. */
export interface ExchangeOptions {
  readonly provider: Provider
  readonly clientId: string
  readonly clientAuthentication: ClientAuthentication
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number
  readonly fetchOptions: FetchOptions
}

/** One exchange under way. */
export interface Exchange {
  readonly server: LoginMetadata
  /** Ends with the exchange, or ends it. */
  readonly signal: AbortSignal
  /** openid-client, all of whose requests go out by our rules. @param read looks at every answer first */
  connect (read: ReadAnswer): Promise<Configured>
}

/** Does something with a provider, its metadata at hand, within 5 s. Rejects with a `LoginError` or a `ProviderUnavailableError`. */
export type Exchanges = <Result>(signal: AbortSignal, work: (exchange: Exchange) => Promise<Result>) => Promise<Result>

/**
 * Exchanges with one provider, as one client. Where an endpoint says when to come back it is not asked before; where one
 * fails, its address is looked up again.
 *
 * @param documents of the provider's metadata
 */
export function createExchanges (documents: readonly string[], { provider, clientId, clientAuthentication, clockTolerance, fetchOptions }: ExchangeOptions): Exchanges {
  const metadata = createMetadata(documents, provider, fetchOptions)
  const configure = createOpenid({ clientId, clientAuthentication, tolerance: clockTolerance })
  const homes = originsOf(documents)
  const patiences = new Map<ReadAnswer, Patience>()

  /** Every endpoint has its own reader: that one of them is overloaded says nothing of the others. */
  function patienceFor (read: ReadAnswer): Patience {
    const patience = patiences.get(read) ?? new Patience()
    patiences.set(read, patience)
    return patience
  }

  async function send (url: string, { method, headers, body }: OpenidRequest, read: ReadAnswer, signal: AbortSignal): Promise<Response> {
    const patience = patienceFor(read)
    if (patience.left > 0) throw new FetchFailure('the provider wants to be asked later', { retryAfter: patience.left })
    const init = { method, headers, body: body as URLSearchParams | undefined }
    const answer = await sendOnce({ url, init, read }, optionsAt(url, homes, fetchOptions), provider.dangerouslyAllowHttp, signal).catch((error: FetchFailure) => {
      const wish = wishOf(error)
      if (wish !== undefined) patience.heed(wish)
      metadata.doubt()
      throw error
    })
    if (answer instanceof OAuthRefusal) throw answer
    return answer
  }

  return async function exchange (outer, work) {
    try {
      return await withDeadline(DEADLINE, outer, async (signal) => {
        const server = await metadata.get(signal)
        // The list the library checks `alg` against: HS* and none are never in it, whatever the provider advertises.
        const known = { ...server, id_token_signing_alg_values_supported: [...provider.algorithms] }
        return work({ server, signal, connect: (read) => configure(known, (url, request) => send(url, request, read, signal)) })
      })
    } catch (error) {
      throw explain(error, provider.name)
    }
  }
}
