import t from 'tap'
import { compileDemands, meets, sufficientScope } from '../lib/demand.js'
import type { IdentityDemand } from '../lib/demand.js'
import { identity } from './support/identity.js'
import { mistake } from './support/mistake.js'

const refusal = (demands: object) => mistake(() => compileDemands('config', demands))

/** Whether a token with this claim meets the requirement of it. */
function accepts (requirement: unknown, claim: unknown, name = 'plan') {
  const [demand] = compileDemands('config', { claims: Object.fromEntries([[name, requirement]]) })
  const claims = { iss: 'https://id.example', exp: 1, ...Object.fromEntries([[name, claim]]) }
  return meets(identity({ claims }), demand as IdentityDemand)
}

t.test('nothing demanded is an empty list', async (t) => {
  t.strictSame(compileDemands('config', {}), [])
  t.strictSame(compileDemands('config', { scopes: undefined, permissions: undefined, roles: undefined, claims: undefined, acr: undefined, maxAge: undefined }), [])
})

t.test('step-up is asked first, then scopes, permissions, roles and claims, whatever the order they are written in', async (t) => {
  const demands = compileDemands('config', { claims: { plan: 'pro', org_id: true }, roles: 'editor', permissions: ['a', 'b'], scopes: { any: ['s', 't'] }, maxAge: 5, acr: 'mfa' })
  t.strictSame(demands.map(({ kind, text }) => [kind, text]), [
    ['acr', 'acr: mfa'],
    ['maxAge', 'maxAge: 5 s'],
    ['scopes', 'scopes: s or t'],
    ['permissions', 'permissions: a and b'],
    ['roles', 'roles: editor'],
    ['claim', 'claim plan: pro'],
    ['claim', 'claim org_id']
  ])
})

t.test('a demand of one kind is met by what is held of that kind only', async (t) => {
  const kinds = ['scopes', 'permissions', 'roles'] as const
  for (const kind of kinds) {
    const [demand] = compileDemands('config', { [kind]: 'x' })
    for (const held of kinds) t.equal(meets(identity({ [held]: ['x'] }), demand as IdentityDemand), held === kind, `${kind}, held: ${held}`)
  }
})

t.test('true means: the claim is there and not null', async (t) => {
  for (const value of ['pro', '', 0, false, true, [], {}]) t.ok(accepts(true, value), JSON.stringify(value))
  t.notOk(accepts(true, null))
  t.notOk(accepts(true, undefined))
})

t.test('[true] means: equals true', async (t) => {
  t.ok(accepts([true], true))
  for (const value of ['pro', 'true', 1, false, null, [true], {}]) t.notOk(accepts([true], value), JSON.stringify(value))
})

t.test('a value means: equals it, in type too; a list means: equals one of them', async (t) => {
  for (const [requirement, value, expected] of [
    ['pro', 'pro', true], ['pro', 'PRO', false], ['pro', ['pro'], false], ['pro', null, false], ['', '', true],
    [1, 1, true], [1, '1', false], [0, 0, true], [0, false, false], [0, null, false],
    [false, false, true], [false, 0, false], [false, null, false], [false, '', false],
    [['pro', 'team'], 'team', true], [['pro', 'team'], 'free', false], [['pro', 'team'], ['pro', 'team'], false],
    [[1, false, 'x'], false, true], [[1, false, 'x'], 'false', false]
  ] as const) t.equal(accepts(requirement, value), expected, `${JSON.stringify(requirement)}: ${JSON.stringify(value)}`)
})

t.test('a function is given the value, and only true is a yes', async (t) => {
  t.ok(accepts((value: unknown) => Array.isArray(value) && value.includes('a'), ['a', 'b']))
  for (const answer of [false, 1, 'yes', {}, undefined, Promise.resolve(true)]) t.notOk(accepts(() => answer, 'x'), String(answer))
  t.ok(accepts((value: unknown) => value === null, null), 'also null')
})

t.test('a function is not asked about a claim that is not there', async (t) => {
  const [demand] = compileDemands('config', { claims: { plan: () => true } })
  t.notOk(meets(identity(), demand as IdentityDemand))
})

