import { LRUCache } from 'lru-cache'
import type { Provider, ProviderResolver } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'

interface EntraSettings extends HostedSettings {
  /** The API's application id, or its Application ID URI (`api://…`). */
  readonly audience: string | readonly string[] | undefined
}

export interface EntraOptions extends EntraSettings {
  /** The directory's (tenant's) id. */
  readonly tenantId: string | undefined
}

export interface EntraTenantsOptions extends EntraSettings {
  /** The directories whose users are accepted; `'any'` accepts every organization in the world, and personal accounts. */
  readonly tenants: readonly string[] | 'any'
}

const TENANT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** Tenants remembered at most with `'any'`. */
const MOST_TENANTS = 1_000

/**
 * Microsoft Entra ID (Azure AD), tokens of version 2.0. Scopes are `scp`, roles the app roles in `roles`, the
 * organization is the tenant, `tid`, and must be the one of the issuer.
 *
 * With `tenants` it gives a list of providers, called `entra:{tenant}`; with `tenants: 'any'` a function: pass either
 * as `provider`. Who has a token of some tenant is not yet a customer of yours: look at `organizationId()`.
 *
 * Traps: tokens are of version 1.0 (issuer `https://sts.windows.net/…`) until the API's manifest says
 * `requestedAccessTokenVersion: 2`. Tokens for Microsoft Graph are for Graph alone. `sub` differs from application to
 * application; `{ claims: { subject: 'oid' } }` takes the user's id in the directory.
 *
 * @example entra({ tenantId: process.env.TENANT_ID, audience: process.env.CLIENT_ID })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function entra (options: EntraOptions): Provider
export function entra (options: EntraTenantsOptions & { readonly tenants: readonly string[] }): readonly Provider[]
export function entra (options: EntraTenantsOptions & { readonly tenants: 'any' }): ProviderResolver
export function entra (options: EntraOptions | EntraTenantsOptions): Provider | readonly Provider[] | ProviderResolver {
  const { tenantId, tenants, ...settings } = plainObject('entra()', options, 'pass { tenantId, audience }')
  refuseUnknownKeys('entra()', settings, ['tenantId', 'tenants', 'audience', ...HOSTED_SETTINGS])
  if (tenants === undefined) return ofTenant('entra({ tenantId })', tenantId, 'entra', settings)
  if (tenantId !== undefined) throw new TypeError('entra(): expected either tenantId or tenants')
  if (tenants === 'any') return ofAnyTenant(settings)
  if (!Array.isArray(tenants) || tenants.length === 0) throw expected('entra({ tenants })', "a list of tenant ids, or 'any'", tenants)
  return Object.freeze(Array.from(tenants, (tenant: unknown) => ofTenant('entra({ tenants })', tenant, `entra:${String(tenant)}`, settings)))
}

function ofTenant (path: string, tenant: unknown, name: string, { audience, ...settings }: Record<string, unknown>): Provider {
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) throw expected(path, "a tenant's id, in lower case", tenant, 'is its environment variable set?')
  if (audience === false) throw expected('entra({ audience })', "the API's application id", audience)
  return defineProvider('entra()', {
    name,
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    audience,
    claims: { scopes: 'scp', organization: 'tid', client: ['azp', 'appid'] },
    fixedClaims: { tid: tenant },
    remedies: { issuer: '', audience: "pass the API's application id; is its environment variable set?" },
    settings: settings as ProviderSettings
  })
}

function ofAnyTenant (settings: Record<string, unknown>): ProviderResolver {
  const known = new LRUCache<string, Provider>({ max: MOST_TENANTS })
  // A mistake in the settings fails the boot, not the first token.
  ofTenant('entra()', '00000000-0000-0000-0000-000000000000', 'entra', settings)
  return (issuer) => {
    const tenant = /^https:\/\/login\.microsoftonline\.com\/([^/]+)\/v2\.0$/.exec(issuer)?.[1]
    if (tenant === undefined || !TENANT.test(tenant)) return undefined
    const provider = known.get(tenant) ?? ofTenant('entra()', tenant, 'entra', settings)
    known.set(tenant, provider)
    return provider
  }
}
