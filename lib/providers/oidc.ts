import type { Provider } from '../../types/provider.js'
import { plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, SETTINGS } from './define.js'
import type { AudienceOrClient, ProviderSettings } from './define.js'

interface OidcSettings extends ProviderSettings {
  /** The issuer, to the letter as it stands in `iss` and in the discovery document. */
  readonly issuer: string | undefined
  /**
   * This API's name at the provider: a token must carry one of these in `aud`. `false` accepts tokens for any
   * API of the issuer; it is logged at boot.
   */
  readonly audience?: string | readonly string[] | false | undefined
}

export type OidcOptions = OidcSettings & AudienceOrClient

/**
 * Any issuer of JWT access tokens that publishes its keys: OpenID Connect or OAuth 2 with discovery, or a key
 * set at a known address (`keys: { jwksUri }`).
 *
 * @example oidc({ issuer: 'https://id.example.com', audience: 'https://api.example.com' })
 * @example oidc({ issuer: 'https://id.example.com', clientId: 'web', clientSecret: process.env.CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function oidc (options: OidcOptions): Provider {
  const { issuer, ...settings } = plainObject('oidc()', options, 'pass { issuer, audience }')
  refuseUnknownKeys('oidc()', settings, ['issuer', 'audience', ...SETTINGS])
  return defineProvider('oidc()', {
    name: 'oidc',
    issuer,
    remedies: {
      issuer: 'is its environment variable set?',
      audience: 'is its environment variable set? Write audience: false to accept tokens for any API'
    },
    settings: settings as ProviderSettings
  })
}
