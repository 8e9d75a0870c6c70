import { inspect } from 'node:util'
import t from 'tap'
import Fastify from 'fastify'
import * as errors from '../lib/errors.js'
import type { AuthError } from '../lib/errors.js'
import type { Refusal } from '../lib/refusal.js'

const refusal: Refusal = { reason: 'token_malformed', found: 'hunter2', hint: 'for the operator' }
const malformed = 'The request must carry exactly one credential, in one header and well formed: Authorization: Bearer, one space, the token'
const invalid = 'The access token is expired, revoked, malformed or not meant for this API'
const lacking = 'The access token lacks a scope this request needs'

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
  const classes = Object.values(errors).filter((value) => value !== errors.AuthError)
  t.strictSame(new Set(Object.values(TABLE).map(([error]) => error.constructor)), new Set<unknown>(classes))
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
    for (const Class of [errors.UnavailableError, errors.TooManyRequestsError]) t.equal(new Class(refusal, seconds).headers['retry-after'], header)
  }
})

t.test('an error whose headers are changed does not change the next one', async (t) => {
  for (const Class of [errors.MissingCredentialError, errors.InvalidRequestError, errors.InvalidTokenError, errors.InvalidCredentialError, errors.ForbiddenError]) {
    const { ...before } = new Class(refusal).headers
    Reflect.set(new Class(refusal).headers, 'www-authenticate', 'changed')
    t.strictSame({ ...new Class(refusal).headers }, before)
  }
})
