import { inspect } from 'node:util'
import t from 'tap'
import Fastify from 'fastify'
import * as errors from '../lib/errors.js'
import type { AuthError } from '../lib/errors.js'
import * as exchange from '../lib/exchange/errors.js'
import * as login from '../lib/login/errors.js'
import * as session from '../lib/session/errors.js'

const refusal: login.LoginRefusal = { reason: 'token_malformed', provider: 'oidc', found: 'hunter2', hint: 'for the operator' }
const malformed = 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token'
const invalid = 'The access token is expired, revoked, malformed or not meant for this API'
const lacking = 'The access token lacks a scope this request needs'
const weak = 'This needs a stronger or more recent authentication'

interface Answer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly error?: string
  readonly challenge?: string
  readonly retryAfter?: string
}

const TABLE: Readonly<Record<string, readonly [AuthError, Answer]>> = {
  'no credential is a 401 with a bare challenge': [
    new errors.MissingCredentialError(refusal),
    { status: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', message: 'Authentication is required', challenge: 'Bearer realm="api"' }
  ],
  'no credential where scopes are demanded is told them, and still no error': [
    new errors.MissingCredentialError(refusal, 'a b'),
    { status: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', message: 'Authentication is required', challenge: 'Bearer realm="api", scope="a b"' }
  ],
  'a malformed request is a 400 invalid_request': [
    new errors.InvalidRequestError(refusal),
    {
      status: 400,
      code: 'GATEHOUSE_CREDENTIAL_MALFORMED',
      message: malformed,
      error: 'invalid_request',
      challenge: `Bearer realm="api", error="invalid_request", error_description="${malformed}"`
    }
  ],
  'a bad token is a 401 invalid_token': [
    new errors.InvalidTokenError(refusal),
    {
      status: 401,
      code: 'GATEHOUSE_TOKEN_INVALID',
      message: invalid,
      error: 'invalid_token',
      challenge: `Bearer realm="api", error="invalid_token", error_description="${invalid}"`
    }
  ],
  'another bad credential is a 401 with a bare challenge: no code of RFC 6750 speaks of it': [
    new errors.InvalidCredentialError(refusal),
    { status: 401, code: 'GATEHOUSE_CREDENTIAL_INVALID', message: 'The credential is unknown, expired or revoked', challenge: 'Bearer realm="api"' }
  ],
  'a missing scope is a 403 insufficient_scope that names what would do': [
    new errors.InsufficientScopeError(refusal, 'a b'),
    {
      status: 403,
      code: 'GATEHOUSE_SCOPE_INSUFFICIENT',
      message: lacking,
      error: 'insufficient_scope',
      challenge: `Bearer realm="api", error="insufficient_scope", error_description="${lacking}", scope="a b"`
    }
  ],
  'a login that will not do is a 401 insufficient_user_authentication that names what would': [
    new errors.InsufficientUserAuthenticationError(refusal, { acrValues: ['mfa', 'hwk'], maxAge: 0 }, 'a b'),
    {
      status: 401,
      code: 'GATEHOUSE_AUTHENTICATION_INSUFFICIENT',
      message: weak,
      error: 'insufficient_user_authentication',
      challenge: `Bearer realm="api", error="insufficient_user_authentication", error_description="${weak}", scope="a b", acr_values="mfa hwk", max_age="0"`
    }
  ],
  'a missing permission, role or claim is a 403 without challenge': [
    new errors.ForbiddenError(refusal),
    { status: 403, code: 'GATEHOUSE_FORBIDDEN', message: 'The caller may not do this' }
  ],
  'a caller without organization is a 403 without challenge': [
    new errors.NoOrganizationError(refusal),
    { status: 403, code: 'GATEHOUSE_NO_ORGANIZATION', message: 'The caller acts in no organization' }
  ],
  'claims asked of what is no access token are a 403 without challenge': [
    new errors.NotAnAccessTokenError(refusal),
    { status: 403, code: 'GATEHOUSE_NOT_AN_ACCESS_TOKEN', message: 'This needs an access token' }
  ],
  'an accessor on an optional route is a 401 with a bare challenge': [
    new errors.NotAuthenticatedError(refusal),
    { status: 401, code: 'GATEHOUSE_NOT_AUTHENTICATED', message: 'Authentication is required', challenge: 'Bearer realm="api"' }
  ],
  'an accessor on a public route is a 500 that names the mistake': [
    new errors.NotAuthenticatedError(refusal, 'GET / is public'),
    { status: 500, code: 'GATEHOUSE_NOT_AUTHENTICATED', message: 'GET / is public' }
  ],
  'a wrong config of an early route is a 500 that names the mistake': [
    new errors.RouteMisconfiguredError(refusal, 'GET /: config.scope'),
    { status: 500, code: 'GATEHOUSE_ROUTE_MISCONFIGURED', message: 'GET /: config.scope' }
  ],
  'too many unknown credentials are a 429 with Retry-After and no challenge': [
    new errors.TooManyRequestsError(refusal, 3),
    { status: 429, code: 'GATEHOUSE_TOO_MANY_REQUESTS', message: 'Too many unknown credentials: try again later', retryAfter: '3' }
  ],
  '"not now" is a 503 with Retry-After and no challenge': [
    new errors.UnavailableError(refusal, 7),
    { status: 503, code: 'GATEHOUSE_UNAVAILABLE', message: 'The credential cannot be verified right now', retryAfter: '7' }
  ],
  'a login that came to nothing is a 400': [
    new login.LoginError(refusal),
    { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', message: 'The login could not be completed: start it again' }
  ],
  'a login somebody refused is a 403 with the OAuth error code': [
    new login.LoginError(refusal, 'access_denied'),
    { status: 403, code: 'GATEHOUSE_LOGIN_REFUSED', message: 'The login was refused', error: 'access_denied' }
  ],
  'a provider that is away is a 503 with Retry-After and no challenge': [
    new login.ProviderUnavailableError(refusal, 6.2),
    { status: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE', message: 'The identity provider cannot be reached right now', retryAfter: '7' }
  ],
  'a token exchange the provider refused is a 502 with its code and no challenge': [
    new exchange.ExchangeError(refusal, 'invalid_target'),
    { status: 502, code: 'GATEHOUSE_EXCHANGE_REFUSED', message: 'The identity provider gave no token for another service', error: 'invalid_target' }
  ],
  'a token exchange that gave something else is the same without a code': [
    new exchange.ExchangeError(refusal),
    { status: 502, code: 'GATEHOUSE_EXCHANGE_REFUSED', message: 'The identity provider gave no token for another service' }
  ],
  'a session that is over is a 401 with a bare challenge': [
    new session.LoginRequiredError(refusal),
    { status: 401, code: 'GATEHOUSE_LOGIN_REQUIRED', message: 'Logging in again is required', challenge: 'Bearer realm="api"' }
  ],
  'a session asked of what is none is a 403 without challenge': [
    new session.NoSessionError(refusal),
    { status: 403, code: 'GATEHOUSE_NO_SESSION', message: 'This needs a session' }
  ]
}

for (const [title, [error, expected]] of Object.entries(TABLE)) {
  t.test(title, async (t) => {
    t.ok(error instanceof errors.AuthError && error instanceof Error)
    t.strictSame([error.statusCode, error.code, error.error, error.message], [expected.status, expected.code, expected.error, expected.message])
    t.equal(error.reason, 'token_malformed')
    t.equal(error.refusal, refusal)

    const app = Fastify()
    t.teardown(() => app.close())
    app.get('/', async () => { throw error })
    const response = await app.inject('/')
    const { code, message } = expected
    t.equal(response.statusCode, expected.status)
    t.match(response.json(), { statusCode: expected.status, code, message })
    t.equal(response.headers['www-authenticate'], expected.challenge)
    t.equal(response.headers['retry-after'], expected.retryAfter)
    t.notMatch(response.body + JSON.stringify(response.headers), /hunter2|operator/, 'the caller learns nothing that is for the operator')
  })
}

t.test('the table above knows every class', async (t) => {
  // CookieTooLargeError says by itself why: it has a test of its own.
  const others: readonly unknown[] = [errors.AuthError, session.CookieTooLargeError]
  const classes = Object.values({ ...errors, ...login, ...exchange, ...session }).filter((value) => !others.includes(value))
  t.strictSame(new Set(Object.values(TABLE).map(([error]) => error.constructor)), new Set<unknown>(classes))
})

t.test('every error has its name, and not as a member that log lines would repeat', async (t) => {
  for (const [name, Class] of Object.entries({ ...errors, ...login, ...exchange, ...session })) t.equal(Class.prototype.name, name)
  for (const [error] of Object.values(TABLE)) t.strictSame(Object.keys(error).sort(), ['code', 'error', 'statusCode'], error.name)
})

t.test('a value that does not fit into cookies is a 500 that names cookie and remedy, to the operator too', async (t) => {
  const error = new session.CookieTooLargeError({ name: '__Host-gatehouse', budget: 12_000 }, 14_082)
  t.ok(error instanceof errors.AuthError)
  t.match(error, {
    statusCode: 500,
    code: 'GATEHOUSE_COOKIE_TOO_LARGE',
    message: "cookie __Host-gatehouse: 14082 bytes are needed and 12000 allowed; keep the session on the server: session: { in: 'store' }",
    needed: 14_082,
    budget: 12_000
  })
  t.strictSame(error.headers, {})
  t.strictSame(error.refusal, { reason: 'cookie_too_large', expected: 12_000, found: 14_082, hint: 'cookie __Host-gatehouse: keep the session on the server' })
  t.match(error.stack, /\n +at /)
})

t.test('a LoginError learns where another try begins, and no print, log line or copy shows it', async (t) => {
  const error = new login.LoginError(refusal)
  t.equal(error.loginUrl, undefined)
  const shapeOf = () => [JSON.stringify(error), inspect(error, { showHidden: true }), Object.getOwnPropertyNames(error)]
  const before = shapeOf()
  t.equal(error.withLoginUrl('/login?returnTo=%2Forders'), error)
  t.equal(error.loginUrl, '/login?returnTo=%2Forders')
  t.strictSame(shapeOf(), before)
  t.equal(new login.LoginError(refusal).loginUrl, undefined, 'another error learns nothing')
})

t.test('what is for the operator does not show where an error is printed or serialized', async (t) => {
  for (const [error] of Object.values(TABLE)) {
    t.notMatch(JSON.stringify(error) + JSON.stringify({ ...error }) + inspect(error, { showHidden: true }) + error.stack, /hunter2|operator/)
  }
})

t.test('a refusal has no stack, which callers could make us pay for; a mistake in the app has one', async (t) => {
  for (const [error, { status }] of Object.values(TABLE)) t.equal(/\n +at /.test(error.stack ?? ''), status === 500, error.code)
})

t.test('the stack trace limit of the process is left as it was', async (t) => {
  const { stackTraceLimit } = Error
  t.teardown(() => { Error.stackTraceLimit = stackTraceLimit })
  Error.stackTraceLimit = 3
  t.ok(new errors.InvalidTokenError(refusal))
  t.ok(new errors.RouteMisconfiguredError(refusal, 'mistake'))
  t.equal(Error.stackTraceLimit, 3)
})

t.test('Retry-After is in whole seconds, at least one', async (t) => {
  for (const [seconds, header] of [[-5, '1'], [0, '1'], [0.2, '1'], [1, '1'], [1.2, '2'], [30, '30']] as const) {
    for (const Class of [errors.UnavailableError, errors.TooManyRequestsError, login.ProviderUnavailableError]) t.equal(new Class(refusal, seconds).headers['retry-after'], header)
  }
})

t.test('an error whose headers are changed does not change the next one', async (t) => {
  for (const Class of [errors.MissingCredentialError, errors.InvalidRequestError, errors.InvalidTokenError, errors.InvalidCredentialError, errors.ForbiddenError, session.LoginRequiredError]) {
    const { ...before } = new Class(refusal).headers
    Reflect.set(new Class(refusal).headers, 'www-authenticate', 'changed')
    t.strictSame({ ...new Class(refusal).headers }, before)
  }
})
