import Fastify from 'fastify'
import t from 'tap'
import { gatehouse, oidc } from '../lib/index.js'
import { bothPolicies, compilePolicy, PUBLIC, saysAnything } from '../lib/policy.js'
import type { KnownNames, RawPolicy } from '../lib/policy.js'
import { mistake } from './support/mistake.js'

const compile = (config: RawPolicy, known?: KnownNames) => compilePolicy('route GET /messages: config', config, known)
const texts = (config: RawPolicy) => compile(config).demands.map(({ text }) => text)

t.test('a route that says nothing demands a credential, of any provider', async (t) => {
  t.strictSame({ ...compile({}) }, { mode: 'required', providers: undefined, credentials: undefined, demands: [], authorize: [], requiresDpop: false, scope: undefined, stepUp: undefined, needsAccessToken: false })
})

t.test('auth is false, a mode, or an object with a mode', async (t) => {
  for (const [auth, mode] of [
    [false, 'public'], ['required', 'required'], ['optional', 'optional'], [undefined, 'required'], [{}, 'required'],
    [{ mode: undefined }, 'required'], [{ mode: 'required' }, 'required'], [{ mode: 'optional' }, 'optional']
  ] as const) t.equal(compile({ auth }).mode, mode, JSON.stringify(auth))
})

t.test('auth: false is the one public policy, which demands nothing', async (t) => {
  t.equal(compile({ auth: false }), PUBLIC)
  t.strictSame({ ...PUBLIC }, { mode: 'public', providers: undefined, credentials: undefined, demands: [], authorize: [], requiresDpop: false, scope: undefined, stepUp: undefined, needsAccessToken: false })
})

t.test('a route demands what its config says, scopes first', async (t) => {
  t.strictSame(texts({ roles: 'editor', scopes: ['a', 'b'], permissions: { any: ['p', 'q'] }, auth: { claims: { org_id: true } } }),
    ['scopes: a and b', 'permissions: p or q', 'roles: editor', 'claim org_id'])
  t.equal(compile({ scopes: ['a', { any: ['b', 'c'] }] }).scope, 'a b')
  t.equal(compile({ roles: 'editor' }).scope, undefined)
})

t.test('what a session has from its access token alone is told from what it has by itself', async (t) => {
  for (const config of [{ scopes: 'a' }, { permissions: 'a' }, { roles: 'a' }]) t.equal(compile(config).needsAccessToken, true)
  t.equal(compile({ auth: { claims: { org_id: true }, acr: 'a', maxAge: 1 } }).needsAccessToken, false)
  t.equal(bothPolicies(compile({ roles: 'a' }), compile({})).needsAccessToken, true)
})

t.test('auth.providers says who may vouch', async (t) => {
  t.strictSame(compile({ auth: { providers: ['staff'] } }, { providers: ['staff', 'customers'] }).providers, ['staff'])
  t.strictSame(compile({ auth: { providers: ['anybody'] } }).providers, ['anybody'], 'where a resolver chooses, names are not known')
})

t.test('auth.credentials says what may be presented', async (t) => {
  t.strictSame(compile({ auth: { credentials: ['api_key'] } }, { credentials: ['access_token', 'api_key'] }).credentials, ['api_key'])
  t.equal(compile({ auth: { mode: 'optional', credentials: ['api_key'] } }).mode, 'optional')
  t.strictSame(compile({ auth: { providers: ['staff'], credentials: ['signature'] } }, { providers: ['staff'] }), { ...compile({}), providers: ['staff'], credentials: ['signature'] })
})

t.test('auth.authorize is kept as it is, on an optional route too', async (t) => {
  const authorize = () => true
  t.strictSame(compile({ auth: { authorize } }).authorize, [authorize])
  t.strictSame(compile({ auth: { mode: 'optional', authorize } }).authorize, [authorize])
  t.strictSame(compile({ auth: { authorize: undefined } }).authorize, [])
})

t.test('members of other plugins are left alone, also where they are called like members of ours elsewhere', async (t) => {
  const theirs: object = { rateLimit: { max: 1 }, claims: 'x', providers: [], authorize: 'y', mode: 'z', acr: [], maxAge: '1h' }
  t.strictSame(texts({ ...theirs, scopes: 'a' }), ['scopes: a'])
  t.strictSame({ ...compile(theirs) }, { ...compile({}) })
})

t.test('a policy is frozen and shares nothing with the config', async (t) => {
  const names = ['staff']
  const config = { auth: { providers: names, credentials: names, authorize: () => true }, scopes: ['a'] }
  const policy = compile(config)
  names.push('customers')
  config.scopes.length = 0
  t.strictSame([policy.providers, policy.credentials], [['staff'], ['staff']])
  t.notOk(policy.demands[0]?.kind !== 'scopes' || policy.demands[0].requirement.met([]))
  for (const part of [policy, policy.providers, policy.credentials, policy.demands, policy.authorize, PUBLIC]) t.ok(Object.isFrozen(part))
  t.notOk(Object.isFrozen(names))
})

