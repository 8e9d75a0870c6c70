import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { AudienceOrClient, HostedSettings, ProviderSettings } from './define.js'
import { RETURN_TO_LOGOUT } from './logout.js'
import { hostName } from './url.js'

interface Auth0Settings extends HostedSettings {
  /** The tenant's or custom domain, a host name without scheme and slash: `tenant.eu.auth0.com`. */
  readonly domain: string | undefined
  /** The API's identifier in the Auth0 dashboard, compared to the letter. */
  readonly audience?: string | readonly string[] | undefined
}

export type Auth0Options = Auth0Settings & AudienceOrClient

/**
 * Auth0. The issuer is `https://{domain}/`, with the slash. `permissions` come from the claim of that name,
 * which Auth0 adds when RBAC and "Add Permissions in the Access Token" are on; the organization is `org_id`.
 *
 * @example auth0({ domain: process.env.AUTH0_DOMAIN, audience: process.env.AUTH0_AUDIENCE })
 * @example auth0({ domain, clientId: process.env.AUTH0_CLIENT_ID, clientSecret: process.env.AUTH0_CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function auth0 (options: Auth0Options): Provider {
  const { domain, ...settings } = plainObject('auth0()', options, 'pass { domain, audience }')
  refuseUnknownKeys('auth0()', settings, ['domain', 'audience', ...HOSTED_SETTINGS])
  if (settings.audience === false) throw expected('auth0({ audience })', "the API's identifier", settings.audience)
  return defineProvider('auth0()', {
    name: 'auth0',
    issuer: `https://${hostName('auth0({ domain })', domain, 'AUTH0_DOMAIN')}/`,
    logout: RETURN_TO_LOGOUT,
    remedies: { issuer: 'is AUTH0_DOMAIN set?', audience: 'is AUTH0_AUDIENCE set?' },
    settings: settings as ProviderSettings
  })
}
