import t from 'tap'
import { compileDemands } from '../lib/demand.js'
import { InsufficientScopeError, InsufficientUserAuthenticationError } from '../lib/errors.js'
import { guard } from '../lib/guard.js'
import { bothPolicies, compilePolicy } from '../lib/policy.js'
import type { Identity } from '../types/identity.js'
import type { Demands } from '../types/route.js'
import { fakeClock } from './support/clock.js'
import { identity } from './support/identity.js'
import { mistake } from './support/mistake.js'

const TOLERANCE = 10
const NOW = 1_646_340_198

/** The claims of a token, as JSON has them. */
function withClaims (json: string, more: Partial<Identity> = {}): Identity {
  return identity({ ...more, claims: JSON.parse(json) as Identity['claims'] })
}

const judge = (demands: Demands, who: Identity) => guard(compileDemands('config', demands), who, TOLERANCE)

t.test('the claim acr must be one of the classes', async (t) => {
  for (const acr of ['myACR', ['otherACR', 'myACR']]) t.equal(judge({ acr }, withClaims('{"acr":"myACR"}')), undefined)
  for (const claims of ['{}', '{"acr":"MYACR"}', '{"acr":"myACR "}', '{"acr":""}', '{"acr":["myACR"]}', '{"acr":null}', '{"acr":{"myACR":true}}', '{"ACR":"myACR"}', '{"acr":0}']) {
    t.type(judge({ acr: 'myACR' }, withClaims(claims)), InsufficientUserAuthenticationError, claims)
  }
  t.type(judge({ acr: 'toString' }, withClaims('{}')), InsufficientUserAuthenticationError)
})

t.test('the claim auth_time must be no further back than maxAge, give or take the tolerance', async (t) => {
  fakeClock(t, NOW * 1000)
  for (const [maxAge, ago] of [[300, 0], [300, 299.5], [300, 310], [0, 0], [0, 10], [300, -10], [0, -10], [1e9, 9e8]] as const) {
    t.equal(judge({ maxAge }, withClaims(`{"auth_time":${NOW - ago}}`)), undefined, `${ago} s ago, at most ${maxAge}`)
  }
  for (const [maxAge, ago] of [[300, 310.1], [300, 311], [0, 10.1], [300, -10.1], [300, -3600]] as const) {
    t.type(judge({ maxAge }, withClaims(`{"auth_time":${NOW - ago}}`)), InsufficientUserAuthenticationError, `${ago} s ago, at most ${maxAge}`)
  }
})

t.test('an auth_time that is no time meets no maxAge, be it ever so large', async (t) => {
  fakeClock(t, NOW * 1000)
  for (const time of [`${NOW * 1000}`, `"${NOW}"`, '-5', '1e400', '-1e400', 'null', 'true', `[${NOW}]`, '{}', '""']) {
    t.type(judge({ maxAge: Number.MAX_SAFE_INTEGER }, withClaims(`{"auth_time":${time}}`)), InsufficientUserAuthenticationError, time)
  }
})

t.test('the log says what was expected and what was found, and hints at what is missing', async (t) => {
  fakeClock(t, NOW * 1000)
  const about = { provider: 'oidc', clientId: 'client-1' }
  for (const [demands, claims, refusal] of [
    [{ acr: ['a', 'b'] }, '{}', { reason: 'acr_insufficient', expected: 'acr: a or b', found: 'no acr', hint: 'have the provider put acr into access tokens (RFC 9470 section 6)' }],
    [{ acr: 'a' }, '{"acr":"c"}', { reason: 'acr_insufficient', expected: 'acr: a', found: 'c' }],
    [{ acr: 'a' }, '{"acr":{"b":1}}', { reason: 'acr_insufficient', expected: 'acr: a', found: '[an object]' }],
    [{ maxAge: 5 }, '{}', { reason: 'authentication_too_old', expected: 'maxAge: 5 s', found: 'no auth_time', hint: 'have the provider put auth_time into access tokens (RFC 9470 section 6)' }],
    [{ maxAge: 5 }, `{"auth_time":${NOW - 60.4}}`, { reason: 'authentication_too_old', expected: 'maxAge: 5 s', found: 'logged in 60 s ago' }],
    [{ maxAge: 5 }, `{"auth_time":${NOW + 60}}`, { reason: 'authentication_too_old', expected: 'maxAge: 5 s', found: 'auth_time is 60 s ahead', hint: 'auth_time is in milliseconds, or a clock is wrong' }],
    [{ maxAge: 5 }, '{"auth_time":"yesterday"}', { reason: 'authentication_too_old', expected: 'maxAge: 5 s', found: 'yesterday', hint: 'auth_time must be seconds since the epoch: the issuer must mend it' }]
  ] as const) t.strictSame(judge(demands, withClaims(claims))?.refusal, { ...about, ...refusal }, claims)
})