t.test('a config is never written to', async (t) => {
  const config = Object.freeze({ auth: Object.freeze({ providers: Object.freeze(['a']), claims: Object.freeze({ b: true }) }), scopes: Object.freeze(['c']) })
  t.strictSame(texts(config), ['scopes: c', 'claim b'])
})

t.test('a config says something with auth or a demand, also a wrong one', async (t) => {
  for (const config of [{ auth: false }, { auth: 'required' }, { auth: null }, { scopes: 'a' }, { permissions: [] }, { roles: {} }]) t.ok(saysAnything(config))
  for (const config of [{}, { auth: undefined, scopes: undefined }, { scope: 'a' }, { ...{ rateLimit: {} } }]) t.notOk(saysAnything(config))
})

t.test('a group and a route in it demand both their demands', async (t) => {
  const outerAsks = () => true
  const innerAsks = () => false
  const outer = compile({ scopes: ['a', 'b'], auth: { authorize: outerAsks } })
  const inner = compile({ scopes: 'c', roles: 'editor', auth: { mode: 'required', authorize: innerAsks } })
  const both = bothPolicies(outer, inner)
  t.equal(both.mode, 'required')
  t.strictSame(both.demands, [...outer.demands, ...inner.demands])
  t.strictSame(both.authorize, [outerAsks, innerAsks], "the group's is asked first")
  t.equal(both.scope, 'a b c', 'and a challenge names the scopes of both')
  for (const part of [both, both.demands, both.authorize]) t.ok(Object.isFrozen(part))
})

t.test('an optional route in a group is required: a group demands', async (t) => {
  t.equal(bothPolicies(compile({}), compile({ auth: 'optional' })).mode, 'required')
})

for (const member of ['providers', 'credentials'] as const) {
  t.test(`between a group and a route only ${member} of both are accepted`, async (t) => {
    const accepting = (...names: string[]) => compile({ auth: names.length === 0 ? 'required' : { [member]: names } })
    for (const [outer, inner, both] of [
      [[], [], undefined],
      [['a', 'b'], [], ['a', 'b']],
      [[], ['a'], ['a']],
      [['a', 'b'], ['b', 'c'], ['b']],
      [['a'], ['b'], []]
    ]) t.strictSame(bothPolicies(accepting(...outer!), accepting(...inner!))[member], both)
  })
}

const path = 'route GET /messages: config'
const refusal = (config: RawPolicy, known?: KnownNames) => mistake(() => compilePolicy(path, config, known))

t.test('near misses are named, on a public route too', async (t) => {
  for (const [miss, meant] of [['scope', 'scopes'], ['permission', 'permissions'], ['role', 'roles']] as const) {
    t.equal(refusal({ [miss]: 'a' }), `${path}.${miss}: did you mean "${meant}"?`)
    t.equal(refusal({ [miss]: 'a', auth: false }), `${path}.${miss}: did you mean "${meant}"?`)
    t.equal(refusal({ [miss]: undefined }), undefined)
  }
})

t.test('a public route cannot demand anything', async (t) => {
  for (const member of ['scopes', 'permissions', 'roles']) {
    for (const value of ['a', []]) {
      t.equal(refusal({ auth: false, [member]: value }), `${path}: auth: false makes the route public, so it cannot demand ${member}; remove one of the two`)
    }
  }
})

t.test('an optional route cannot demand what anonymous callers do not have', async (t) => {
  const sentence = (text: string) => `${path}: an optional route lets anonymous callers in, so it cannot demand ${text}; ` +
    "make it 'required', or call request.auth.require() where it matters"
  t.equal(refusal({ auth: 'optional', scopes: 'a' }), sentence('scopes: a'))
  t.equal(refusal({ auth: { mode: 'optional' }, roles: ['a', 'b'] }), sentence('roles: a and b'))
  t.equal(refusal({ auth: { mode: 'optional', claims: { org_id: true } } }), sentence('claim org_id'))
  t.equal(refusal({ auth: { mode: 'optional', acr: ['a', 'b'] } }), sentence('acr: a or b'))
  t.equal(refusal({ auth: { mode: 'optional', maxAge: 0 } }), sentence('maxAge: 0 s'))
})

t.test('auth is false, a mode or an object', async (t) => {
  t.equal(refusal({ auth: true }), `${path}.auth: expected false, 'required', 'optional' or an object, got true; write 'required'`)
  for (const [auth, shown] of [['public', "'public'"], ['', "''"], [0, '0'], ['Required', "'Required'"]]) {
    t.equal(refusal({ auth }), `${path}.auth: expected false, 'required', 'optional' or an object, got ${shown}`)
  }
  t.match(refusal({ auth: () => true }), /^route GET \/messages: config\.auth: expected false, 'required', 'optional' or an object, got a function/)
  t.equal(refusal({ auth: [] }), `${path}.auth: expected an object, got []`)
})

t.test('auth: null is a mistake, not a way to say nothing', async (t) => {
  t.match(refusal({ auth: null }), /^route GET \/messages: config\.auth: expected .+, got null/)
})

