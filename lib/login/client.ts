import type { AuthorizationParams } from '../../types/login.js'
import { expected } from '../configuration.js'
import type { AuthError } from '../errors.js'
import { wellKnown } from '../providers/key-location.js'
import { FetchFailure } from '../token/fetch-json.js'
import type { JsonObject } from '../token/parse.js'
import { readPushed, readRevoked, readTokens, readUserinfo } from './answers.js'
import type { ReadAnswer } from './answers.js'
import { checkRedirectUri, overridden, readParams, readWishes } from './authorization.js'
import type { LoginRequest } from './authorization.js'
import { readCallback } from './callback.js'
import type { CallbackParameters } from './callback.js'
import { createExchanges } from './exchange.js'
import type { ExchangeOptions } from './exchange.js'
import { checkAcr, checkContinues, verifyIdToken } from './id-token.js'
import type { IdTokenKeys } from './id-token.js'
import { logoutAddress } from './logout.js'
import type { LogoutRequest } from './logout.js'
import { identityOf, tokensOf } from './tokens.js'
import type { LoginResult, RefreshResult } from './tokens.js'

/** Anybody can cause answers for codes: that those were too many says nothing of refresh tokens. */
const readRefreshed: ReadAnswer = (answer) => readTokens(answer)

/** What `createLoginClient` is told. */
export interface LoginClientOptions extends ExchangeOptions {
  /** The provider's key ring: ID tokens are signed with one of its keys. Its tolerance of clocks holds for them too. */
  readonly keys: IdTokenKeys
  /** Separated by spaces, `openid` among them. */
  readonly scope: string
  readonly responseMode: 'query' | 'form_post'
  /** `auto`: where the provider requires it. */
  readonly pushedAuthorizationRequests: 'auto' | 'always' | 'never'
  /** For every login. */
  readonly authorizationParams?: AuthorizationParams | undefined
}

/** What must be known when the browser comes back, and kept from everybody else until then. */
export interface LoginTransaction {
  readonly state: string
  /** Name of the provider. */
  readonly provider: string
  readonly redirectUri: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly maxAge?: number | undefined
  readonly acrValues?: string | undefined
}

/** Why a refresh token was not revoked, where the provider can revoke none. */
export const NO_REVOCATION = 'the provider has no revocation_endpoint'

/**
 * The protocol of web login with one provider. Every method is bounded to 5 s and by its signal, and rejects with
 * a `LoginError`, where there is no login, or a `ProviderUnavailableError`, where there is no telling now.
 */
export interface LoginClient {
  /** A login begins: where to send the browser, and what to keep until it is back. Rejects with a TypeError for a wrong request. */
  start (request: LoginRequest, signal: AbortSignal): Promise<{ readonly url: string, readonly transaction: LoginTransaction }>
  /** The browser is back. */
  finish (parameters: CallbackParameters, transaction: LoginTransaction, signal: AbortSignal): Promise<LoginResult>
  /**
   * New tokens. A `LoginError` means that the login is over: `error` is `invalid_grant`, or the answer was for somebody
   * else. @param session its refresh token, and the claims of its ID token
   */
  refresh (session: { readonly refreshToken: string, readonly claims: JsonObject }, signal: AbortSignal): Promise<RefreshResult>
  /** What the provider says of the person; undefined if it has no such endpoint. @param subject of the ID token */
  userinfo (accessToken: string, subject: string, signal: AbortSignal): Promise<JsonObject | undefined>
  /** Where to send the browser to end the provider's own session; undefined if there is no such place. */
  logoutUrl (request: LogoutRequest, signal: AbortSignal): Promise<string | undefined>
  /** Asks the provider to forget a refresh token. Never rejects. @returns why it may still know it; undefined: it does not */
  revoke (refreshToken: string, signal: AbortSignal): Promise<string | undefined>
}

/**
 * A provider's login client: authorization code flow with PKCE S256, `state` and `nonce`, always. openid-client is loaded
 * with the first login.
 *
 * @throws TypeError for a scope without `openid`, parameters that are not the user's to set, and a provider of many issuers
 * @see OpenID Connect Core section 3.1, RFC 9700
 */
