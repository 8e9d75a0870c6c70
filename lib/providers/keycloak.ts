import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { isOwnClient, isWritten } from './client.js'
import { defineProvider, SETTINGS } from './define.js'
import type { AudienceOrClient, ProviderSettings } from './define.js'

interface KeycloakSettings extends ProviderSettings {
  /** The realm's URL, as it stands in `iss`: `https://sso.example.com/realms/main`. */
  readonly issuer: string | undefined
  /** What a token must carry in `aud`. Keycloak adds it only where a client scope has an audience mapper. */
  readonly audience?: string | readonly string[] | false | undefined
  /**
   * The client whose roles count beside those of the realm: usually this API's own. Beside `clientSecret`, `key` or
   * `clientAuthentication`, or without `audience`, it is this app's own client too, in whose name users log in.
   */
  readonly clientId?: string | undefined
}

export type KeycloakOptions = KeycloakSettings & AudienceOrClient

/**
 * Keycloak. Roles are those of the realm (`realm_access.roles`) and, with `clientId`, of that client
 * (`resource_access.{clientId}.roles`). Access tokens say `typ: Bearer` in their claims, and may carry a `nonce`.
 *
 * Traps: without an audience mapper `aud` is `account`, or missing. Behind a proxy `iss` is the address the client
 * used to reach Keycloak: set its public host name, and where this API reaches it by another one, `keys`.
 *
 * @example keycloak({ issuer: 'https://sso.example.com/realms/main', audience: 'orders-api', clientId: 'orders-api' })
 * @example keycloak({ issuer: process.env.ISSUER, clientId: 'shop', clientSecret: process.env.CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function keycloak (options: KeycloakOptions): Provider {
  const { issuer, ...settings } = plainObject('keycloak()', options, 'pass { issuer, audience }')
  refuseUnknownKeys('keycloak()', settings, ['issuer', 'audience', ...SETTINGS])
  const { clientId, ...withoutClient } = settings
  if (clientId !== undefined && (typeof clientId !== 'string' || clientId === '' || clientId === 'undefined')) throw expected('keycloak({ clientId })', "a client's id", clientId)
  return defineProvider('keycloak()', {
    name: 'keycloak',
    issuer,
    claims: {
      roles: [{ path: ['realm_access', 'roles'] }, ...clientId === undefined ? [] : [{ path: ['resource_access', clientId, 'roles'] }]]
    },
    tokenKind: { required: ['typ'], access: { typ: ['Bearer', 'DPoP'] }, others: { typ: ['ID', 'Refresh', 'Offline', 'Logout'] } },
    remedies: {
      issuer: "pass the realm's URL: https://sso.example.com/realms/main",
      audience: 'add an audience mapper to a client scope in Keycloak, and name its audience here'
    },
    settings: (isOwnClient(settings) || !isWritten(settings, 'audience') ? settings : withoutClient) as ProviderSettings
  })
}
