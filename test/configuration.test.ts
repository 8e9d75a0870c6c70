import t from 'tap'
import { expected, isPlainObject, plainObject, refuseUnknownKeys } from '../lib/configuration.js'
import { mistake } from './support/mistake.js'

t.test('a mistake is a TypeError of one sentence: path, expectation, value, remedy', async (t) => {
  const error = expected('gatehouse.cache', 'an object', 42, 'write false to switch it off')
  t.equal(error.name, 'TypeError')
  t.equal(error.message, 'gatehouse.cache: expected an object, got 42; write false to switch it off')
  t.equal(expected('oidc(): name', 'a text', '').message, "oidc(): name: expected a text, got ''", 'without a remedy')
})

t.test('the value is shown on one line, in short', async (t) => {
  const shown = (value: unknown) => expected('path', 'x', value).message.replace('path: expected x, got ', '')
  for (const [value, text] of [
    [undefined, 'undefined'],
    [null, 'null'],
    ['two\nlines', "'two\\nlines'"],
    ['y '.repeat(40), `'${'y '.repeat(40)}'`],
    ['72f988bf-86f1-41af-91ab-2d7cd011db47', "'72f988bf-86f1-41af-91ab-2d7cd011db47'"],
    ['y'.repeat(81), 'a text of 81 characters'],
    [[1, 2, 3, 4, 5, 6, 7], '[ 1, 2, 3, 4, 5, ... 2 more items ]'],
    [[[], ['a', null]], "[ [], [ 'a', null ] ]"],
    [{}, '{}'],
    [{ a: { b: 1 }, c: 2 }, 'an object with a, c'],
    [new Map([['a', 1]]), 'an instance of Map'],
    [function secret () { return 'hunter2' }, 'a function'],
    [true, 'true'],
    [Symbol('s'), 'Symbol(s)'],
    [12n, '12']
  ]) t.equal(shown(value), text)
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`member${index}`, { index }]))
  t.notMatch(shown(wide), /\n/)
})

t.test('what may be a secret in the wrong place is not shown', async (t) => {
  // What openssl rand -base64 48 and openssl rand -hex 32 print
  const random = ['q7Vd0mX2+Lr9/Tz4kGn1BsYe6HwJ3uFcPa8iOoRf5EjNvKpZlWbMxQtUyCgDhSA0', '9f2c61d07be84a35f0c9d8e7b6a5948372615a0b9c8d7e6f5a4b3c2d1e0f9a8b']
  const secrets = ['tesseral_secret_key_0123456789', 'eyJhbGciOiJub25lIn0.e30.', '-----BEGIN PRIVATE KEY-----', 'hunter2']
  for (const value of random) t.equal(expected('path', 'x', value).message, 'path: expected x, got a text that looks like a secret')
  class Options { readonly clientSecret = 'hunter2' }
  for (const value of [...secrets.slice(0, 3), [secrets[0]], { clientSecret: 'hunter2' }, { a: { clientSecret: 'hunter2' } }, new Options(), () => 'hunter2', new Map([['a', 'hunter2']])]) {
    const { message } = expected('path', 'x', value)
    for (const secret of secrets) t.notMatch(message, secret)
  }
})

t.test('a long text is not shown inside a list or an object either', async (t) => {
  const long = 'y'.repeat(81)
  for (const value of [[long], { member: long }]) t.notMatch(expected('path', 'x', value).message, long)
})

t.test('an unknown key is refused, and what is known is named', async (t) => {
  const refuse = () => refuseUnknownKeys('gatehouse.cache', { max: 1, size: 2 }, ['max', 'ttl'])
  t.equal(mistake(refuse), 'gatehouse.cache: unknown key "size"; known are max, ttl')
})

t.test('a near miss is named: case, separators and a plural are what people get wrong', async (t) => {
  for (const [written, meant] of [
    ['clocktolerance', 'clockTolerance'],
    ['clock_tolerance', 'clockTolerance'],
    ['clock-tolerance', 'clockTolerance'],
    ['ClockTolerance', 'clockTolerance'],
    ['providers', 'provider'],
    ['fetchOption', 'fetchOptions'],
    ['scope', 'scopes']
  ] as const) {
    const refuse = () => refuseUnknownKeys('gatehouse', { [written]: 1 }, ['provider', 'clockTolerance', 'fetchOptions', 'scopes'])
    t.equal(mistake(refuse), `gatehouse: unknown key "${written}"; did you mean "${meant}"?`)
  }
})

t.test('known keys pass, and a key whose value is undefined is still a key', async (t) => {
  t.equal(mistake(() => refuseUnknownKeys('path', {}, ['max'])), undefined)
  t.equal(mistake(() => refuseUnknownKeys('path', { max: 1 }, ['max'])), undefined)
  t.match(mistake(() => refuseUnknownKeys('path', { min: undefined }, ['max'])), /unknown key "min"/)
})

t.test('members of the prototype are not known keys', async (t) => {
  for (const key of ['constructor', 'toString', '__proto__']) {
    const given = Object.fromEntries([[key, 1]])
    t.equal(mistake(() => refuseUnknownKeys('path', given, ['max'])), `path: unknown key "${key}"; known are max`)
  }
})

t.test('a plain object is a literal or has no prototype', async (t) => {
  for (const value of [{}, { a: 1 }, Object.create(null), JSON.parse('{}')]) {
    t.ok(isPlainObject(value))
    t.same(plainObject('path', value), value, 'and comes back as a copy')
  }
  for (const value of [null, undefined, [], () => {}, 'text', 1, true, new Map(), new Date(0), new (class Options {})()]) {
    t.notOk(isPlainObject(value), String(value))
    t.match(mistake(() => plainObject('path', value, 'the remedy')), /^path: expected an object, got .+; the remedy$/)
  }
})
