import t from 'tap'
import { jsonMembersOf, jsonOf } from '../../lib/session/json.js'
import { isSessionId, newRecord, newSessionId, readRecord, recordOf, writeRecord } from '../../lib/session/record.js'
import { fakeClock } from '../support/clock.js'
import { mistake } from '../support/mistake.js'
import { loginOf } from '../support/session-stage.js'

const whole = () => recordOf({
  ...newRecord(loginOf({ data: { cart: [1, 2] }, ceiling: 2e9, accessTokenSince: 1.5, accessTokenExpiresAt: 2e9 })), outlived: ['a', 'b']
})

t.test('a new record begins now, under an id of its own', async (t) => {
  const clock = fakeClock(t, 1_700_000_000_500)
  const record = newRecord(loginOf())
  t.match(record, { startedAt: 1_700_000_000.5, touchedAt: 1_700_000_000.5, subject: 'ada', data: {} })
  t.equal(Buffer.from(record.id, 'base64url').length, 32)
  clock.advance(1_000)
  t.equal(newRecord(loginOf()).startedAt, 1_700_000_001.5)
  t.equal(new Set(Array.from({ length: 1_000 }, newSessionId)).size, 1_000)
})

t.test('what a login says does not decide id and times', async (t) => {
  const forged = { ...loginOf(), id: 'A'.repeat(43), startedAt: 1, touchedAt: 1 }
  const record = newRecord(forged)
  t.not(record.id, forged.id)
  t.ok(record.startedAt > 1 && record.touchedAt > 1)
})

t.test('it is written and read to the letter, deeply frozen', async (t) => {
  for (const record of [whole(), newRecord(loginOf({ sid: undefined, accessToken: undefined, refreshToken: undefined, scope: '' }))]) {
    const read = readRecord(writeRecord(record))
    t.strictSame(read, record)
    for (const value of [read, read?.user, read?.data]) t.ok(Object.isFrozen(value))
  }
  t.ok(Object.isFrozen(whole().data.cart) && Object.isFrozen(whole().outlived))
})

t.test('a text that is not exactly a record is none', async (t) => {
  const text = writeRecord(whole())
  const record = JSON.parse(text)
  for (const [title, other] of [
    ['nothing', ''], ['null', 'null'], ['a list', '[]'], ['a text', '"x"'], ['an empty object', '{}'], ['cut off', text.slice(0, -1)], ['more behind', `${text}{}`],
    ['a blank', text.replace(',', ', ')], ['a line end', `${text}\n`],
    ['a member twice', text.replace('{', '{"subject":"eve",')],
    ['another order', JSON.stringify({ subject: record.subject, ...record })],
    ['a number in another spelling', text.replace('2000000000', '2e9')],
    ['a member nobody knows', JSON.stringify({ ...record, admin: true })],
    ['a prototype', text.replace('{', '{"__proto__":{"sid":"x"},')],
    ['deep nesting', text.replace('[1,2]', '['.repeat(40) + ']'.repeat(40))],
    ['very deep nesting', text.replace('[1,2]', '['.repeat(50_000) + ']'.repeat(50_000))]
  ] as const) t.equal(readRecord(other), undefined, title)
})

t.test('each member has its form, and the sentence shows no value', async (t) => {
  const record = whole()
  for (const [name, values] of Object.entries({
    id: [undefined, '', 'short', 1, `${record.id.slice(0, -1)}B`, `${record.id}A`],
    provider: [undefined, '', 1, null],
    issuer: [undefined, '', []],
    subject: [undefined, '', 7],
    sid: ['', null, 1],
    startedAt: [undefined, null, '1', NaN, -1, 0, Infinity, Date.now()],
    touchedAt: [undefined, NaN, Date.now()],
    ceiling: [null, 'x', 1e300],
    idToken: [undefined, ''],
    accessToken: ['', 1],
    accessTokenSince: [NaN],
    accessTokenExpiresAt: ['soon'],
    refreshToken: ['', {}],
    scope: [null, []],
    outlived: ['ab', [''], [1], ['a', 'b', 'c'], {}]
  })) {
    for (const value of values) {
      t.equal(mistake(() => recordOf({ ...record, [name]: value })), `session.${name}: not of its form`)
      t.equal(readRecord(JSON.stringify({ ...record, [name]: value })), undefined)
    }
  }
  t.match(mistake(() => recordOf({ ...record, user: undefined })), 'session.user: expected an object')
  t.match(mistake(() => recordOf({ ...record, data: 1 })), 'session.data: expected an object')
  t.match(mistake(() => recordOf({ ...record, tokn: 1 })), 'session: unknown key "tokn"')
  t.match(mistake(() => recordOf(null)), 'session: expected an object, got null')
})

