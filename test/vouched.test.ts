import t from 'tap'
import type { Identity } from '../lib/index.js'
import { toVouchedIdentity } from '../lib/vouched.js'
import { fakeClock } from './support/clock.js'
import { mistake } from './support/mistake.js'

const vouch = (answer: unknown) => toVouchedIdentity(answer, 'signature') as Identity
const refusal = (answer: unknown) => mistake(() => vouch(answer))

t.test('an answer with a subject is an identity that holds nothing else', async (t) => {
  t.strictSame({ ...vouch({ subject: 'user-1' }) }, {
    type: 'signature',
    provider: 'signature',
    issuer: undefined,
    subject: 'user-1',
    clientId: undefined,
    organizationId: undefined,
    scopes: [],
    permissions: [],
    roles: [],
    claims: {},
    expiresAt: undefined
  })
  t.strictSame(vouch({ subject: 'user-1', clientId: undefined, organizationId: undefined, scopes: undefined, permissions: undefined, roles: undefined, claims: undefined, expiresAt: undefined }), vouch({ subject: 'user-1' }))
})

t.test('every member is taken as it was given', async (t) => {
  const members = {
    subject: 'user-1',
    clientId: 'client-1',
    organizationId: 'org-1',
    scopes: ['a', 'b'],
    permissions: ['c'],
    roles: ['d'],
    claims: { plan: 'pro', seats: 3, trial: false, nothing: null, absent: undefined, list: [1, [2]], nested: { deep: { er: 'x' } } },
    expiresAt: 4_000_000_000.5
  }
  t.strictSame({ ...vouch(members) }, { type: 'signature', provider: 'signature', issuer: undefined, ...members })
})

t.test('an identity is deeply frozen, and shares nothing with the answer', async (t) => {
  const answer = { subject: 'user-1', scopes: ['read'], permissions: [], roles: ['a'], claims: { plan: { name: 'free', list: [{ a: 1 }] } } }
  const identity = vouch(answer)
  answer.subject = 'admin'
  answer.scopes.push('write')
  answer.claims.plan.name = 'pro'
  answer.claims.plan.list[0]!.a = 2
  t.match(identity, { subject: 'user-1', scopes: ['read'], claims: { plan: { name: 'free', list: [{ a: 1 }] } } })
  const { plan } = identity.claims as typeof answer.claims
  for (const part of [identity, identity.scopes, identity.permissions, identity.roles, identity.claims, plan, plan.list, plan.list[0]]) t.ok(Object.isFrozen(part))
  for (const part of [answer, answer.scopes, answer.claims, answer.claims.plan]) t.notOk(Object.isFrozen(part))
})

t.test('no answer is a refusal', async (t) => {
  for (const answer of [undefined, null]) t.strictSame(vouch(answer), { reason: 'credential_unknown', provider: 'signature' })
})

t.test('a credential that has ended is refused, to the millisecond', async (t) => {
  const clock = fakeClock(t, 1_700_000_000_000)
  t.match(vouch({ subject: 'a', expiresAt: 1_700_000_000.001 }), { expiresAt: 1_700_000_000.001 })
  for (const expiresAt of [1_700_000_000, 1_699_999_999, 0]) t.strictSame(vouch({ subject: 'a', expiresAt }), { reason: 'token_expired', provider: 'signature' })
  clock.advance(1)
  t.match(vouch({ subject: 'a', expiresAt: 1_700_000_000.001 }), { reason: 'token_expired' })
})

