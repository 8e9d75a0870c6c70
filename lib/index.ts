import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Gatehouse } from '../types/gatehouse.js'
import type { GatehouseOptions } from '../types/options.js'
import '../types/fastify.js'
import { createPipeline } from './authenticate.js'
import { putToWork } from './authenticators.js'
import { createBindings } from './bindings.js'
import { createChallenger } from './challenger.js'
import { createExchanger } from './exchange/exchanger.js'
import { createHooks, kCaller } from './hooks.js'
import { createGatehouse } from './instance.js'
import { shareInternals } from './internals.js'
import { claimScope } from './lineage.js'
import { serveMetadata } from './metadata.js'
import { readOptions } from './options.js'
import { createFinder } from './presented.js'
import { createReporter } from './report.js'
import { createRequestAuth } from './request-auth.js'
import { createRoutes } from './routes.js'
import { startUp, warnAboutOrder } from './startup.js'
import { memoryStore } from './store/memory.js'
import { createKeyRings } from './token/rings.js'
import { checkReachable } from './unreachable-routes.js'
import type { WebLoginPlace } from './web-login.js'

let registrations = 0

async function plugin (app: FastifyInstance, options: GatehouseOptions): Promise<void> {
  const settings = readOptions(options)
  claimScope(app)
  if (app.hasRequestDecorator('auth')) {
    throw new TypeError('gatehouse: another plugin has decorated request.auth in this scope; register the two in sibling scopes')
  }

  const rings = createKeyRings(settings, app.log)
  const store = settings.store ?? memoryStore()
  const reporter = createReporter(app.log, createChallenger(settings))
  const routes = createRoutes(app, settings)
  const pipeline = createPipeline(settings, rings)
  const bindings = createBindings(settings, store, app.log)
  const authenticators = settings.authenticators.map(putToWork)
  const place: WebLoginPlace = { login: undefined }
  const hookName = `gatehouseAuthenticate${++registrations}`
  const find = createFinder({ settings, rings, pipeline, bindings, authenticators, place })
  const hooks = createHooks({ routes, find, reporter, place, enforceEarly: settings.enforce === 'onRequest', clockTolerance: settings.clockTolerance }, hookName)
  const corsCameFirst = app.hasPlugin('@fastify/cors')

  const exchanger = createExchanger(settings)
  const gatehouse: Gatehouse = createGatehouse({ settings, rings, routes, pipeline, bindings, authenticators, reporter, place })
  app.decorate('gatehouse', gatehouse)
  shareInternals(app, { settings, rings, pipeline, bindings, reporter, store, place })
  app.decorateRequest(kCaller, null)
  app.decorateRequest('auth', {
    getter () { return createRequestAuth(this, this[kCaller] ?? undefined, exchanger) },
    setter (value: unknown) {
      const isInitial = value === null || typeof value !== 'object'
      if (this[kCaller] || !isInitial) throw new TypeError('request.auth belongs to the gatehouse: it cannot be assigned')
      // A plugin in a scope inside decorates requests with an `auth` of its own, which Fastify begins with a value
      // that is no object: there, that is what handlers see.
      Object.defineProperty(this, 'auth', { value, writable: true, configurable: true, enumerable: true })
    }
  })

  app.addHook('onRoute', function gatehouseSeesRoute (route) { route.config = routes.see(this, route) })
  app.addHook('onRequest', hooks.authenticate)
  if (settings.enforce === 'preHandler') app.addHook('preHandler', hooks.authorize)
  app.addHook('onReady', async function gatehouseStartsUp () {
    warnAboutOrder(app, routes, hookName, corsCameFirst)
    checkReachable(routes, settings, place.login, app.log)
    await startUp(app, settings, rings, routes)
  })
  app.addHook('onClose', async function gatehouseCloses () {
    for (const part of [pipeline, exchanger, ...authenticators]) part.close()
    await rings.close()
  })
  if (settings.resource !== undefined) await serveMetadata(app, settings.resource)
}

