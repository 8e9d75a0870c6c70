import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'
import { hostName } from './url.js'

export interface AuthgearOptions extends HostedSettings {
  /** The project's host name: `your-app.authgear.cloud`, or a custom domain. */
  readonly domain: string | undefined
  /** Default the project's own origin, `https://{domain}`, which Authgear puts into `aud`; beside a `clientId` there is no default. */
  readonly audience?: string | readonly string[] | undefined
}

/**
 * Authgear. Roles are `https://authgear.com/claims/user/roles`.
 *
 * Trap: access tokens are opaque until "Issue JWT as access token" is on for the client.
 *
 * @example authgear({ domain: process.env.AUTHGEAR_DOMAIN })
 * @example authgear({ domain, clientId: process.env.AUTHGEAR_CLIENT_ID, clientSecret: process.env.AUTHGEAR_CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function authgear (options: AuthgearOptions): Provider {
  const { domain, ...settings } = plainObject('authgear()', options, 'pass { domain }')
  refuseUnknownKeys('authgear()', settings, ['domain', 'audience', ...HOSTED_SETTINGS])
  if (settings.audience === false) throw expected('authgear({ audience })', "the project's origin", settings.audience)
  const issuer = `https://${hostName('authgear({ domain })', domain, 'AUTHGEAR_DOMAIN')}`
  return defineProvider('authgear()', {
    name: 'authgear',
    issuer,
    audience: issuer,
    claims: { roles: 'https://authgear.com/claims/user/roles' },
    remedies: { issuer: 'is AUTHGEAR_DOMAIN set?', audience: "leave it out for the project's own origin" },
    settings: settings as ProviderSettings
  })
}
