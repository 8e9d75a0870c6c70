import { expected, isPlainObject, plainObject, refuseUnknownKeys } from '../configuration.js'
import { ownParameters } from './own-parameters.js'
import { absoluteUri, isReserved, repeatable, scopesOf, textOf, tokenOf, tokenType } from './values.js'

/** A token to be exchanged, and what it is. */
interface TypedToken {
  readonly token: string
  readonly type: string
}

/** What is asked of a provider, checked. It may hold tokens: never log it. */
export interface ExchangeRequest {
  readonly grantType: string
  /** What is exchanged; undefined: the caller's access token. */
  readonly subjectToken: string | undefined
  readonly requestedTokenType: string
  /** Whether the answer may leave out what kind of token it gives. */
  readonly mayLackIssuedType: boolean
  readonly scopes: readonly string[]
  /** Decides, beside the subject token, how long the answer is good. */
  readonly actorToken: string | undefined
  /** All parameters but the grant type and the subject token, by their names on the wire, in one order. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

/** How messages call it. */
export const PATH = 'request.auth.exchange()'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** What access tokens are called: RFC 8693 section 3. */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
/** Auth0's Token Vault. */
const CONNECTION_GRANT = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token'
const CONNECTION_TOKEN = 'http://auth0.com/oauth/token-type/federated-connection-access-token'

const OF_CONNECTION = ['connection', 'loginHint', 'parameters']
const ON_BEHALF_OF = ['audience', 'resource', 'scope', 'requestedTokenType', 'actorToken', 'parameters']
const CUSTOM = ['subjectToken', 'subjectTokenType', 'organization', ...ON_BEHALF_OF]

type Given = Readonly<Record<string, unknown>>

/**
 * Checks what an app asks for: on behalf of the caller, by a profile of the provider's own, or the token of a connection.
 *
 * @throws TypeError naming path and remedy; no token is in it
 * @see RFC 8693 section 2.1
 */
export function readExchange (options: unknown): ExchangeRequest {
  const given = plainObject(PATH, options, "pass { audience: 'https://other.example.com' }")
  // What is written with no value is a variable that is not set: it must not become another form.
  if (Object.hasOwn(given, 'connection')) return connectionRequest(given)
  return Object.hasOwn(given, 'subjectToken') || Object.hasOwn(given, 'subjectTokenType') ? customRequest(given) : onBehalfOf(given)
}

function onBehalfOf (given: Given): ExchangeRequest {
  refuseUnknownKeys(PATH, given, ON_BEHALF_OF)
  const wishes = readWishes(given)
  if (!wishes.parameters.some(([name]) => ['audience', 'resource', 'scope'].includes(name))) {
    throw new TypeError(`${PATH}: expected at least one of audience, resource and scope: whom is the token for? Is its environment variable set?`)
  }
  return exchangeOf(undefined, ACCESS_TOKEN, wishes)
}

function customRequest (given: Given): ExchangeRequest {
  refuseUnknownKeys(PATH, given, CUSTOM)
  const subjectToken = tokenOf(`${PATH}: subjectToken`, given.subjectToken)
  const type = tokenType(`${PATH}: subjectTokenType`, given.subjectTokenType)
  if (isReserved(type)) throw expected(`${PATH}: subjectTokenType`, 'a URI of your own', type, 'this one is reserved; leave subjectToken out to exchange the access token of the caller')
  const { organization } = given
  const more = organization === undefined ? [] : [['organization', textOf(`${PATH}: organization`, organization)] as const]
  return { ...exchangeOf(subjectToken, type, readWishes(given), more), mayLackIssuedType: true }
}

function connectionRequest (given: Given): ExchangeRequest {
  refuseUnknownKeys(PATH, given, OF_CONNECTION)
  const { connection, loginHint } = given
  return {
    grantType: CONNECTION_GRANT,
    subjectToken: undefined,
    requestedTokenType: CONNECTION_TOKEN,
    mayLackIssuedType: true,
    scopes: [],
    actorToken: undefined,
    parameters: [
      ['subject_token_type', ACCESS_TOKEN],
      ['requested_token_type', CONNECTION_TOKEN],
      ['connection', textOf(`${PATH}: connection`, connection)],
      ...loginHint === undefined ? [] : [['login_hint', textOf(`${PATH}: loginHint`, loginHint)] as const],
      ...ownParameters(`${PATH}: parameters`, given.parameters)
    ]
  }
}

interface Wishes {
  readonly requestedTokenType: string
  readonly scopes: readonly string[]
  readonly actor: TypedToken | undefined
  readonly parameters: ExchangeRequest['parameters']
}

function readWishes ({ audience, resource, scope, requestedTokenType = ACCESS_TOKEN, actorToken, parameters }: Given): Wishes {
  const scopes = scopesOf(`${PATH}: scope`, scope)
  return {
    requestedTokenType: absoluteUri(`${PATH}: requestedTokenType`, requestedTokenType),
    scopes,
    actor: actorToken === undefined ? undefined : actorOf(`${PATH}: actorToken`, actorToken),
    parameters: [
      ...repeatable(`${PATH}: audience`, audience, textOf).map((value) => ['audience', value] as const),
      ...repeatable(`${PATH}: resource`, resource, withoutFragment).map((value) => ['resource', value] as const),
      ...scopes.length === 0 ? [] : [['scope', scopes.join(' ')] as const],
      ...ownParameters(`${PATH}: parameters`, parameters)
    ]
  }
}

function exchangeOf (subjectToken: string | undefined, subjectTokenType: string, wishes: Wishes, more: ExchangeRequest['parameters'] = []): ExchangeRequest {
  const { requestedTokenType, scopes, actor, parameters } = wishes
  return {
    grantType: TOKEN_EXCHANGE,
    subjectToken,
    requestedTokenType,
    mayLackIssuedType: false,
    scopes,
    actorToken: actor?.token,
    parameters: [
      ['subject_token_type', subjectTokenType],
      ['requested_token_type', requestedTokenType],
      ...actor === undefined ? [] : [['actor_token', actor.token] as const, ['actor_token_type', actor.type] as const],
      ...more,
      ...parameters
    ]
  }
}

function actorOf (path: string, value: unknown): TypedToken {
  // Not shown: it may be the token itself.
  if (!isPlainObject(value)) throw new TypeError(`${path}: expected { token, type }`)
  refuseUnknownKeys(path, value, ['token', 'type'])
  return { token: tokenOf(`${path}.token`, value.token), type: tokenType(`${path}.type`, value.type) }
}

/** RFC 8707 section 2: an absolute URI without a fragment. */
function withoutFragment (path: string, value: unknown): string {
  const uri = absoluteUri(path, value)
  if (uri.includes('#')) throw expected(path, 'a URI without a fragment', uri)
  return uri
}
