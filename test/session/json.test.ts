import t from 'tap'
import { jsonMembersOf, jsonOf } from '../../lib/session/json.js'
import { mistake } from '../support/mistake.js'

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
    [{ a: () => 'hunter2' }, "data.a: expected JSON, got 'a value of type function'"],
    [{ a: [new Date(0)] }, "data.a[0]: expected JSON, got 'a value of type object'"],
    [{ a: new Secret() }, "data.a: expected JSON, got 'a value of type object'"],
    [{ a: { b: 1n } }, "data.a.b: expected JSON, got 'a value of type bigint'"],
    [{ a: NaN }, "data.a: expected JSON, got 'a value of type number'"],
    [{ a: Infinity }, "data.a: expected JSON, got 'a value of type number'"],
    [{ a: [undefined] }, "data.a[0]: expected JSON, got 'a value of type undefined'"],
    [{ a: new Array(1) }, "data.a[0]: expected JSON, got 'a value of type undefined'"],
    [{ a: Symbol('hunter2') }, "data.a: expected JSON, got 'a value of type symbol'"],
    [['hunter2'], "data: expected an object, got 'a list'"],
    [null, "data: expected an object, got 'null'"],
    ['hunter2', "data: expected an object, got 'a value of type string'"]
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
