import type { Provider } from '../../types/provider.js'
import { plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, SETTINGS } from './define.js'
import type { AudienceOrClient, ProviderSettings } from './define.js'
import { CLIENT_ID_LOGOUT } from './logout.js'

interface FusionAuthSettings extends ProviderSettings {
  /** The tenant's issuer, to the letter as configured there, and a URL: FusionAuth's factory value `acme.com` is none. */
  readonly issuer: string | undefined
  /** The application's id, which is its client id. */
  readonly audience?: string | readonly string[] | false | undefined
}

export type FusionAuthOptions = FusionAuthSettings & AudienceOrClient

/**
 * FusionAuth. Roles are those of the registration to the application, the organization is the tenant (`tid`).
 *
 * Traps: the tenant's issuer must be set to FusionAuth's URL, and the application's access-token key to an asymmetric
 * one: tokens of the default HMAC key cannot be verified by anybody else. Roles are missing where the user is not
 * registered to the application.
 *
 * @example fusionauth({ issuer: process.env.ISSUER, audience: process.env.CLIENT_ID })
 * @example fusionauth({ issuer, clientId: process.env.CLIENT_ID, clientSecret: process.env.CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function fusionauth (options: FusionAuthOptions): Provider {
  const { issuer, ...settings } = plainObject('fusionauth()', options, 'pass { issuer, audience }')
  refuseUnknownKeys('fusionauth()', settings, ['issuer', 'audience', ...SETTINGS])
  return defineProvider('fusionauth()', {
    name: 'fusionauth',
    issuer,
    claims: { organization: 'tid', client: ['applicationId', 'client_id', 'azp'] },
    logout: CLIENT_ID_LOGOUT,
    remedies: {
      issuer: "set the tenant's issuer to FusionAuth's URL, and pass the same; is its environment variable set?",
      audience: "pass the application's id; is its environment variable set?"
    },
    settings: settings as ProviderSettings
  })
}
