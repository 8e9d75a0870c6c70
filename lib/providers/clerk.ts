import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'
import { hostName } from './url.js'

export interface ClerkOptions extends HostedSettings {
  /** The Frontend API's host name: `clerk.example.com`, or `your-app.clerk.accounts.dev` in development. */
  readonly domain: string | undefined
  /** Origins of the pages that may call this API, as they stand in `azp`: `https://app.example.com`. */
  readonly authorizedParties: string | readonly string[] | undefined
}

/**
 * Clerk's session tokens. They have no `aud`: the page's origin stands in `azp`, and must be one of yours, or a token
 * of any application on a sibling domain would do. Organization, role and permissions are those of the active
 * organization, in both versions of the token. A pending session is refused.
 *
 * Trap: session tokens live one minute; the browser's SDK renews them.
 *
 * @example clerk({ domain: 'clerk.example.com', authorizedParties: 'https://app.example.com' })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function clerk (options: ClerkOptions): Provider {
  const { domain, authorizedParties, ...settings } = plainObject('clerk()', options, 'pass { domain, authorizedParties }')
  refuseUnknownKeys('clerk()', settings, ['domain', 'authorizedParties', ...HOSTED_SETTINGS])
  if (authorizedParties === false) throw expected('clerk({ authorizedParties })', 'the origins of your pages', authorizedParties)
  return defineProvider('clerk()', {
    name: 'clerk',
    issuer: `https://${hostName('clerk({ domain })', domain, 'CLERK_DOMAIN')}`,
    audience: authorizedParties,
    audienceClaim: 'azp',
    claims: {
      organization: ['org_id', { path: ['o', 'id'] }],
      roles: ['org_role', { path: ['o', 'rol'] }],
      permissions: 'org_permissions'
    },
    tokenKind: { others: { sts: ['pending'] } },
    remedies: { issuer: 'is CLERK_DOMAIN set?', audience: 'pass authorizedParties, the origins of your pages' },
    settings: settings as ProviderSettings
  })
}
