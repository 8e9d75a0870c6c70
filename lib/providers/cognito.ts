import type { Provider } from '../../types/provider.js'
import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { clientAsAudience } from './client.js'
import { defineProvider, HOSTED_SETTINGS } from './define.js'
import type { HostedSettings, ProviderSettings } from './define.js'
import { LOGOUT_URI_LOGOUT } from './logout.js'

export interface CognitoOptions extends Omit<HostedSettings, 'clientId'> {
  /** The user pool's id, region first: `eu-west-1_AbCdEf123`. */
  readonly userPoolId: string | undefined
  /**
   * The app client, or clients, whose tokens are accepted. Beside `clientSecret`, `clientAuthentication`, `key` or an
   * `audience` it is this app's own client, in whose name users log in, and says nothing of the tokens that are sent here.
   */
  readonly clientId: string | readonly string[] | undefined
  /** Beside `clientSecret` and the like: the app clients whose tokens are accepted. Left out, the provider vouches for sessions only. */
  readonly audience?: string | readonly string[] | undefined
}

/**
 * Amazon Cognito user pools. Access tokens have no `aud`: the app client stands in `client_id`. Roles are the user's
 * groups (`cognito:groups`). Scopes of a resource server read `{identifier}/{scope}`.
 *
 * Traps: an `aud`, which some pools add for a resource server, is not looked at: demand it with
 * `auth: { claims: { aud: … } }`. Tokens of `InitiateAuth` carry only the scope `aws.cognito.signin.user.admin` unless a
 * trigger adds others. Pools in China have another host and are not supported: use `oidc`.
 *
 * @example cognito({ userPoolId: 'eu-west-1_AbCdEf123', clientId: process.env.COGNITO_CLIENT_ID })
 * @example cognito({ userPoolId, clientId: process.env.COGNITO_CLIENT_ID, clientSecret: process.env.COGNITO_CLIENT_SECRET })
 * @throws TypeError for a wrong value; an unset environment variable is one
 */
export function cognito (options: CognitoOptions): Provider {
  const { userPoolId, ...settings } = plainObject('cognito()', options, 'pass { userPoolId, clientId }')
  refuseUnknownKeys('cognito()', settings, ['userPoolId', 'audience', ...HOSTED_SETTINGS])
  const { clientId, audience } = settings
  const region = typeof userPoolId === 'string' ? /^([a-z]{2,}(?:-[a-z]+)+-\d+)_[A-Za-z0-9]+$/.exec(userPoolId)?.[1] : undefined
  if (region === undefined) throw expected('cognito({ userPoolId })', "a user pool's id, like eu-west-1_AbCdEf123", userPoolId, 'is its environment variable set?')
  for (const [name, value] of Object.entries({ clientId, audience })) if (value === false) throw expected(`cognito({ ${name} })`, 'the id of an app client, or a list', value)
  return defineProvider('cognito()', {
    name: 'cognito',
    issuer: `https://cognito-idp.${region}.amazonaws.com/${userPoolId as string}`,
    audienceClaim: 'client_id',
    claims: { roles: 'cognito:groups' },
    tokenKind: { required: ['token_use'] },
    logout: LOGOUT_URI_LOGOUT,
    remedies: { issuer: 'is its environment variable set?', audience: 'pass clientId, the id of an app client; is its environment variable set?' },
    settings: clientAsAudience(settings) as ProviderSettings
  })
}
