import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { isSecure } from '../providers/url.js'
import { fetchJson, FetchFailure } from './fetch-json.js'

/**
 * The address of a provider's key set, from the first of its discovery documents that is there. The document must
 * name the configured issuer to the letter, or it describes somebody else.
 *
 * @throws FetchFailure
 * @see OpenID Connect Discovery section 4.3, RFC 8414 section 3
 */
export async function discoverJwksUri (urls: readonly string[], provider: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<string> {
  const absent: string[] = []
  for (const url of urls) {
    try {
      return await readJwksUri(url, provider, fetchOptions, signal)
    } catch (error) {
      if (!(error instanceof FetchFailure && error.isMissing)) throw error
      absent.push(error.message)
    }
  }
  throw new FetchFailure(absent.join('; '))
}

async function readJwksUri (url: string, provider: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<string> {
  const { body } = await fetchJson(url, fetchOptions, provider.dangerouslyAllowHttp, signal)
  if (body.issuer !== provider.issuer) throw new FetchFailure(`${url}: its issuer differs from ${provider.issuer}`)
  const jwksUri = body.jwks_uri
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) throw new FetchFailure(`${url}: has no jwks_uri`)
  if (!isSecure(new URL(jwksUri), provider.dangerouslyAllowHttp)) throw new FetchFailure(`${url}: its jwks_uri is plain http`)
  return jwksUri
}
