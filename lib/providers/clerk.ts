import type { StandardClaims } from '../../types/claims.js'
import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { isWritten } from './client.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'
import { hostName } from './url.js'

interface ClerkSettings extends HostedSettings {
  /** The Frontend API's host name: `clerk.example.com`, or `your-app.clerk.accounts.dev` in development. */
  readonly domain: string | undefined
  /** Origins of the pages that may call this API, as they stand in `azp`: `https://app.example.com`. They are the `audience` of this provider. */
  readonly authorizedParties?: string | readonly string[] | undefined
}

export type ClerkOptions = ClerkSettings & ({ readonly authorizedParties: unknown } | { readonly clientId: string | undefined })

/**
 * Clerk's session tokens. They have no `aud`: the page's origin stands in `azp`, and must be one of yours, or a token
 * of any application on a sibling domain would do. Organization and role are those of the active organization, the
 * role as `org:admin` in both versions of the token. A pending session is refused.
 *
 * Traps: permissions are read from version 1 of the token only; demand roles. Tokens of native applications, and of
 * JWT templates, may have no `azp`, or another `aud`: they are not what this provider is for. Session tokens live one
 * minute; the browser's SDK renews them.
 *
 * @example clerk({ domain: 'clerk.example.com', authorizedParties: 'https://app.example.com' })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function clerk (options: ClerkOptions): Provider {
  const given = plainObject('clerk()', options, 'pass { domain, authorizedParties }')
  const { domain, authorizedParties, ...settings } = given
  refuseUnknownKeys('clerk()', settings, ['domain', 'authorizedParties', ...HOSTED_SETTINGS])
  if (authorizedParties === false) throw expected('clerk({ authorizedParties })', 'the origins of your pages', authorizedParties)
  return defineProvider('clerk()', {
    name: 'clerk',
    issuer: `https://${hostName('clerk({ domain })', domain, 'CLERK_DOMAIN')}`,
    audienceClaim: 'azp',
    claims: {
      organization: ['org_id', { path: ['o', 'id'] }],
      roles: ['org_role', roleOfVersion2],
      permissions: 'org_permissions'
    },
    tokenKind: { access: { token_use: [] }, others: { sts: ['pending'] } },
    remedies: { issuer: 'is CLERK_DOMAIN set?', audience: 'pass authorizedParties, the origins of your pages' },
    settings: { ...settings, ...isWritten(given, 'authorizedParties') ? { audience: authorizedParties } : {} } as ProviderSettings
  })
}

/** Version 2 leaves out the prefix that version 1 writes. */
function roleOfVersion2 ({ o }: StandardClaims): string | undefined {
  const role = typeof o === 'object' && o !== null && 'rol' in o ? o.rol : undefined
  return typeof role === 'string' ? `org:${role}` : undefined
}