t.test('what is malformed is a mistake, never an identity', async (t) => {
  const object = 'authenticate must return { subject, … }, undefined or null'
  const time = 'expiresAt must be a number of seconds since the epoch'
  const list = (member: string) => `${member} must be a list of texts that are not empty`
  class User { subject = 'user-1' }
  for (const [answer, sentence] of [
    [true, object], [false, object], ['user-1', object], [0, object], [[], object], [new User(), object], [new Map([['subject', 'a']]), object], [() => ({}), object],
    [Object.create({ subject: 'user-1' }), object],
    [{}, 'subject must be a text that is not empty'],
    [{ subject: '' }, 'subject must be a text that is not empty'],
    [{ subject: 42 }, 'subject must be a text that is not empty'],
    [{ subject: ['user-1'] }, 'subject must be a text that is not empty'],
    [{ subject: { toString: () => 'user-1' } }, 'subject must be a text that is not empty'],
    [{ subject: 'a', clientId: null }, 'clientId must be a text that is not empty'],
    [{ subject: 'a', organizationId: '' }, 'organizationId must be a text that is not empty'],
    [{ subject: 'a', scopes: 'read write' }, list('scopes')],
    [{ subject: 'a', scopes: null }, list('scopes')],
    [{ subject: 'a', scopes: new Set(['a']) }, list('scopes')],
    [{ subject: 'a', permissions: [''] }, list('permissions')],
    [{ subject: 'a', permissions: [['a']] }, list('permissions')],
    [{ subject: 'a', roles: ['a', , 'b'] }, list('roles')], // eslint-disable-line no-sparse-arrays
    [{ subject: 'a', roles: { length: 1, 0: 'a' } }, list('roles')],
    [{ subject: 'a', claims: null }, 'claims must be an object'],
    [{ subject: 'a', claims: [] }, 'claims must be an object'],
    [{ subject: 'a', expiresAt: '4000000000' }, time],
    [{ subject: 'a', expiresAt: null }, time],
    [{ subject: 'a', expiresAt: NaN }, time],
    [{ subject: 'a', expiresAt: -1 }, time],
    [{ subject: 'a', expiresAt: Infinity }, time],
    [{ subject: 'a', expiresAt: Date.now() + 3_600_000 }, time],
    [{ subject: 'a', scope: ['read'] }, 'the answer of authenticate: unknown key "scope"; did you mean "scopes"?'],
    [{ subject: 'a', isAdmin: true }, 'the answer of authenticate: unknown key "isAdmin"; known are subject, clientId, organizationId, scopes, permissions, roles, claims, expiresAt']
  ]) t.equal(refusal(answer), sentence)
})

t.test('claims that could still be changed, or never end, are a mistake', async (t) => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = { list: [cyclic] }
  const nested = (depth: number): unknown => depth === 1 ? {} : { a: nested(depth - 1) }
  for (const value of [new Date(), new Map(), new Set(), new Uint8Array(2), Buffer.from('a'), /a/, new URL('https://a.example'), () => 1, Symbol('a'), 1n, Promise.resolve(), new Error('a')]) {
    t.equal(refusal({ subject: 'a', claims: { value } }), 'claims must be plain data: texts, numbers, booleans, lists and objects of these', String(value))
    t.match(refusal({ subject: 'a', claims: { list: [{ value }] } }), 'claims must be plain data')
  }
  t.equal(refusal({ subject: 'a', claims: cyclic }), 'claims must not be nested deeper than 64 levels')
  t.equal(refusal({ subject: 'a', claims: nested(65) }), 'claims must not be nested deeper than 64 levels')
  t.equal(refusal({ subject: 'a', claims: nested(5_000) }), 'claims must not be nested deeper than 64 levels')
  t.equal(refusal({ subject: 'a', claims: nested(64) }), undefined)
})

t.test('a member is read once, and what its getter throws is thrown on', async (t) => {
  const reads: string[] = []
  const members = { subject: 'user-1', scopes: ['a'], claims: { a: 1 }, expiresAt: 4_000_000_000 }
  vouch(new Proxy(members, { get (target, name) { reads.push(String(name)); return Reflect.get(target, name) } }))
  t.equal(new Set(reads).size, reads.length)
  let times = 0
  const scopes = Object.defineProperty(['read'], 0, { get: () => times++ === 0 ? 'read' : { toString: () => 'admin' }, enumerable: true })
  t.strictSame(vouch({ subject: 'a', scopes }).scopes, ['read'])
  t.throws(() => vouch({ get subject () { throw new Error('the row is gone') } }), { message: 'the row is gone' })
})

t.test('names every object has are names like others, and change no prototype', async (t) => {
  t.equal(refusal(JSON.parse('{"subject":"a","__proto__":{"roles":["admin"]}}')), 'the answer of authenticate: unknown key "__proto__"; known are subject, clientId, organizationId, scopes, permissions, roles, claims, expiresAt')
  const { claims } = vouch({ subject: 'a', claims: JSON.parse('{"__proto__":{"plan":"pro"},"constructor":{"prototype":1}}') })
  t.equal(Object.getPrototypeOf(claims), Object.prototype)
  t.equal('plan' in claims, false)
  t.strictSame(vouch({ subject: 'a', claims: Object.assign(Object.create(null), { plan: 'pro' }) }).claims, { plan: 'pro' })
})