t.test('a claim that is not there meets nothing', async (t) => {
  for (const requirement of [true, 'pro', false, 0, ['pro']]) {
    const [demand] = compileDemands('config', { claims: { plan: requirement } })
    t.notOk(meets(identity(), demand as IdentityDemand), JSON.stringify(requirement))
  }
})

t.test('what every object has is no claim of the token', async (t) => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    for (const requirement of [true, () => true]) {
      const [demand] = compileDemands('config', { claims: Object.fromEntries([[name, requirement]]) })
      t.notOk(meets(identity(), demand as IdentityDemand), name)
    }
    t.ok(accepts('x', 'x', name), 'unless it is there')
  }
})

t.test('a demand is compiled once: changing the list of values later changes nothing', async (t) => {
  const plans = ['pro']
  const [demand] = compileDemands('config', { claims: { plan: plans } })
  plans.push('free')
  t.notOk(meets(identity({ claims: { iss: 'https://id.example', exp: 1, plan: 'free' } }), demand as IdentityDemand))
})

t.test('claims are shown in words, and a function without its source', async (t) => {
  const texts = compileDemands('config', { claims: { a: true, b: ['x', 1, false], c: () => 'hunter2' } }).map(({ text }) => text)
  t.strictSame(texts, ['claim a', 'claim b: x or 1 or false', 'claim c: a function of it'])
})

t.test('a wrong demand is refused with its path', async (t) => {
  const values = 'expected true, a text, number or boolean, a list of them, or a function'
  for (const [demands, sentence] of [
    [{ scopes: [] }, 'config.scopes: expected a list with at least one name, got []; leave it out to demand nothing'],
    [{ permissions: [] }, 'config.permissions: expected a list with at least one name, got []; leave it out to demand nothing'],
    [{ roles: {} }, 'config.roles: expected a name, a list of names, { all: […] } or { any: […] }, got {}'],
    [{ scopes: null }, 'config.scopes: expected a name, a list of names, { all: […] } or { any: […] }, got null'],
    [{ claims: {} }, 'config.claims: expected at least one claim, got {}; leave it out to demand nothing'],
    [{ claims: ['org_id'] }, "config.claims: expected an object, got [ 'org_id' ]"],
    [{ claims: 'org_id' }, "config.claims: expected an object, got 'org_id'"],
    [{ claims: { plan: [] } }, `config.claims.plan: ${values}, got []`],
    [{ claims: { plan: null } }, `config.claims.plan: ${values}, got null`],
    [{ claims: { plan: undefined } }, `config.claims.plan: ${values}, got undefined`],
    [{ claims: { plan: NaN } }, `config.claims.plan: ${values}, got NaN`],
    [{ claims: { plan: { not: 'free' } } }, `config.claims.plan: ${values}, got an object with not`],
    [{ claims: { plan: ['pro', null] } }, `config.claims.plan: ${values}, got [ 'pro', null ]`],
    [{ claims: { plan: [['pro']] } }, `config.claims.plan: ${values}, got [ [ 'pro' ] ]`],
    [{ claims: { plan: /pro/g } }, `config.claims.plan: ${values}, got /pro/g`]
  ] as const) t.equal(refusal(demands), sentence)
})

t.test('the scope of a challenge is what would satisfy every demand for scopes, each once', async (t) => {
  for (const [demands, scope] of [
    [{}, undefined],
    [{ roles: 'a', claims: { b: true } }, undefined],
    [{ scopes: 'a' }, 'a'],
    [{ scopes: ['a', 'b'], permissions: 'p' }, 'a b'],
    [{ scopes: { any: ['b', 'a'] } }, 'b']
  ] as const) t.equal(sufficientScope(compileDemands('config', demands)), scope)
  const both = [...compileDemands('group', { scopes: ['a', 'b'] }), ...compileDemands('route', { scopes: ['b', 'c'] })]
  t.equal(sufficientScope(both), 'a b c')
})
