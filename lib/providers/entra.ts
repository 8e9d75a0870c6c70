import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'

interface EntraSettings extends HostedSettings {
  /** The API's application (client) id: in tokens of version 2.0 `aud` is that, never the `api://…` address. */
  readonly audience: string | readonly string[] | undefined
}

export interface EntraOptions extends EntraSettings {
  /** The directory's (tenant's) id. */
  readonly tenantId: string | undefined
}

export interface EntraTenantsOptions extends EntraSettings {
  /** The directories whose users are accepted. */
  readonly tenants: readonly string[]
}

const TENANT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Microsoft Entra ID (Azure AD), tokens of version 2.0. Scopes are `scp`, roles the app roles in `roles`, the
 * organization is the tenant, `tid`, and must be the one of the issuer.
 *
 * With `tenants` it gives a list of providers, called `entra:{tenant}`: pass it as `provider`.
 *
 * Traps: tokens are of version 1.0 (issuer `https://sts.windows.net/…`) until the API's manifest says
 * `requestedAccessTokenVersion: 2`. Tokens for Microsoft Graph are for Graph alone. `sub` differs from application to
 * application; `{ claims: { subject: 'oid' } }` takes the user's id in the directory.
 *
 * @example entra({ tenantId: process.env.TENANT_ID, audience: process.env.CLIENT_ID })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function entra (options: EntraOptions): Provider
export function entra (options: EntraTenantsOptions): readonly Provider[]
export function entra (options: EntraOptions | EntraTenantsOptions): Provider | readonly Provider[] {
  const { tenantId, tenants, ...settings } = plainObject('entra()', options, 'pass { tenantId, audience }')
  refuseUnknownKeys('entra()', settings, ['tenantId', 'tenants', 'audience', ...HOSTED_SETTINGS])
  const { name = 'entra' } = settings
  if (tenants === undefined) return ofTenant('entra({ tenantId })', tenantId, settings)
  if (tenantId !== undefined) throw new TypeError('entra(): expected either tenantId or tenants')
  if (!Array.isArray(tenants) || tenants.length === 0) throw expected('entra({ tenants })', 'a list of tenant ids', tenants)
  return Object.freeze(Array.from(tenants, (tenant: unknown) => ofTenant('entra({ tenants })', tenant, { ...settings, name: `${String(name)}:${String(tenant)}` })))
}

function ofTenant (path: string, tenant: unknown, { audience, ...settings }: Record<string, unknown>): Provider {
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) throw expected(path, "a tenant's id, in lower case", tenant, 'is its environment variable set?')
  if (audience === false || String(audience).includes('api://')) throw expected('entra({ audience })', "the API's application (client) id", audience)
  return defineProvider('entra()', {
    name: 'entra',
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    audience,
    claims: { scopes: 'scp', organization: 'tid', client: 'azp' },
    // An ID token of the same registration has no azp, and a nonce only if the client asked for one.
    tokenKind: { required: ['azp'] },
    fixedClaims: { tid: tenant },
    remedies: { issuer: '', audience: "pass the API's application id; is its environment variable set?" },
    settings: settings as ProviderSettings
  })
}
