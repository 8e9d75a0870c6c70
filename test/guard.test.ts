import t from 'tap'
import { compileDemands } from '../lib/demand.js'
import { ForbiddenError, InsufficientScopeError } from '../lib/errors.js'
import { guard } from '../lib/guard.js'
import type { Demands } from '../types/route.js'
import { identity } from './support/identity.js'

const judge = (demands: Demands, held: Parameters<typeof identity>[0]) => guard(compileDemands('config', demands), identity(held), 10)

t.test('who meets every demand may pass', async (t) => {
  t.equal(judge({}, {}), undefined)
  const claims = { iss: 'https://id.example', exp: 1, plan: 'pro' }
  t.equal(judge({ scopes: 's', permissions: 'p', roles: 'r', claims: { plan: 'pro' } }, { scopes: ['s'], permissions: ['p'], roles: ['r'], claims }), undefined)
})

t.test('who lacks a scope learns which would do: of any, the first alternative', async (t) => {
  const denial = judge({ scopes: ['a', { any: ['b', 'c'] }] }, { scopes: ['a', 'x'] })
  t.type(denial, InsufficientScopeError)
  t.match(denial?.headers['www-authenticate'], /scope="a b"$/)
  t.strictSame(denial?.refusal, {
    reason: 'scope_missing',
    provider: 'oidc',
    clientId: 'client-1',
    expected: 'scopes: a and (b or c)',
    found: ['a', 'x'],
    hint: undefined
  })
})

t.test('who lacks one of several demands for scopes learns what all of them want', async (t) => {
  const demands = [...compileDemands('group', { scopes: 'a' }), ...compileDemands('route', { scopes: 'b' })]
  const denial = guard(demands, identity({ scopes: ['a'] }), 10)
  t.match(denial?.headers['www-authenticate'], /scope="a b"$/)
  t.equal(denial?.refusal.expected, 'scopes: b')
})

t.test('who lacks a permission or a role is told nothing, and the log everything', async (t) => {
  for (const [demands, reason, expected] of [
    [{ permissions: ['p', 'q'] }, 'permission_missing', 'permissions: p and q'],
    [{ roles: { any: ['p', 'q'] } }, 'role_missing', 'roles: p or q']
  ] as const) {
    const denial = judge(demands, { permissions: ['x'], roles: ['x'] })
    t.type(denial, ForbiddenError)
    t.strictSame(denial?.headers, {})
    t.match(denial?.refusal, { reason, expected, found: ['x'], provider: 'oidc', clientId: 'client-1' })
    t.equal(denial?.refusal.hint, undefined)
  }
})

t.test('the log says whether a refused claim was there, never its value', async (t) => {
  const claims = { iss: 'https://id.example', exp: 1, email: 'somebody@example.com', gone: null }
  for (const [name, found] of [['email', 'another value'], ['gone', 'another value'], ['plan', 'no such claim'], ['constructor', 'no such claim']] as const) {
    const denial = judge({ claims: { [name]: 'pro' } }, { claims })
    t.type(denial, ForbiddenError)
    t.strictSame(denial?.refusal, { reason: 'claim_refused', provider: 'oidc', clientId: 'client-1', expected: `claim ${name}: pro`, found })
  }
})

t.test('the first demand that is not met decides, scopes before all others', async (t) => {
  const demands = { claims: { plan: true }, roles: 'r', permissions: 'p', scopes: 's' } as const
  for (const [held, reason] of [
    [{}, 'scope_missing'],
    [{ scopes: ['s'] }, 'permission_missing'],
    [{ scopes: ['s'], permissions: ['p'] }, 'role_missing'],
    [{ scopes: ['s'], permissions: ['p'], roles: ['r'] }, 'claim_refused'],
    [{ permissions: ['p'], roles: ['r'] }, 'scope_missing']
  ] as const) t.equal(judge(demands, held)?.reason, reason)
})

t.test('the log hints at a name that stands in the other list of the token', async (t) => {
  const scope = judge({ scopes: 'read:messages' }, { permissions: ['read:messages'] })
  t.equal(scope?.refusal.hint, 'the token has it as a permission, not as a scope: demand it with config.permissions')
  const permission = judge({ permissions: 'read:messages' }, { scopes: ['read:messages'] })
  t.equal(permission?.refusal.hint,
    'the token has it as a scope, not as a permission: demand it with config.scopes, or switch on permissions in the token at the provider')
  t.equal(judge({ roles: 'editor' }, { scopes: ['editor'], permissions: ['editor'] })?.refusal.hint, undefined)
})

t.test('what the log shows of a long list is bounded', async (t) => {
  const denial = judge({ scopes: 'a' }, { scopes: Array.from({ length: 100 }, () => 'x'.repeat(1000)) })
  t.ok(JSON.stringify(denial?.refusal).length < 3000)
})

t.test('of a caller whose token grants nothing the log says why, whatever is demanded', async (t) => {
  const evidence = { grantsNothing: 'no token of ours', login: {} }
  for (const demands of [{ scopes: 'a' }, { permissions: 'a' }, { roles: 'a' }]) {
    t.equal(guard(compileDemands('config', demands), identity({ scopes: [] }), 10, evidence)?.refusal.hint, 'no token of ours')
  }
  t.equal(guard(compileDemands('config', { claims: { plan: 'pro' } }), identity({}), 10, evidence)?.refusal.hint, undefined, 'a claim is none of its business')
})
