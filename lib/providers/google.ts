import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { clientAsAudience } from './client.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'

export interface GoogleOptions extends Omit<HostedSettings, 'clientId'> {
  /**
   * Whom an ID token must be for (`aud`): your OAuth client, or clients. Beside `clientSecret`, or an `audience`, it is
   * this app's own client, in whose name users log in, and says nothing of the ID tokens that are sent here.
   */
  readonly clientId: string | readonly string[] | undefined
  /** Beside `clientSecret`: whom an ID token that is sent here must be for. Left out, the provider vouches for sessions only. */
  readonly audience?: string | readonly string[] | undefined
}

/**
 * Google accounts and service accounts. Google's access tokens are opaque and for Google's own APIs; what an API of
 * yours can be sent is an ID token, so this is the one provider whose ID tokens are accepted. The organization is
 * the Workspace domain, `hd`: demand it with `auth: { claims: { hd: 'example.com' } }` to keep other accounts out.
 *
 * Traps: anybody with a Google Cloud account can have a token made for your client id, in the name of a service account
 * of theirs: demand `hd`, or the subjects you know. An e-mail address is no identity, `sub` is; an address counts only with `email_verified`. There are no
 * scopes, permissions or roles in these tokens.
 *
 * @example google({ clientId: process.env.GOOGLE_CLIENT_ID })
 * @example google({ clientId: process.env.GOOGLE_CLIENT_ID, clientSecret: process.env.GOOGLE_CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function google (options: GoogleOptions): Provider {
  const settings = plainObject('google()', options, 'pass { clientId }')
  refuseUnknownKeys('google()', settings, ['audience', ...HOSTED_SETTINGS])
  const { clientId, audience } = settings
  for (const [name, value] of Object.entries({ clientId, audience })) if (value === false) throw expected(`google({ ${name} })`, 'the id of an OAuth client, or a list', value)
  return defineProvider('google()', {
    name: 'google',
    issuer: 'https://accounts.google.com',
    claims: { organization: 'hd', client: 'azp' },
    tokenKind: { marks: ['events', 'token_introspection'], others: {} },
    remedies: { issuer: '', audience: 'pass clientId, the id of an OAuth client; is its environment variable set?' },
    settings: clientAsAudience(settings) as ProviderSettings
  })
}
