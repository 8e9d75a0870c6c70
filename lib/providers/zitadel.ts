import type { StandardClaims } from '../../types/claims.js'
import type { Provider } from '../../types/provider.js'
import { plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, SETTINGS } from './define.js'
import type { AudienceOrClient, ProviderSettings } from './define.js'

interface ZitadelSettings extends ProviderSettings {
  /** The instance's URL, without a trailing slash: `https://example-abc123.zitadel.cloud`. */
  readonly issuer: string | undefined
  /** The project's id, or the API's client id. */
  readonly audience?: string | readonly string[] | false | undefined
}

export type ZitadelOptions = ZitadelSettings & AudienceOrClient

const ROLES = 'urn:zitadel:iam:org:project:roles'

/**
 * Zitadel. Roles are the names under `urn:zitadel:iam:org:project:roles`, an object in which each role has the
 * organizations that grant it; the organization is the user's own (`urn:zitadel:iam:user:resourceowner:id`).
 *
 * Traps: access tokens are JWTs only for applications whose token type says so; roles come with "assert roles" on
 * authentication, or the scope of that name. They are those of the project the client belongs to: where clients of
 * other projects call this API, map `urn:zitadel:iam:org:project:{projectId}:roles` with `claims: { roles }`.
 *
 * @example zitadel({ issuer: 'https://example-abc123.zitadel.cloud', audience: process.env.ZITADEL_PROJECT_ID })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function zitadel (options: ZitadelOptions): Provider {
  const { issuer, ...settings } = plainObject('zitadel()', options, 'pass { issuer, audience }')
  refuseUnknownKeys('zitadel()', settings, ['issuer', 'audience', ...SETTINGS])
  return defineProvider('zitadel()', {
    name: 'zitadel',
    issuer,
    claims: { roles: grantedRoles, organization: 'urn:zitadel:iam:user:resourceowner:id' },
    remedies: {
      issuer: "pass the instance's URL; is its environment variable set?",
      audience: "pass the project's id; is its environment variable set?"
    },
    settings: settings as ProviderSettings
  })
}

function grantedRoles (claims: StandardClaims): readonly string[] | undefined {
  const roles = Object.hasOwn(claims, ROLES) ? claims[ROLES] : undefined
  return typeof roles === 'object' && roles !== null && !Array.isArray(roles) ? Object.keys(roles) : undefined
}
