import type { DownstreamToken } from '../../types/exchange.js'
import type { FetchOptions } from '../../types/options.js'
import type { Provider, ProviderClient } from '../../types/provider.js'
import { wellKnown } from '../providers/key-location.js'
import { discoveredAddress, sharedAddress } from '../token/address.js'
import { withDeadline } from '../token/deadline.js'
import { FetchFailure, sendOnce } from '../token/fetch-json.js'
import { createOpenid, optionsAt, originsOf } from '../token/openid.js'
import type { OpenidRequest } from '../token/openid.js'
import { Patience, wishOf } from '../token/patience.js'
import { COOLDOWN, DEADLINE } from '../token/timing.js'
import { readExchanged } from './answer.js'
import { ExchangedToken } from './downstream-token.js'
import { failureIn } from './explain.js'
import type { ExchangeRequest } from './request.js'

/**
 * Exchanges a token at a provider, within 5 s. Rejects with a `FetchFailure`, an `OAuthRefusal` or an `UnfitAnswer`, or
 * with what openid-client throws, which has a code.
 */
export type ExchangeClient = (subjectToken: string, request: ExchangeRequest, signal: AbortSignal) => Promise<DownstreamToken>

/**
 * A provider's token endpoint, as its discovery document names it, asked through openid-client, which is loaded with the
 * first exchange. Where the provider says when to come back it is not asked before; where it fails, the address is looked
 * up again.
 */
export function createExchangeClient (provider: Provider, { clientId, authentication }: ProviderClient, fetchOptions: FetchOptions): ExchangeClient {
  const { issuer, dangerouslyAllowHttp } = provider
  // Where keys are found otherwise, tokens are verified by those; where to ask for others, the issuer says.
  const { discovery = wellKnown(issuer) } = provider.keys
  const endpoint = sharedAddress(discoveredAddress('token_endpoint', discovery, provider, fetchOptions))
  const homes = originsOf(discovery)
  const configure = createOpenid({ clientId, clientAuthentication: authentication })
  const patience = new Patience()
  let doubtAgainAt = 0

  async function exchange (subjectToken: string, request: ExchangeRequest, signal: AbortSignal): Promise<DownstreamToken> {
    const { url } = await endpoint.locate(signal)
    const { library, config } = await configure({ issuer, token_endpoint: url }, (target, sending) => send(target, sending, request, signal))
    const askedAt = Date.now() / 1000
    const answer = await library.genericGrantRequest(config, request.grantType, formOf(subjectToken, request))
    return new ExchangedToken({
      accessToken: answer.access_token,
      expiresAt: answer.expires_in === undefined ? undefined : Math.floor(askedAt) + answer.expires_in,
      // RFC 8693 section 2.2.1: left out where it is what was asked for.
      scopes: answer.scope === undefined ? request.scopes : answer.scope.split(' ').filter((scope) => scope !== ''),
      issuedTokenType: request.requestedTokenType,
      tokenType: answer.token_type === 'bearer' ? 'Bearer' : 'N_A'
    })
  }

  async function send (url: string, { method, headers, body }: OpenidRequest, request: ExchangeRequest, signal: AbortSignal): Promise<Response> {
    const init = { method, headers, body: body as URLSearchParams | undefined }
    const answer = await sendOnce({ url, init, read: (received) => readExchanged(received, request) }, optionsAt(url, homes, fetchOptions), dangerouslyAllowHttp, signal)
    if (answer instanceof Error) throw answer
    return answer
  }

  /** The endpoint may have moved; but one that fails all day must not have its document fetched with every token. */
  function doubtAddress (): void {
    const now = performance.now()
    if (now < doubtAgainAt) return
    doubtAgainAt = now + COOLDOWN
    endpoint.doubt()
  }

  return async function exchangeInTime (subjectToken, request, outer) {
    if (patience.left > 0) throw new FetchFailure('the provider wants to be asked later', { retryAfter: patience.left })
    try {
      return await withDeadline(DEADLINE, outer, (signal) => exchange(subjectToken, request, signal))
    } catch (error) {
      const failure = failureIn(error)
      if (failure instanceof FetchFailure) {
        const wish = wishOf(failure)
        if (wish !== undefined) patience.heed(wish)
        doubtAddress()
      }
      throw failure
    }
  }
}

/** RFC 8693 section 2.1: audience and resource may be repeated. */
function formOf (subjectToken: string, { parameters }: ExchangeRequest): URLSearchParams {
  const form = new URLSearchParams({ subject_token: subjectToken })
  for (const [name, value] of parameters) form.append(name, value)
  return form
}
