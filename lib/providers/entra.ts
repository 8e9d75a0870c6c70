import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { AudienceOrClient, ClientSettings, HostedSettings, ProviderSettings } from './define.js'

interface EntraSettings extends HostedSettings {
  /** The API's application (client) id: in tokens of version 2.0 `aud` is that, never the `api://…` address. */
  readonly audience?: string | readonly string[] | undefined
}

interface EntraTenant extends EntraSettings {
  /** The directory's (tenant's) id. */
  readonly tenantId: string | undefined
}

export type EntraOptions = EntraTenant & AudienceOrClient

interface EntraTenants extends EntraSettings {
  /** The directories whose users are accepted. */
  readonly tenants: readonly string[]
}

export type EntraTenantsOptions = EntraTenants & AudienceOrClient

export interface EntraAnyTenantOptions extends Omit<EntraSettings, keyof ClientSettings> {
  /** Users of every directory there is are accepted, whoever made it. A login is with one of them: it takes no `clientId`. */
  readonly tenants: 'any'
  readonly audience: string | readonly string[] | undefined
}

const TENANT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** The keys of all tenants; a key that is not for all of them says for which. */
const KEYS_OF_ALL = Object.freeze({ jwksUri: 'https://login.microsoftonline.com/common/discovery/v2.0/keys' })

/**
 * Microsoft Entra ID (Azure AD), tokens of version 2.0. Scopes are `scp`, roles the app roles in `roles`, the
 * organization is the tenant, `tid`, and must be the one of the issuer.
 *
 * With a list of `tenants` it gives a list of providers, called `entra:{tenant}`: pass it as `provider`. With
 * `tenants: 'any'` it gives one provider, whose tokens are told apart by `request.auth.organizationId()`.
 *
 * Traps: tokens are of version 1.0 (issuer `https://sts.windows.net/…`) until the API's manifest says
 * `requestedAccessTokenVersion: 2`. Tokens for Microsoft Graph are for Graph alone. `sub` differs from application to
 * application; `{ claims: { subject: 'oid' } }` takes the user's id in the directory.
 *
 * Traps of `tenants: 'any'`: anybody can make a directory, be its administrator and give themselves any name, email and
 * app role there; personal accounts come in too, as tenant `9188040d-6c67-4c5b-b112-36a304b66dad`. That a caller is
 * authenticated says nothing then: compare `organizationId()` with the tenants that are your customers, key what you
 * store by it and `oid` together, and never decide by an email address.
 *
 * @example entra({ tenantId: process.env.TENANT_ID, audience: process.env.CLIENT_ID })
 * @example entra({ tenants: 'any', audience: process.env.CLIENT_ID })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function entra (options: EntraOptions): Provider
export function entra (options: EntraTenantsOptions): readonly Provider[]
export function entra (options: EntraAnyTenantOptions): Provider
export function entra (options: EntraOptions | EntraTenantsOptions | EntraAnyTenantOptions): Provider | readonly Provider[] {
  const { tenantId, tenants, ...settings } = plainObject('entra()', options, 'pass { tenantId, audience }')
  refuseUnknownKeys('entra()', settings, ['tenantId', 'tenants', 'audience', ...HOSTED_SETTINGS])
  const { name = 'entra' } = settings
  if (tenants === undefined) return ofTenant('entra({ tenantId })', tenantId, settings)
  if (tenantId !== undefined) throw new TypeError('entra(): expected either tenantId or tenants')
  if (tenants === 'any') return define('{tenantid}', settings, { tenants: { claim: 'tid' }, keys: KEYS_OF_ALL })
  if (!Array.isArray(tenants) || tenants.length === 0) throw expected('entra({ tenants })', "a list of tenant ids, or 'any'", tenants)
  return Object.freeze(Array.from(tenants, (tenant: unknown) => ofTenant('entra({ tenants })', tenant, { ...settings, name: `${String(name)}:${String(tenant)}` })))
}

function ofTenant (path: string, tenant: unknown, settings: Record<string, unknown>): Provider {
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) throw expected(path, "a tenant's id, in lower case", tenant, 'is its environment variable set?')
  return define(tenant, settings, { fixedClaims: { tid: tenant } })
}

function define (tenant: string, settings: Record<string, unknown>, more: Pick<Parameters<typeof defineProvider>[1], 'fixedClaims' | 'tenants' | 'keys'>): Provider {
  const { audience } = settings
  if (audience === false || String(audience).includes('api://')) throw expected('entra({ audience })', "the API's application (client) id", audience)
  return defineProvider('entra()', {
    name: 'entra',
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    claims: { scopes: 'scp', organization: 'tid', client: 'azp' },
    // An ID token of the same registration has no azp, and a nonce only if the client asked for one.
    tokenKind: { required: ['azp'] },
    remedies: { issuer: '', audience: "pass the API's application id; is its environment variable set?" },
    settings: settings as ProviderSettings,
    ...more
  })
}
