import t from 'tap'
import { hasDuplicateMembers } from '../../lib/token/duplicate-members.js'

const isAmbiguous = (text: string) => hasDuplicateMembers(text, JSON.parse(text))

const twice = [
  '{"a":1,"a":1}',
  '{"a":1,"b":2,"a":3}',
  '{ "a" : 1 , "a" : 2 }',
  '{"a":1,"\\u0061":2}',
  '{"\\u0061":1,"\\u0061":2}',
  '{"":1,"":2}',
  '{"é":1,"\\u00e9":2}',
  '{"\\/":1,"/":2}',
  '{"a\\"b":1,"a\\"b":2}',
  '{"__proto__":1,"__proto__":2}',
  '{"constructor":1,"constructor":2}',
  '{"a":{"b":1,"b":2}}',
  '{"a":[{"b":1},{"c":1,"c":2}]}',
  '[[{"a":1,"a":2}]]',
  '{"a":{"b":{}},"a":1}',
  '{"a":["x","y"],"a":[]}',
  '{"a":"}","a":1}',
  '{"a":"\\\\","a":1}',
  '{"a" :1,"a":2}',
  '{"a":1,"a" :2}',
  '{"a":"\\":","b":1,"b":2}',
  '{"a:":1,"a:":2}',
  '{"a":\n1,\t"a":\r\n2}'
]

const once = [
  '{}',
  '[]',
  '"a"',
  '1',
  '{"a":1}',
  '{"a":1,"b":1}',
  '{"a":1,"A":1}',
  '{"a":{"a":{"a":1}}}',
  '{"a":{"b":1},"c":{"b":1}}',
  '[{"a":1},{"a":1}]',
  '{"a":[{"b":1},{"b":1}],"b":1}',
  '{"a":"a","b":"a"}',
  '["a","a"]',
  '{"a":["b","b"],"b":1}',
  '{"a":"\\"a\\":1,\\"a\\":2"}',
  '{"a":"{\\"b\\":1,","b":2}',
  '{"a":":","b":":"}',
  '{"a":"\\\\\\"","b":1}',
  '{"constructor":1,"__proto__":2,"toString":3}',
  '{"\\\\u0061":1,"a":2}',
  '{"\\ud83d":1,"\\ude00":2,"😀":3}',
  '{"a":1e400,"b":-0.5,"c":true,"d":null}'
]

t.test('a member that stands twice in one object is found, at any depth and however it is spelled', async (t) => {
  for (const text of twice) {
    t.doesNotThrow(() => JSON.parse(text), 'valid JSON, as promised')
    t.ok(isAmbiguous(text), text)
  }
})

t.test('the same name in different objects, or as a value, is no duplicate', async (t) => {
  for (const text of once) {
    t.doesNotThrow(() => JSON.parse(text), 'valid JSON, as promised')
    t.notOk(isAmbiguous(text), text)
  }
})

t.test('one text after the other is judged on its own', async (t) => {
  for (let round = 0; round < 3; round++) {
    t.ok(isAmbiguous('{"a":1,"a":1}'))
    t.notOk(isAmbiguous('{"a":1}'))
  }
})

t.test('texts of the longest token are judged in linear time', async (t) => {
  const started = process.cpuUsage()
  for (const text of [
    `{"a":"${'\\\\'.repeat(8000)}"}`,
    `{"a":"${'\\"'.repeat(8000)}"}`,
    `${'['.repeat(500)}${']'.repeat(500)}`,
    `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
    `{${Array.from({ length: 2000 }, (_, index) => `"${index}":1`).join()}}`
  ]) t.notOk(isAmbiguous(text))
  t.ok(process.cpuUsage(started).user < 1_000_000, 'less than a second of CPU time')
})