export function createLoginClient (options: LoginClientOptions): LoginClient {
  const { provider, keys, clientId, scope, responseMode, pushedAuthorizationRequests, clockTolerance } = options
  // Where keys are found otherwise, ID tokens are verified by those; where to log in, the issuer says.
  const { discovery = wellKnown(provider.issuer) } = provider.keys
  if (provider.issuerTemplate !== undefined) throw new TypeError(`login: ${provider.name} stands for many issuers, and a login is with one; name the tenant`)
  if (!scope.split(' ').includes('openid')) throw expected('scope', 'openid among the scopes', scope)
  const params = readParams('login.authorizationParams', options.authorizationParams)
  const exchange = createExchanges(discovery, options)
  const rules = { provider, keys, clientId, tolerance: clockTolerance }

  return Object.freeze({
    async start (request: LoginRequest, signal: AbortSignal) {
      const { redirectUri, ...wishes } = request
      checkRedirectUri(redirectUri)
      const { maxAge, acrValues, parameters } = readWishes('reply.login(): ', wishes)
      return exchange(signal, async ({ server, connect }) => {
        const { library, config } = await connect(readPushed)
        const transaction = { state: library.randomState(), provider: provider.name, redirectUri, nonce: library.randomNonce(), codeVerifier: library.randomPKCECodeVerifier(), maxAge, acrValues }
        const ours = {
          redirect_uri: redirectUri,
          scope,
          state: transaction.state,
          nonce: transaction.nonce,
          code_challenge: await library.calculatePKCECodeChallenge(transaction.codeVerifier),
          code_challenge_method: 'S256',
          ...(responseMode === 'query' ? {} : { response_mode: responseMode })
        }
        const query = new URLSearchParams([...overridden(params, parameters), ...Object.entries(ours)])
        const isPushed = pushedAuthorizationRequests === 'always' || (pushedAuthorizationRequests === 'auto' && server.require_pushed_authorization_requests)
        if (isPushed && server.pushed_authorization_request_endpoint === undefined) throw new FetchFailure('the metadata name no pushed_authorization_request_endpoint')
        const url = isPushed ? await library.buildAuthorizationUrlWithPAR(config, query) : library.buildAuthorizationUrl(config, query)
        return { url: url.href, transaction }
      })
    },

    finish: (parameters: CallbackParameters, transaction: LoginTransaction, outer: AbortSignal) => exchange(outer, async ({ server, signal, connect }) => {
      const { state, redirectUri, nonce, codeVerifier, maxAge, acrValues } = transaction
      const code = readCallback(parameters, transaction, server, provider)
      const { library, config } = await connect(readTokens)
      const callback = new URL(redirectUri)
      // Only what was checked; the issuer too, which the library demands where it is advertised.
      callback.search = new URLSearchParams({ code, state, iss: provider.issuer }).toString()
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, ...(maxAge === undefined ? {} : { maxAge }) }
      const askedAt = Date.now() / 1000
      const answer = await library.authorizationCodeGrant(config, callback, checks)
      // Where a nonce is expected the library demands an ID token.
      const idToken = answer.id_token!
      const claims = await verifyIdToken(idToken, answer.access_token, rules, signal)
      checkAcr(claims, acrValues, provider)
      return { ...tokensOf(answer, askedAt), ...identityOf(idToken, claims) }
    }),

    refresh: ({ refreshToken, claims: before }: { readonly refreshToken: string, readonly claims: JsonObject }, outer: AbortSignal) => exchange(outer, async ({ signal, connect }) => {
      const { library, config } = await connect(readRefreshed)
      const askedAt = Date.now() / 1000
      const answer = await library.refreshTokenGrant(config, refreshToken)
      const tokens = { refreshToken, ...tokensOf(answer, askedAt) }
      if (answer.id_token === undefined) return tokens
      const claims = await verifyIdToken(answer.id_token, answer.access_token, rules, signal)
      checkContinues(claims, before, provider)
      return { ...tokens, ...identityOf(answer.id_token, claims) }
    }),

    userinfo: (accessToken: string, subject: string, outer: AbortSignal) => exchange(outer, async ({ server, connect }) => {
      if (server.userinfo_endpoint === undefined) return undefined
      const { library, config } = await connect(readUserinfo)
      return library.fetchUserInfo(config, accessToken, subject)
    }),

    logoutUrl: (request: LogoutRequest, outer: AbortSignal) => exchange(outer, async ({ server }) => logoutAddress(request, clientId, server, provider.logout)),

    revoke: (refreshToken: string, outer: AbortSignal) => exchange(outer, async ({ server, connect }) => {
      if (server.revocation_endpoint === undefined) return NO_REVOCATION
      const { library, config } = await connect(readRevoked)
      await library.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' })
      return undefined
    }).catch(({ reason, refusal: { found, hint } }: AuthError) => [reason, found, hint].filter((part) => part !== undefined).join(': '))
  })
}
