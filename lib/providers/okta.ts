import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { AudienceOrClient, HostedSettings, ProviderSettings } from './define.js'
import { hostName } from './url.js'

interface OktaSettings extends HostedSettings, Pick<ProviderSettings, 'introspection'> {
  /** The organization's host name: `dev-123.okta.com`, or a custom domain. */
  readonly domain: string | undefined
  /** The id of a custom authorization server. Default `default`. */
  readonly authorizationServer?: string | undefined
  /** The audience of that authorization server; of `default` it is `api://default`. */
  readonly audience?: string | readonly string[] | undefined
}

export type OktaOptions = OktaSettings & AudienceOrClient

/**
 * Okta, custom authorization servers. Scopes are the list `scp`, the client is `cid`, roles are the claim `groups`
 * where the authorization server adds it.
 *
 * Traps: tokens of the organization's own authorization server (issuer `https://{domain}` without `/oauth2/…`) are
 * for Okta alone; no API can verify them. `sub` is the login name, which may change;
 * `{ claims: { subject: ['uid', 'sub'] } }` takes the user's id.
 *
 * @example okta({ domain: 'dev-123.okta.com', audience: 'api://default' })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function okta (options: OktaOptions): Provider {
  const { domain, authorizationServer = 'default', ...settings } = plainObject('okta()', options, 'pass { domain, audience }')
  refuseUnknownKeys('okta()', settings, ['domain', 'authorizationServer', 'audience', 'introspection', ...HOSTED_SETTINGS])
  if (typeof authorizationServer !== 'string' || !/^[\w-]+$/.test(authorizationServer) || authorizationServer === 'undefined') {
    throw expected('okta({ authorizationServer })', 'the id of a custom authorization server', authorizationServer)
  }
  if (settings.audience === false) throw expected('okta({ audience })', "the authorization server's audience", settings.audience)
  return defineProvider('okta()', {
    name: 'okta',
    issuer: `https://${hostName('okta({ domain })', domain, 'OKTA_DOMAIN')}/oauth2/${authorizationServer}`,
    // JWTs have `scp` and `cid`, answers of introspection `scope` and `client_id`.
    claims: { scopes: ['scp', 'scope'], client: ['cid', 'client_id'], roles: 'groups' },
    remedies: { issuer: 'is OKTA_DOMAIN set?', audience: 'of the authorization server "default" it is api://default' },
    settings: settings as ProviderSettings
  })
}