/**
 * The plugin. Every route of the scope it is registered in, and of the scopes inside it, is protected unless it
 * says otherwise.
 *
 * @example await app.register(gatehouse, { provider: oidc({ issuer, audience }) })
 * @throws TypeError, which fails the boot, for a wrong option
 */
export const gatehouse = fp(plugin, { fastify: '5.x', name: 'fastify-gatehouse' })
export default gatehouse

export {
  AuthError, ForbiddenError, InsufficientScopeError, InsufficientUserAuthenticationError, InvalidCredentialError, InvalidRequestError, InvalidTokenError, MissingCredentialError,
  NoOrganizationError, NotAnAccessTokenError, NotAuthenticatedError, RouteMisconfiguredError, TooManyRequestsError, UnavailableError
} from './errors.js'
export type { AuthErrorCode } from './error-codes.js'
export { DpopNonceRequiredError, InvalidDpopProofError } from './binding/errors.js'
export { ExchangeError } from './exchange/errors.js'
export { LoginError } from './login/errors.js'
export { ProviderUnavailableError } from './provider-unavailable.js'
export { CookieTooLargeError, LoginRequiredError, NoSessionError } from './session/errors.js'
export { StoreUnavailableError } from './store/unavailable.js'
export { apiKey } from './api-key.js'
export { getAuth } from './get-auth.js'
export { protectedResource } from './metadata.js'
export { auth0, authgear, clerk, cognito, entra, fusionauth, google, keycloak, oidc, okta, tesseral, zitadel } from './providers/index.js'
export type {
  Auth0Options, AuthgearOptions, ClerkOptions, CognitoOptions, EntraAnyTenantOptions, EntraOptions, EntraTenantsOptions, FusionAuthOptions, GoogleOptions,
  HostedSettings, KeycloakOptions, OidcOptions, OktaOptions, ProviderSettings, TesseralAccessTokenClaims, TesseralApiKeyOptions, TesseralOptions, ZitadelOptions
} from './providers/index.js'
export { redactPaths } from './redact-paths.js'
export { memoryStore } from './store/memory.js'
export { redisStore } from './store/redis.js'
export type { Reason, Refusal } from './refusal.js'
export type { AnswerCacheOptions, ApiKeyOptions, AuthenticateContext, Authenticator, CallBudget, StoredApiKey, Vouched } from '../types/authenticator.js'
export type { Actor } from '../types/actor.js'
export type { RequestAuth } from '../types/auth.js'
export type { ClientCertificateHeader, DpopMode, DpopNonceOptions, DpopOptions, VerifyOptions } from '../types/binding.js'
export type { AccessTokenClaims, StandardClaims } from '../types/claims.js'
export type { ConnectionTokenOptions, CustomExchangeOptions, DownstreamToken, ExchangeOptions, OnBehalfOfOptions } from '../types/exchange.js'
export type { Gatehouse, GuardedRoute, GuardedScope, ProviderHealth, Sessions, Stats } from '../types/gatehouse.js'
export type { CredentialsType, Identity } from '../types/identity.js'
export type { CacheOptions, DefaultAuth, FetchOptions, GatehouseOptions } from '../types/options.js'
export type { IntrospectionOptions } from '../types/introspection.js'
export type { ClaimMapping, ClaimPath, ClaimSource, ClaimValues, JsonWebKeySet, KeyLocation, KeyOptions, Provider, ProviderResolver, SigningAlgorithm, TokenKind } from '../types/provider.js'
export type { Localized, ResourceMetadata, ResourceOptions } from '../types/resource.js'
export type { AuthMode, ClaimRequirement, Demands, GroupPolicy, Primitive, Requirement, RouteAuth, RouteDescription, RoutePolicy } from '../types/route.js'
export type { Json, JsonMembers } from '../types/session.js'
export type { IoredisClient, MemoryStoreOptions, NodeRedisClient, RedisStoreOptions, Store, StoreSetOptions } from '../types/store.js'
export type { WebSession } from '../types/web-session.js'
// Only a star lets `declare module 'fastify-gatehouse' { interface Register }` reach the interface itself.
export type * from '../types/register.js'
