import t, { test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { OidcOptions, Provider } from '../../lib/index.js'
import { hasDuplicateMembers } from '../../lib/token/duplicate-members.js'
import { checkHeader } from '../../lib/token/header.js'
import { refusalOf } from '../support/refusal-of.js'

const provider = (options: Partial<OidcOptions> = {}): Provider => oidc({ issuer: 'https://id.example', audience: 'api', ...options })
const lenient = provider()
const strict = provider({ profile: 'rfc9068' })

const check = (header: Record<string, unknown>, by = lenient) => checkHeader(header, by)

test('a header gives its algorithm, its key id, and whether it names an access token', async (t) => {
  t.same(check({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt' }), { alg: 'RS256', kid: 'key-1', isAccessToken: true })
  t.same(check({ alg: 'Ed25519' }), { alg: 'Ed25519', kid: undefined, isAccessToken: false })
})

test('each asymmetric algorithm is accepted, and only those the provider names', async (t) => {
  const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const
  for (const alg of algorithms) {
    t.equal(check({ alg }).alg, alg)
    const others = provider({ algorithms: algorithms.filter((other) => other !== alg) })
    t.match(refusalOf(() => check({ alg }, others)), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'alg_refused', expected: others.algorithms, found: alg, provider: 'oidc' })
  }
})

const algorithms: ReadonlyArray<readonly [alg: unknown, reason: string, found: unknown]> = [
  ['HS256', 'alg_symmetric', 'HS256'],
  ['HS384', 'alg_symmetric', 'HS384'],
  ['HS512', 'alg_symmetric', 'HS512'],
  ['none', 'alg_refused', 'none'],
  ['None', 'alg_refused', 'None'],
  ['rs256', 'alg_refused', 'rs256'],
  ['RS256 ', 'alg_refused', 'RS256 '],
  ['ES256K', 'alg_refused', 'ES256K'],
  ['Ed448', 'alg_refused', 'Ed448'],
  ['RSA-OAEP', 'alg_refused', 'RSA-OAEP'],
  ['', 'alg_refused', ''],
  [undefined, 'alg_refused', undefined],
  [null, 'alg_refused', null],
  [0, 'alg_refused', 0],
  [['RS256'], 'alg_refused', ['RS256']],
  [{ toString: 'RS256' }, 'alg_refused', '[an object]']
]

for (const [alg, reason, found] of algorithms) {
  test(`the algorithm ${JSON.stringify(alg)} is refused`, async (t) => {
    const refusal = refusalOf(() => check({ alg }))
    t.same({ reason: refusal.reason, found: refusal.found }, { reason, found })
    t.equal(refusal.hint?.includes('RS256 or ES256'), reason === 'alg_symmetric' ? true : undefined)
  })
}

test('an algorithm inherited from nowhere in the token is none', async (t) => {
  t.equal(refusalOf(() => check(JSON.parse('{"__proto__":{"alg":"RS256"}}'))).reason, 'alg_refused')
})

for (const crit of [['exp'], ['b64'], [], null, false, 0, '', 'exp', true, {}]) {
  test(`RFC 7515 section 4.1.11: crit ${JSON.stringify(crit)} is refused`, async (t) => {
    t.match(refusalOf(() => check({ alg: 'RS256', crit, b64: true, exp: 1 })), { reason: 'crit_refused', provider: 'oidc' })
  })
}

const types: ReadonlyArray<readonly [typ: unknown, lenient: boolean | 'refused', strict: boolean | 'refused']> = [
  ['at+jwt', true, true],
  ['AT+JWT', true, true],
  ['application/at+jwt', true, true],
  ['Application/At+Jwt', true, true],
  ['JWT', false, 'refused'],
  ['jwt', false, 'refused'],
  ['application/jwt', false, 'refused'],
  [undefined, false, 'refused'],
  ['application/application/at+jwt', 'refused', 'refused'],
  ['at+jwt ', 'refused', 'refused'],
  ['dpop+jwt', 'refused', 'refused'],
  ['logout+jwt', 'refused', 'refused'],
  ['secevent+jwt', 'refused', 'refused'],
  ['id+jwt', 'refused', 'refused'],
  ['token-introspection+jwt', 'refused', 'refused'],
  ['', 'refused', 'refused'],
  [null, 'refused', 'refused'],
  [0, 'refused', 'refused'],
  [['at+jwt'], 'refused', 'refused']
]

for (const [typ, auto, rfc9068] of types) {
  for (const [by, outcome] of [[lenient, auto], [strict, rfc9068]] as const) {
    test(`typ ${JSON.stringify(typ)} with the profile ${by.profile}: ${outcome === 'refused' ? 'refused' : `access token: ${outcome}`}`, async (t) => {
      const header = typ === undefined ? { alg: 'RS256' } : { alg: 'RS256', typ }
      if (outcome !== 'refused') return t.equal(check(header, by).isAccessToken, outcome)
      const expected = by === strict ? 'at+jwt' : 'at+jwt, JWT or none'
      t.match(refusalOf(() => check(header, by)), { reason: 'typ_refused', provider: 'oidc', expected, found: typ ?? 'none' })
    })
  }
}

test('a key id is a text of 1 to 512 characters', async (t) => {
  for (const kid of ['k', '__proto__', 'constructor', '../../etc/passwd', 'k'.repeat(512)]) t.equal(check({ alg: 'RS256', kid }).kid, kid)
  const bad: ReadonlyArray<readonly [kid: unknown, found: unknown]> = [
    ['', '0 characters'], ['k'.repeat(513), '513 characters'], [1, 1], [null, null], [true, true], [['k'], ['k']], [{}, '[an object]']
  ]
  for (const [kid, found] of bad) {
    const refusal = refusalOf(() => check({ alg: 'RS256', kid }))
    t.same({ reason: refusal.reason, found: refusal.found, provider: refusal.provider }, { reason: 'kid_malformed', found, provider: 'oidc' })
  }
})

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
