import Fastify from 'fastify'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import * as everything from 'fastify-gatehouse'
import {
  AuthError, CookieTooLargeError, DpopNonceRequiredError, ExchangeError, ForbiddenError, InsufficientScopeError, InsufficientUserAuthenticationError, InvalidCredentialError, InvalidDpopProofError, InvalidRequestError, InvalidTokenError, LoginError,
  LoginRequiredError, MissingCredentialError, NoOrganizationError, NoSessionError, NotAnAccessTokenError, NotAuthenticatedError, ProviderUnavailableError,
  RouteMisconfiguredError, StoreUnavailableError, TooManyRequestsError, UnavailableError, getAuth, redactPaths
} from 'fastify-gatehouse'
import type { AuthErrorCode, GatehouseOptions, Reason, RequestAuth } from 'fastify-gatehouse'
import { describe, expect, test } from 'tstyche'

type Everything = typeof everything
type IsAny<Type> = 0 extends 1 & Type ? true : false

/** The names among these whose type is `any`. */
type Anys<Of> = { [Name in keyof Of]: IsAny<Of[Name]> extends true ? Name : never }[keyof Of]

describe('what is exported', () => {
  test('has these values', () => {
    expect<keyof Everything>().type.toBe<
      'default' | 'gatehouse' | 'auth0' | 'authgear' | 'clerk' | 'cognito' | 'entra' | 'fusionauth' | 'google' | 'keycloak' | 'okta' | 'tesseral' | 'zitadel' | 'oidc' | 'apiKey' | 'getAuth' | 'memoryStore' | 'protectedResource' | 'redactPaths' | 'redisStore' |
      'AuthError' | 'ForbiddenError' | 'InsufficientScopeError' | 'InsufficientUserAuthenticationError' | 'InvalidCredentialError' | 'InvalidRequestError' | 'InvalidTokenError' |
      'MissingCredentialError' | 'NoOrganizationError' | 'NotAnAccessTokenError' | 'NotAuthenticatedError' | 'RouteMisconfiguredError' |
      'TooManyRequestsError' | 'UnavailableError' |
      'CookieTooLargeError' | 'DpopNonceRequiredError' | 'ExchangeError' | 'InvalidDpopProofError' | 'LoginError' | 'LoginRequiredError' | 'NoSessionError' | 'ProviderUnavailableError' | 'StoreUnavailableError'
    >()
  })

  test('is never any', () => {
    expect<[Anys<Everything>]>().type.toBe<[never]>()
    expect<Anys<{ typed: string, untyped: ReturnType<typeof JSON.parse> }>>().type.toBe<'untyped'>()
  })

  test('the plugin is one, by either name', () => {
    expect(everything.default).type.toBe<FastifyPluginAsync<GatehouseOptions>>()
    expect(everything.gatehouse).type.toBe<typeof everything.default>()
  })

  test('redactPaths is what pino takes, and cannot be changed', () => {
    expect(redactPaths).type.toBe<readonly string[]>()
    expect(Fastify).type.toBeCallableWith({ logger: { redact: [...redactPaths] } })
  })
})

describe('errors', () => {
  test('all are AuthErrors with status, code, OAuth error, headers and reason', () => {
    type Any = ForbiddenError | InsufficientScopeError | InsufficientUserAuthenticationError | InvalidCredentialError | InvalidRequestError | InvalidTokenError | MissingCredentialError |
      NoOrganizationError | NotAnAccessTokenError | NotAuthenticatedError | RouteMisconfiguredError | TooManyRequestsError | UnavailableError |
      CookieTooLargeError | DpopNonceRequiredError | ExchangeError | InvalidDpopProofError | LoginError | LoginRequiredError | NoSessionError | ProviderUnavailableError
    expect<AuthError>().type.toBeAssignableFrom<Any>()
    expect<AuthError>().type.toBeAssignableTo<Error>()
    expect<AuthError['statusCode']>().type.toBe<number>()
    expect<AuthError['code']>().type.toBe<AuthErrorCode>()
    expect<AuthError['error']>().type.toBe<string | undefined>()
    expect<AuthError['headers']>().type.toBe<Readonly<Record<string, string | string[]>>>()
    expect<AuthError['reason']>().type.toBe<Reason>()
  })

  test('a store that fails is none: callers are answered with an UnavailableError', () => {
    expect<AuthError>().type.not.toBeAssignableFrom<StoreUnavailableError>()
    expect<StoreUnavailableError>().type.toBeAssignableTo<Error>()
  })

  test('a LoginError knows where another try begins, once it was told', () => {
    expect<LoginError['loginUrl']>().type.toBe<string | undefined>()
    expect<LoginError['withLoginUrl']>().type.toBe<(url: string) => LoginError>()
  })

  test('the codes are a closed union, so that a switch over them can be complete', () => {
    expect<AuthErrorCode>().type.toBe<
      'GATEHOUSE_CREDENTIAL_MISSING' | 'GATEHOUSE_CREDENTIAL_MALFORMED' | 'GATEHOUSE_TOKEN_INVALID' | 'GATEHOUSE_CREDENTIAL_INVALID' |
      'GATEHOUSE_DPOP_PROOF_INVALID' | 'GATEHOUSE_DPOP_NONCE_REQUIRED' |
      'GATEHOUSE_AUTHENTICATION_INSUFFICIENT' | 'GATEHOUSE_SCOPE_INSUFFICIENT' | 'GATEHOUSE_FORBIDDEN' | 'GATEHOUSE_NO_ORGANIZATION' | 'GATEHOUSE_NOT_AN_ACCESS_TOKEN' |
      'GATEHOUSE_NOT_AUTHENTICATED' | 'GATEHOUSE_ROUTE_MISCONFIGURED' | 'GATEHOUSE_TOO_MANY_REQUESTS' | 'GATEHOUSE_UNAVAILABLE' |
      'GATEHOUSE_LOGIN_FAILED' | 'GATEHOUSE_LOGIN_REFUSED' | 'GATEHOUSE_LOGIN_REQUIRED' | 'GATEHOUSE_NO_SESSION' | 'GATEHOUSE_COOKIE_TOO_LARGE' |
      'GATEHOUSE_PROVIDER_UNAVAILABLE' | 'GATEHOUSE_EXCHANGE_REFUSED'
    >()
    expect<Reason>().type.not.toBeAssignableFrom<string>()
  })

  test('instanceof narrows in an error handler', () => {
    Fastify().setErrorHandler((error, _request, reply) => {
      if (error instanceof AuthError) {
        expect(error.code).type.toBe<AuthErrorCode>()
        reply.code(error.statusCode).headers(error.headers)
      }
    })
  })
})

describe('getAuth', () => {
  test('takes the request of any route, and gives request.auth', () => {
    const app = Fastify()
    app.get<{ Params: { id: string }, Querystring: { page: number }, Headers: { 'x-a': string } }>('/:id', async (request) => {
      expect(getAuth(request)).type.toBe<RequestAuth>()
    })
    app.post<{ Body: { text: string }, Reply: { ok: boolean } }>('/', async (request) => {
      expect(getAuth(request)).type.toBe<RequestAuth>()
      return { ok: true }
    })
    expect(getAuth).type.not.toBeCallableWith(undefined)
    expect(getAuth).type.not.toBeCallableWith('request')
    expect(getAuth).type.not.toBeCallableWith()
  })

  test('takes a request whose type lacks the decorator, for that is what it is for', () => {
    expect(getAuth).type.toBeCallableWith({} as Omit<FastifyRequest, 'auth'>)
  })
})
