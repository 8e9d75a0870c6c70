import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { isSecure } from '../providers/url.js'
import { fetchJson, FetchFailure } from './fetch-json.js'

/** Characters of an address at most. */
const LONGEST = 2_000

/** An address a discovery document may name. */
export type Endpoint =
  | 'jwks_uri' | 'introspection_endpoint' | 'authorization_endpoint' | 'token_endpoint' | 'userinfo_endpoint'
  | 'revocation_endpoint' | 'end_session_endpoint' | 'pushed_authorization_request_endpoint'

/** A discovery document that names the configured issuer. */
export interface DiscoveryDocument {
  readonly body: Readonly<Record<string, unknown>>
  /** @throws FetchFailure where it has none, or one that is not used */
  address (endpoint: Endpoint): string
}

/**
 * An address of a provider, by `discover`.
 *
 * @throws FetchFailure
 */
export function discoverAddress (endpoint: Endpoint, urls: readonly string[], provider: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<string> {
  return discover(urls, provider, fetchOptions, signal, (document) => document.address(endpoint))
}

/**
 * What the first of a provider's discovery documents that is to be had says. The document must name the configured
 * issuer to the letter, or it describes somebody else.
 *
 * @throws FetchFailure
 * @see OpenID Connect Discovery section 4.3, RFC 8414 section 3
 */
export async function discover<Result> (urls: readonly string[], provider: Provider, fetchOptions: FetchOptions, signal: AbortSignal, read: (document: DiscoveryDocument) => Result): Promise<Result> {
  const refusals: FetchFailure[] = []
  for (const url of urls) {
    try {
      return read(await fetchDocument(url, provider, fetchOptions, signal))
    } catch (error) {
      if (!(error instanceof FetchFailure && error.isRefusal)) throw error
      refusals.push(error)
    }
  }
  const retryAfter = Math.max(...refusals.map((refusal) => refusal.retryAfter ?? 0))
  throw new FetchFailure(refusals.map(({ message }) => message).join('; '), { retryAfter })
}

async function fetchDocument (url: string, provider: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<DiscoveryDocument> {
  const { body } = await fetchJson(url, fetchOptions, provider.dangerouslyAllowHttp, signal)
  if (body.issuer !== provider.issuer) throw new FetchFailure(`${url}: its issuer differs from ${provider.issuer}`)
  return { body, address: (endpoint) => addressIn(body, endpoint, url, provider) }
}

function addressIn (body: DiscoveryDocument['body'], endpoint: Endpoint, url: string, provider: Provider): string {
  const address = body[endpoint]
  if (typeof address !== 'string' || address.length > LONGEST || !URL.canParse(address)) throw new FetchFailure(`${url}: has no ${endpoint}`)
  const { protocol, username, password } = new URL(address)
  if (username !== '' || password !== '') throw new FetchFailure(`${url}: its ${endpoint} has a user name or password`)
  // Plain http on loopback is for documents that came from there: others must not send us to services of this machine.
  const mayBePlain = url.startsWith('http:') || provider.dangerouslyAllowHttp
  if (protocol !== 'https:' && !(mayBePlain && isSecure(new URL(address), provider.dangerouslyAllowHttp))) throw new FetchFailure(`${url}: its ${endpoint} is plain http`)
  return address
}
