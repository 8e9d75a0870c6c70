import t from 'tap'
import { bothPolicies, compilePolicy, PUBLIC, saysAnything } from '../lib/policy.js'
import type { KnownNames, RawPolicy } from '../lib/policy.js'

const compile = (config: RawPolicy, known?: KnownNames) => compilePolicy('route GET /messages: config', config, known)
const texts = (config: RawPolicy) => compile(config).demands.map(({ text }) => text)

t.test('a route that says nothing demands a credential, of any provider', async (t) => {
  t.strictSame({ ...compile({}) }, { mode: 'required', providers: undefined, credentials: undefined, demands: [], authorize: [], scope: undefined, needsAccessToken: false })
})

t.test('auth is false, a mode, or an object with a mode', async (t) => {
  for (const [auth, mode] of [
    [false, 'public'], ['required', 'required'], ['optional', 'optional'], [undefined, 'required'], [{}, 'required'],
    [{ mode: undefined }, 'required'], [{ mode: 'required' }, 'required'], [{ mode: 'optional' }, 'optional']
  ] as const) t.equal(compile({ auth }).mode, mode, JSON.stringify(auth))
})

t.test('auth: false is the one public policy, which demands nothing', async (t) => {
  t.equal(compile({ auth: false }), PUBLIC)
  t.strictSame({ ...PUBLIC }, { mode: 'public', providers: undefined, credentials: undefined, demands: [], authorize: [], scope: undefined, needsAccessToken: false })
})

t.test('a route demands what its config says, scopes first', async (t) => {
  t.strictSame(texts({ roles: 'editor', scopes: ['a', 'b'], permissions: { any: ['p', 'q'] }, auth: { claims: { org_id: true } } }),
    ['scopes: a and b', 'permissions: p or q', 'roles: editor', 'claim org_id'])
  t.equal(compile({ scopes: ['a', { any: ['b', 'c'] }] }).scope, 'a b')
  t.equal(compile({ roles: 'editor' }).scope, undefined)
})

t.test('what a session has from its access token alone is told from what it has by itself', async (t) => {
  for (const config of [{ scopes: 'a' }, { permissions: 'a' }, { roles: 'a' }]) t.equal(compile(config).needsAccessToken, true)
  t.equal(compile({ auth: { claims: { org_id: true } } }).needsAccessToken, false)
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
  const theirs: object = { rateLimit: { max: 1 }, claims: 'x', providers: [], authorize: 'y', mode: 'z' }
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