t.test('names of prototypes in claims and data are harmless', async (t) => {
  const hostile = JSON.parse('{"__proto__":{"isAdmin":true},"hasOwnProperty":1}')
  const record = newRecord(loginOf({ user: hostile, data: hostile }))
  const read = readRecord(writeRecord(record))
  t.equal(writeRecord(read!), writeRecord(record))
  t.equal('isAdmin' in read!.user, false)
  t.equal(({} as { isAdmin?: boolean }).isAdmin, undefined)
})

t.test('an id has one spelling', async (t) => {
  const id = newSessionId()
  t.equal(isSessionId(id), true)
  for (const other of [id.slice(1), `${id}A`, `${id}\n`, id.slice(0, -1) + 'B', `${id.slice(0, -1)}=`, '']) t.equal(isSessionId(other), false)
})

const nested = (levels: number): unknown => levels === 0 ? 1 : [nested(levels - 1)]

t.test('what JSON can say is copied and frozen to the deepest level', async (t) => {
  const given = { a: [1, 'x', null, true, { b: [] }], left: undefined, zero: -0 }
  const copy = jsonMembersOf('data', given)
  t.strictSame(copy, { a: [1, 'x', null, true, { b: [] }], zero: 0 })
  given.a.push('later')
  t.equal((copy.a as unknown[]).length, 5)
  for (const value of [copy, copy.a, (copy.a as unknown[])[4], ((copy.a as unknown[])[4] as { b: unknown }).b]) t.ok(Object.isFrozen(value))
  t.strictSame(jsonMembersOf('data', Object.assign(Object.create(null), { a: 1 })), { a: 1 })
})

t.test('what JSON would lose or change is refused by path, and not shown', async (t) => {
  class Secret { value = 'hunter2' }
  for (const [value, sentence] of [
    [{ a: () => 'hunter2' }, 'data.a: expected JSON, got a value of type function'],
    [{ a: [new Date(0)] }, 'data.a[0]: expected JSON, got a value of type object'],
    [{ a: new Secret() }, 'data.a: expected JSON, got a value of type object'],
    [{ a: { b: 1n } }, 'data.a.b: expected JSON, got a value of type bigint'],
    [{ a: NaN }, 'data.a: expected JSON, got a value of type number'],
    [{ a: Infinity }, 'data.a: expected JSON, got a value of type number'],
    [{ a: [undefined] }, 'data.a[0]: expected JSON, got a value of type undefined'],
    [{ a: new Array(1) }, 'data.a[0]: expected JSON, got a value of type undefined'],
    [{ a: Symbol('hunter2') }, 'data.a: expected JSON, got a value of type symbol'],
    [['hunter2'], 'data: expected an object, got a list'],
    [null, 'data: expected an object, got null'],
    ['hunter2', 'data: expected an object, got a value of type string']
  ] as const) t.equal(mistake(() => jsonMembersOf('data', value)), sentence)
})

t.test('it is at most 32 levels deep, and a deeper one does not exhaust the stack', async (t) => {
  t.equal(mistake(() => jsonOf('data', nested(32))), undefined)
  t.match(mistake(() => jsonOf('data', nested(33))), /: nested deeper than 32 levels$/)
  t.match(mistake(() => jsonOf('data', JSON.parse('['.repeat(60_000) + ']'.repeat(60_000)))), /nested deeper/)
  const circle: unknown[] = []
  circle.push(circle)
  t.match(mistake(() => jsonOf('data', circle)), /nested deeper/)
})

t.test('members named like a prototype are members like any other', async (t) => {
  const copy = jsonMembersOf('data', JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":2}'))
  t.equal('admin' in copy, false)
  t.equal(Object.getPrototypeOf(copy), Object.prototype)
  t.equal(JSON.stringify(copy), '{"__proto__":{"admin":true},"constructor":1,"toString":2}')
})