t.test('a session is judged by its ID token, whatever the app says of the person', async (t) => {
  const demands = compileDemands('config', { acr: 'mfa' })
  const session = withClaims('{"acr":"mfa"}', { type: 'session' })
  t.equal(guard(demands, session, TOLERANCE, { grantsNothing: undefined, login: { acr: 'mfa' } }), undefined)
  for (const evidence of [{ grantsNothing: undefined, login: {} }, null, undefined]) {
    t.match(guard(demands, session, TOLERANCE, evidence)?.refusal, { reason: 'acr_insufficient', found: 'no acr', hint: 'have the provider put acr into ID tokens' })
  }
  t.type(guard(demands, withClaims('{}'), TOLERANCE, { grantsNothing: undefined, login: { acr: 'mfa' } }), InsufficientUserAuthenticationError, 'nor does it vouch for a token')
})

t.test('an API key speaks of no login: 401 all the same, for a token would do', async (t) => {
  const denial = judge({ acr: 'mfa' }, withClaims('{}', { type: 'api_key' }))
  t.match(denial, { statusCode: 401, refusal: { found: 'no acr', hint: 'this kind of credential speaks of no login: name those the route takes with auth.credentials' } })
})

t.test('it is asked first, and the challenge names all that one more login must bring', async (t) => {
  fakeClock(t, NOW * 1000)
  const demands = { acr: ['a', 'b'], maxAge: 300, scopes: ['s', 't'], roles: 'r', claims: { c: true } } as const
  const sentence = 'This needs a stronger or more recent authentication'
  const challenge = `Bearer realm="api", error="insufficient_user_authentication", error_description="${sentence}", scope="s t", acr_values="a b", max_age="300"`
  for (const claims of ['{}', '{"acr":"a"}', `{"auth_time":${NOW}}`]) {
    t.match(judge(demands, withClaims(claims)), { statusCode: 401, error: 'insufficient_user_authentication', message: sentence, headers: { 'www-authenticate': challenge } }, claims)
  }
  t.type(judge(demands, withClaims(`{"acr":"b","auth_time":${NOW}}`)), InsufficientScopeError)
})

const compile = (config: object) => compilePolicy('route GET /: config', config)

t.test('what a group and a route in it demand must both hold, and the challenge says what does for both', async (t) => {
  for (const [outer, inner, joint] of [
    [{ acr: 'a' }, {}, { acrValues: ['a'] }],
    [{}, { acr: ['a', 'b'] }, { acrValues: ['a', 'b'] }],
    [{ acr: ['a', 'b', 'c'] }, { acr: ['c', 'b'] }, { acrValues: ['b', 'c'] }],
    [{ acr: ['a', 'a'] }, { acr: 'b' }, { acrValues: [] }],
    [{ maxAge: 300 }, { maxAge: 60 }, { maxAge: 60 }],
    [{ maxAge: 0 }, { maxAge: 60, acr: 'a' }, { acrValues: ['a'], maxAge: 0 }],
    [{}, {}, undefined]
  ] as const) {
    const policy = bothPolicies(compile({ auth: outer, roles: 'r' }), compile({ auth: inner, scopes: 's' }))
    t.same(policy.stepUp, joint)
    t.strictSame(policy.demands.slice(-2).map(({ kind }) => kind), ['scopes', 'roles'], 'and it is asked first')
    t.notOk(policy.demands.slice(0, -2).some(({ kind }) => kind !== 'acr' && kind !== 'maxAge'))
    t.ok(Object.isFrozen(policy.demands))
  }
})

t.test('a demand shares nothing with the config', async (t) => {
  const acr = ['a']
  const { stepUp, demands } = compile({ auth: { acr } })
  acr.push('b')
  t.strictSame([stepUp, demands.map(({ text }) => text)], [{ acrValues: ['a'] }, ['acr: a']])
})

t.test('a wrong demand is named with path, value and remedy', async (t) => {
  for (const [demands, sentence] of [
    [{ acr: [] }, 'config.acr: expected a class, or a list of classes, got []; leave it out to accept any login'],
    [{ acr: '' }, "config.acr: expected texts without white space, quotes or backslashes, got ''"],
    [{ acr: 'a b' }, "config.acr: expected texts without white space, quotes or backslashes, got 'a b'; write [\"a\",\"b\"] to accept each"],
    [{ acr: ['a', 'b"'] }, "config.acr: expected texts without white space, quotes or backslashes, got 'b\"'"],
    [{ acr: ['a', undefined] }, 'config.acr: expected texts without white space, quotes or backslashes, got undefined'],
    [{ acr: { any: ['a'] } }, 'config.acr: expected texts without white space, quotes or backslashes, got an object with any'],
    [{ acr: 2 }, 'config.acr: expected texts without white space, quotes or backslashes, got 2'],
    [{ acr: null }, 'config.acr: expected texts without white space, quotes or backslashes, got null'],
    ...['300', '5m', -1, 0.5, NaN, Infinity, 1e300, null, true, [300]].map((maxAge) => [{ maxAge }, /^config\.maxAge: expected seconds, a whole number, got .+; leave it out to accept a login of any age$/] as const)
  ] as const) t.match(mistake(() => compileDemands('config', demands)), sentence)
})
