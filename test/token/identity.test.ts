import { test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { ClaimMapping, StandardClaims } from '../../lib/index.js'
import { toIdentity } from '../../lib/token/identity.js'
import { refusalOf } from '../support/refusal-of.js'

const EXP = 1_800_000_000.5

function identityOf (claims: Record<string, unknown>, mapping: Partial<ClaimMapping> = {}) {
  const provider = oidc({ issuer: 'https://id.example', audience: 'api', name: 'example', claims: mapping })
  const complete: StandardClaims = { iss: 'https://id.example', exp: EXP, sub: 'user-1', ...claims }
  return toIdentity(complete, provider)
}

test('an identity says in our words what the claims say in theirs', async (t) => {
  const claims = {
    iss: 'https://id.example',
    exp: EXP,
    sub: 'user-1',
    client_id: 'client-1',
    azp: 'client-2',
    org_id: 'org-1',
    scope: 'read:messages write:messages',
    permissions: ['read'],
    roles: ['admin']
  }
  t.same(identityOf(claims), {
    type: 'access_token',
    provider: 'example',
    issuer: 'https://id.example',
    subject: 'user-1',
    clientId: 'client-1',
    organizationId: 'org-1',
    scopes: ['read:messages', 'write:messages'],
    permissions: ['read'],
    roles: ['admin'],
    claims,
    expiresAt: EXP
  })
})

test('what the claims do not say is empty or undefined', async (t) => {
  const { clientId, organizationId, scopes, permissions, roles } = identityOf({})
  t.same({ clientId, organizationId, scopes, permissions, roles }, { clientId: undefined, organizationId: undefined, scopes: [], permissions: [], roles: [] })
})

const scopes: ReadonlyArray<readonly [title: string, claims: Record<string, unknown>, scopes: string[]]> = [
  ['scope as string', { scope: 'a b' }, ['a', 'b']],
  ['scope as array', { scope: ['a', 'b'] }, ['a', 'b']],
  ['scp as string', { scp: 'a b' }, ['a', 'b']],
  ['scp as array', { scp: ['a', 'b'] }, ['a', 'b']],
  ['scope and scp together, each once', { scope: 'a b', scp: ['b', 'c'] }, ['a', 'b', 'c']],
  ['spaces in any number', { scope: '  a   b ' }, ['a', 'b']],
  ['only spaces separate', { scope: 'a\tb,c\nd' }, ['a\tb,c\nd']],
  ['an element of an array is one scope, spaces included', { scope: ['a b', 'c'] }, ['a b', 'c']],
  ['an empty text', { scope: '' }, []],
  ['null', { scope: null, scp: 'a' }, ['a']],
  ['what is no text is left out', { scope: ['a', 1, null, '', ['b'], { c: 1 }, true] }, ['a']],
  ['a number, an object, true', { scope: 1, scp: { a: true } }, []],
  ['names of Object.prototype', { scope: 'constructor __proto__ toString' }, ['constructor', '__proto__', 'toString']]
]

for (const [title, claims, expected] of scopes) {
  test(`scope and scp, as string and as array: ${title}`, async (t) => {
    t.same(identityOf(claims).scopes, expected)
  })
}

test('permissions and roles are lists; a text is one of them, never split', async (t) => {
  const { permissions, roles } = identityOf({ permissions: 'read write', roles: ['user', 'user', 'super admin'] })
  t.same({ permissions, roles }, { permissions: ['read write'], roles: ['user', 'super admin'] })
})

test('a subject is a text that is not empty', async (t) => {
  for (const sub of [undefined, null, '', 1, true, ['user-1'], { id: 'user-1' }]) {
    t.match(refusalOf(() => identityOf({ sub, azp: 'client-1' })), {
      code: 'GATEHOUSE_TOKEN_INVALID', reason: 'subject_missing', provider: 'example', clientId: 'client-1', hint: /claims: \{ subject/
    })
  }
})

test('the first source that is a text is taken', async (t) => {
  const subject = ['sub', 'client_id', { path: ['ext', 'user'] }]
  t.equal(identityOf({ sub: 1, client_id: 'client-1' }, { subject }).subject, 'client-1')
  t.equal(identityOf({ sub: '', ext: { user: 'user-2' } }, { subject }).subject, 'user-2')
  t.equal(identityOf({ client_id: 5, azp: 'client-2' }).clientId, 'client-2')
})

test('a name with dots is one claim, a path goes deeper', async (t) => {
  const claims = { 'realm_access.roles': ['literal'], realm_access: { roles: ['nested'] } }
  t.same(identityOf(claims, { roles: 'realm_access.roles' }).roles, ['literal'])
  t.same(identityOf(claims, { roles: { path: ['realm_access', 'roles'] } }).roles, ['nested'])
  t.same(identityOf(claims, { roles: [{ path: ['realm_access', 'roles'] }, 'realm_access.roles'] }).roles, ['nested', 'literal'])
})

test('a path that leads nowhere, or to what every object has, finds nothing', async (t) => {
  for (const path of [['a', 'b'], ['sub', 'length'], ['constructor', 'name'], ['__proto__', 'constructor'], ['list', 'length', 'x'], ['nothing', 'x']]) {
    t.same(identityOf({ a: 1, list: [], nothing: null }, { roles: { path } }).roles, [], path.join('.'))
  }
  t.equal(identityOf({}, { organization: 'constructor' }).organizationId, undefined)
})

test('what the claims do not have themselves they do not have', async (t) => {
  const claims = Object.assign(Object.create({ org_id: 'org-1', roles: ['admin'], ext: { scopes: 'a' } }), { iss: 'https://id.example', exp: EXP, sub: 'user-1' })
  const provider = oidc({ issuer: 'https://id.example', audience: 'api', claims: { scopes: { path: ['ext', 'scopes'] } } })
  const { organizationId, roles, scopes } = toIdentity(claims, provider)
  t.same({ organizationId, roles, scopes }, { organizationId: undefined, roles: [], scopes: [] })
})

test('a function of the claims gives texts or lists, and what it gives is read like a claim', async (t) => {
  const roles = ({ groups }: StandardClaims) => groups
  t.same(identityOf({ groups: ['a', 1, 'a'] }, { roles }).roles, ['a'])
  t.same(identityOf({ groups: undefined }, { roles }).roles, [])
  t.equal(identityOf({ tenant: 't' }, { organization: ({ tenant }) => tenant }).organizationId, 't')
})

test('a function of the claims that throws refuses the token', async (t) => {
  const roles = () => { throw new Error('secret') }
  const refusal = refusalOf(() => identityOf({}, { roles }))
  t.match(refusal, { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'claim_malformed', provider: 'example', hint: /claims function/ })
  t.notMatch(JSON.stringify(refusal), /secret/)
})

test('a function of the claims that changes them refuses the token', async (t) => {
  const roles = (claims: StandardClaims) => { Reflect.apply(Array.prototype.push, claims.list, ['admin']) }
  t.equal(refusalOf(() => identityOf({ list: [] }, { roles })).reason, 'claim_malformed')
})

test('everything of an identity is frozen, to the deepest member', async (t) => {
  const identity = identityOf({ scope: 'a', roles: ['r'], a: { b: [{ c: { d: [] } }] } })
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    t.ok(Object.isFrozen(value), path)
    for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`)
  }
  visit(identity, 'identity')
})

test('claims nest 64 levels at most', async (t) => {
  const nest = (depth: number): unknown => depth === 0 ? {} : { inner: nest(depth - 1) }
  t.equal(identityOf({ deep: nest(62) }).subject, 'user-1')
  t.match(refusalOf(() => identityOf({ deep: nest(63) })), { reason: 'claim_malformed', provider: 'example', found: 'claims nested deeper than 64 levels' })
  t.equal(refusalOf(() => identityOf({ deep: [[nest(100)]] })).reason, 'claim_malformed')
})
