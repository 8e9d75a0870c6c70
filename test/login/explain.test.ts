import { ClientError } from 'openid-client'
import t from 'tap'
import { UnavailableError } from '../../lib/errors.js'
import { LoginError } from '../../lib/login/errors.js'
import { explain } from '../../lib/login/explain.js'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { OAuthRefusal } from '../../lib/token/oauth-answers.js'

const coded = (message: string, code: string, cause?: unknown) => Object.assign(new Error(message, { cause }), { code })

t.test('whatever an exchange fails with becomes an error of ours, and none of its words are shown but constant ones', async (t) => {
  const known = new LoginError({ provider: 'oidc', reason: 'state_mismatch' })
  t.equal(explain(known, 'oidc'), known)
  for (const [error, expected] of [
    [new FetchFailure('status 503', { retryAfter: 9 }), { statusCode: 503, refusal: { reason: 'provider_unavailable', hint: 'status 503' }, headers: { 'retry-after': '9' } }],
    [new Error('hunter2', { cause: new FetchFailure('no answer') }), { statusCode: 503, refusal: { hint: 'no answer' } }],
    [new Error('hunter2', { cause: new OAuthRefusal(400, 'invalid_grant') }), { statusCode: 403, error: 'invalid_grant' }],
    [new UnavailableError({ reason: 'keys_unavailable', hint: 'no keys' }, 4), { statusCode: 503, refusal: { hint: 'no keys' }, headers: { 'retry-after': '4' } }],
    [coded('hunter2', 'OAUTH_INVALID_RESPONSE', coded('constant', 'OAUTH_INVALID_RESPONSE', 'hunter2')), { statusCode: 400, refusal: { reason: 'answer_refused', hint: 'OAUTH_INVALID_RESPONSE: constant' } }],
    [coded('hunter2', 'OAUTH_PARSE_ERROR', new SyntaxError('hunter2')), { statusCode: 400, refusal: { hint: 'OAUTH_PARSE_ERROR' } }],
    [coded('hunter2', 'OAUTH_PARSE_ERROR'), { statusCode: 400, refusal: { hint: 'OAUTH_PARSE_ERROR' } }],
    [new Error('hunter2'), { statusCode: 503, refusal: { hint: 'the question could not be put, or took too long' } }],
    [AbortSignal.abort().reason, { statusCode: 503 }],
    [new ClientError('hunter2'), { statusCode: 503 }]
  ] as const) {
    const explained = explain(error, 'oidc')
    t.match(explained, expected)
    t.equal(explained.refusal.provider, 'oidc')
    t.notMatch(JSON.stringify([explained, explained.message, explained.refusal, explained.cause]), /hunter2/)
  }
})

t.test('what is none of its failures is no outage of the provider: it stays what it is, with its stack', async (t) => {
  for (const error of [new TypeError('x is not a function'), new RangeError('too deep'), Object.assign(new TypeError('bad'), { code: 'ERR_INVALID_ARG_VALUE' }), 'hunter2', undefined]) {
    try {
      explain(error, 'oidc')
      t.fail('it was explained')
    } catch (thrown) {
      t.equal(thrown, error)
    }
  }
})
