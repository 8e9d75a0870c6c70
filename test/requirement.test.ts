import t from 'tap'
import { compileRequirement } from '../lib/requirement.js'
import type { Requirement } from '../types/route.js'
import { mistake } from './support/mistake.js'

const compile = (requirement: unknown) => compileRequirement('config.scopes', requirement)
const refusal = (requirement: unknown) => mistake(() => compile(requirement))

/** Every subset of a, b and c, from nothing to all. */
const HELD = [[], ['a'], ['b'], ['c'], ['a', 'b'], ['a', 'c'], ['b', 'c'], ['a', 'b', 'c']]

type Holds = Readonly<Record<'a' | 'b' | 'c', boolean>>

const TABLE: ReadonlyArray<readonly [Requirement, (holds: Holds) => boolean, sufficient: readonly string[], text: string]> = [
  ['a', ({ a }) => a, ['a'], 'a'],
  [['a'], ({ a }) => a, ['a'], 'a'],
  [['a', 'b'], ({ a, b }) => a && b, ['a', 'b'], 'a and b'],
  [{ all: ['a', 'b', 'c'] }, ({ a, b, c }) => a && b && c, ['a', 'b', 'c'], 'a and b and c'],
  [{ any: ['a', 'b'] }, ({ a, b }) => a || b, ['a'], 'a or b'],
  [{ any: ['c'] }, ({ c }) => c, ['c'], 'c'],
  [{ any: [['a', 'b'], 'c'] }, ({ a, b, c }) => (a && b) || c, ['a', 'b'], '(a and b) or c'],
  [{ any: ['c', { all: ['a', 'b'] }] }, ({ a, b, c }) => (a && b) || c, ['c'], 'c or (a and b)'],
  [['a', { any: ['b', 'c'] }], ({ a, b, c }) => a && (b || c), ['a', 'b'], 'a and (b or c)'],
  [{ all: [{ any: ['c', 'b'] }, 'a'] }, ({ a, b, c }) => a && (b || c), ['c', 'a'], '(c or b) and a'],
  [[['a'], { all: [['b']] }], ({ a, b }) => a && b, ['a', 'b'], 'a and b'],
  [{ any: ['c', ['a', { any: ['b', 'c'] }]] }, ({ a, b, c }) => c || (a && b), ['c'], 'c or (a and (b or c))'],
  [{ all: ['a', { all: ['b', 'a'] }] }, ({ a, b }) => a && b, ['a', 'b'], 'a and b and a']
]

for (const [requirement, holds, sufficient, text] of TABLE) {
  t.test(`${JSON.stringify(requirement)} means ${text}`, async (t) => {
    const compiled = compile(requirement)
    for (const held of HELD) {
      const expected = holds({ a: held.includes('a'), b: held.includes('b'), c: held.includes('c') })
      t.equal(compiled.met(held), expected, `held: ${held.join(' ')}`)
    }
    t.strictSame(compiled.sufficient, sufficient, 'a caller may ask for these')
    t.ok(compiled.met(compiled.sufficient), 'which would do')
    t.equal(compiled.text, text)
  })
}

t.test('names are compared to the letter, as a whole', async (t) => {
  const { met } = compile('read:messages')
  for (const held of [['read'], ['READ:messages'], ['read:messages:all'], ['xread:messages'], ['read:messages '], ['read', 'messages']]) {
    t.notOk(met(held), held.join())
  }
  t.ok(met(['other', 'read:messages']))
})

t.test('names every object has are held by nobody', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'length']) t.notOk(compile(name).met([]))
})

t.test('a requirement is compiled once: changing it later changes nothing', async (t) => {
  const inner = ['a', 'b']
  const requirement = { all: ['c', inner] }
  const { met } = compile(requirement)
  inner.length = 0
  requirement.all = ['x']
  t.notOk(met(['c', 'a']))
  t.ok(met(['c', 'a', 'b']))
})

t.test('the form not used may be written as undefined', async (t) => {
  t.strictSame(compile({ all: ['a', 'b'], any: undefined }).sufficient, ['a', 'b'])
  t.strictSame(compile({ any: ['a', 'b'], all: undefined }).sufficient, ['a'])
})

t.test('an empty list is a mistake at any depth, and the message names where', async (t) => {
  const tail = 'expected a list with at least one name, got []; leave it out to demand nothing'
  for (const [requirement, path] of [
    [[], 'config.scopes'],
    [{ all: [] }, 'config.scopes.all'],
    [{ any: [] }, 'config.scopes.any'],
    [['a', []], 'config.scopes[1]'],
    [{ any: ['a', { all: ['b', { any: [] }] }] }, 'config.scopes.any[1].all[1].any']
  ]) t.equal(refusal(requirement), `${path}: ${tail}`)
})

t.test('a hole in a list is a mistake: it would demand nothing', async (t) => {
  for (const requirement of [new Array(2), { any: new Array(1) }, ['a', new Array(1)]]) t.match(refusal(requirement), /^config\.scopes/)
})

t.test('two names in one text are a mistake', async (t) => {
  const tail = "expected a name without white space, quotes or backslashes, got 'a b'; write [\"a\",\"b\"] to demand each"
  t.equal(refusal('a b'), `config.scopes: ${tail}`)
  t.equal(refusal({ any: ['c', 'a b'] }), `config.scopes.any[1]: ${tail}`)
  t.match(refusal(' a\t b  c '), /; write \["a","b","c"\] to demand each$/)
})

t.test('a name has the characters of a scope-token, RFC 6749 section 3.3', async (t) => {
  for (const name of ['', ' ', 'a ', '\ta', 'a\nb', 'a"b', 'a\\b', 'é', 'a\u0000', 'a\u007f', 'a\u00a0b', '\u2028']) {
    t.match(refusal(name), /^config\.scopes: expected a name without white space, quotes or backslashes, got '/, encodeURIComponent(name))
  }
  t.equal(refusal(''), "config.scopes: expected a name without white space, quotes or backslashes, got ''")
  for (const name of ['!', '#', '[', ']', '~', 'https://api.example/read', 'urn:a:b', "it's", 'a,b']) t.equal(compile(name).text, name)
})

t.test('what is no requirement is refused', async (t) => {
  t.equal(refusal({ anyOf: ['a', 'b'] }), 'config.scopes: unknown key "anyOf"; known are all, any')
  t.equal(refusal({ Any: ['a'] }), 'config.scopes: unknown key "Any"; did you mean "any"?')
  for (const value of [undefined, null, true, false, 0, 42, () => true, {}, { any: undefined }, { all: ['a'], any: ['b'] }, new Set(['a']), /a/]) {
    t.match(refusal(value), /^config\.scopes: expected a name, a list of names, \{ all: \[…\] \} or \{ any: \[…\] \}, got /)
  }
  t.match(refusal(['a', 42]), /^config\.scopes\[1\]: expected a name, a list of names, /)
  for (const value of ['a', null, { all: ['a'] }]) {
    t.match(refusal({ any: value }), /^config\.scopes\.any: expected a list with at least one name, got .+; leave it out to demand nothing$/)
  }
})