t.test('the long form of auth has known members of known kinds', async (t) => {
  for (const [auth, sentence] of [
    [{ scopes: 'a' }, '.auth: unknown key "scopes"; known are mode, providers, credentials, dpop, claims, acr, maxAge, authorize'],
    [{ provider: ['a'] }, '.auth: unknown key "provider"; did you mean "providers"?'],
    [{ claim: {} }, '.auth: unknown key "claim"; did you mean "claims"?'],
    [{ mode: 'public' }, ".auth.mode: expected 'required' or 'optional', got 'public'; write auth: false for a public route"],
    [{ mode: false }, ".auth.mode: expected 'required' or 'optional', got false"],
    [{ mode: null }, ".auth.mode: expected 'required' or 'optional', got null"],
    [{ authorize: true }, '.auth.authorize: expected a function of the request, got true'],
    [{ authorize: null }, '.auth.authorize: expected a function of the request, got null'],
    [{ claims: {} }, '.auth.claims: expected at least one claim, got {}; leave it out to demand nothing'],
    [{ claims: null }, '.auth.claims: expected an object, got null'],
    [{ providers: [] }, '.auth.providers: expected a list of provider names, got []; leave it out to accept all'],
    [{ providers: 'staff' }, ".auth.providers: expected a list of provider names, got 'staff'; leave it out to accept all"],
    [{ providers: null }, '.auth.providers: expected a list of provider names, got null; leave it out to accept all'],
    [{ providers: ['staff', 'stuff'] }, ".auth.providers: expected one of staff, customers, got 'stuff'"],
    [{ providers: [undefined] }, '.auth.providers: expected one of staff, customers, got undefined'],
    [{ credential: ['api_key'] }, '.auth: unknown key "credential"; did you mean "credentials"?'],
    [{ credentials: [] }, '.auth.credentials: expected a list of kinds of credentials, got []; leave it out to accept all'],
    [{ credentials: 'api_key' }, ".auth.credentials: expected a list of kinds of credentials, got 'api_key'; leave it out to accept all"],
    [{ credentials: null }, '.auth.credentials: expected a list of kinds of credentials, got null; leave it out to accept all'],
    [{ credentials: ['api_key', 'apikey'] }, ".auth.credentials: expected one of access_token, api_key, got 'apikey'"],
    [{ credentials: ['session'] }, ".auth.credentials: expected one of access_token, api_key, got 'session'"],
    [{ credentials: ['constructor'] }, ".auth.credentials: expected one of access_token, api_key, got 'constructor'"],
    [{ credentials: [undefined] }, '.auth.credentials: expected one of access_token, api_key, got undefined']
  ] as const) t.equal(refusal({ auth }, { providers: ['staff', 'customers'], credentials: ['access_token', 'api_key'] }), `${path}${sentence}`)
})

t.test('where a resolver chooses, the name of a provider is any text', async (t) => {
  t.equal(refusal({ auth: { providers: [42] } }), `${path}.auth.providers: expected provider names, got 42`)
  t.equal(refusal({ auth: { credentials: [42] } }), `${path}.auth.credentials: expected kinds of credentials, got 42`)
})

t.test('an empty or unknown demand is named with its path', async (t) => {
  for (const [config, sentence] of [
    [{ scopes: [] }, '.scopes: expected a list with at least one name, got []; leave it out to demand nothing'],
    [{ scopes: { any: [] } }, '.scopes.any: expected a list with at least one name, got []; leave it out to demand nothing'],
    [{ permissions: { anyOf: ['a'] } }, '.permissions: unknown key "anyOf"; known are all, any'],
    [{ roles: 'a b' }, '.roles: expected a name without white space, quotes or backslashes, got \'a b\'; write ["a","b"] to demand each'],
    [{ auth: { claims: { plan: [] } } }, '.auth.claims.plan: expected true, a text, number or boolean, a list of them, or a function, got []']
  ] as const) t.equal(refusal(config), `${path}${sentence}`)
})

t.test('a mistake in a config fails the boot and names method and URL', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const provider = oidc({ issuer: 'https://id.example', audience: 'https://api.example' })
  await app.register(gatehouse, { provider, startup: 'lazy' })
  app.register(async (scope) => {
    scope.get('/messages', { config: { scopes: [] } }, async () => 'never')
  }, { prefix: '/v1' })
  await t.rejects(async () => { await app.ready() }, {
    name: 'TypeError',
    message: 'route GET /v1/messages: config.scopes: expected a list with at least one name, got []; leave it out to demand nothing'
  })
})

t.test('a member of auth that stands beside it would demand nothing, so it stops the boot', async (t) => {
  for (const [config, name] of [
    [{ credentials: ['access_token'] }, 'credentials'],
    [{ auth: 'required', providers: ['staff'] }, 'providers'],
    [{ scopes: 'a', claims: { admin: true } }, 'claims'],
    [{ authorize: () => false }, 'authorize'],
    [{ auth: { claims: { a: true } }, acr: 'urn:mfa' }, 'acr'],
    [{ acr: ['urn:mfa', 'urn:hwk'] }, 'acr'],
    [{ scopes: 'a', maxAge: 300 }, 'maxAge'],
    [{ auth: false, maxAge: 0 }, 'maxAge']
  ] as const) t.equal(refusal(config), `${path}.${name}: belongs inside auth: write auth: { ${name}: … }`)
})
