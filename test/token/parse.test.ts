import { test } from 'tap'
import { confirmSpelling, readPart, requireBase64url, splitToken, startsLikeJws, unlikeJws } from '../../lib/token/parse.js'
import { base64url, nested, withStrayBits } from '../support/compact.js'
import { refusalOf } from '../support/refusal-of.js'

const HEADER = base64url({ alg: 'RS256', kid: 'k' })
const PAYLOAD = base64url({ sub: 'user-22' })
const SIGNATURE = base64url('sixteen bytes ..')
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

test('a compact JWS is taken apart as it stands', async (t) => {
  t.same(splitToken(`${HEADER}.${PAYLOAD}.${SIGNATURE}`), { header: HEADER, payload: PAYLOAD })
})

test('a part is read as a JSON object', async (t) => {
  t.same(readPart(base64url('{ "alg":"RS256", "kid":"ü", "list":[1,"a",null,{}] }'), 'header'), { alg: 'RS256', kid: 'ü', list: [1, 'a', null, {}] })
})

test('a member called __proto__ stays a member and lends nothing', async (t) => {
  const claims = readPart(base64url('{"__proto__":{"sub":"admin"}}'), 'payload')
  t.equal(claims.sub, undefined)
  t.ok(Object.hasOwn(claims, '__proto__'))
})

test('whatever begins with a brace starts like a JWS, garbage does not', async (t) => {
  for (const text of ['{"alg":1}', '{ }', '{}', '{\n}', '{\t}']) t.equal(startsLikeJws(base64url(text)), true, JSON.stringify(text))
  for (const token of ['', 'a', 'E', base64url('[]'), base64url('\uFEFF{}'), base64url('null'), 'undefined']) t.equal(startsLikeJws(token), false, token)
})

test('a token of 16,384 characters is taken apart, a longer one is not looked at', async (t) => {
  const payload = base64url({ sub: 'user-1' })
  const longest = `${HEADER}.${payload}.${'A'.repeat(16_384 - HEADER.length - payload.length - 2)}`
  t.same(splitToken(longest), { header: HEADER, payload })
  t.match(refusalOf(() => splitToken(`${longest}A`)), {
    code: 'GATEHOUSE_TOKEN_INVALID', reason: 'token_too_large', found: '16385 characters', expected: 'at most 16384'
  })
  t.equal(unlikeJws('.'.repeat(1_000_000)).reason, 'token_too_large')
})

const UNCLEAN = { found: 'a part that is not canonical base64url' }
const shapes: ReadonlyArray<readonly [title: string, token: string, reason: string, about?: object]> = [
  ['an opaque token', 'mF_9B5f-41JqM', 'token_opaque', { hint: /not a JWT/ }],
  ['an empty text', '', 'token_opaque'],
  ['undefined, written out', 'undefined', 'token_quoted', { hint: /placeholder/ }],
  ['null, written out', 'null', 'token_quoted'],
  ['a placeholder of a manual', 'YOUR_ACCESS_TOKEN', 'token_quoted'],
  ['another placeholder', 'your-token', 'token_quoted'],
  ['the word token', 'Token', 'token_quoted'],
  ['two parts', `${HEADER}.${PAYLOAD}`, 'token_malformed', { found: '2 parts', expected: '3 parts' }],
  ['four parts', `${HEADER}.${PAYLOAD}.c2ln.c2ln`, 'token_malformed', { found: '4 parts' }],
  ['five parts, an encrypted token', `${HEADER}.a.b.c.d`, 'token_encrypted', { hint: /JWE/ }],
  ['six parts', 'a.b.c.d.e.f', 'token_malformed', { found: '6 parts' }],
  ['16,384 dots', '.'.repeat(16_384), 'token_malformed', { found: '16385 parts' }],
  ['an empty header', `.${PAYLOAD}.${SIGNATURE}`, 'token_malformed', { found: 'a header that is not a JSON object' }],
  ['an empty payload', `${HEADER}..${SIGNATURE}`, 'token_malformed', UNCLEAN],
  ['an empty signature', `${HEADER}.${PAYLOAD}.`, 'token_malformed', UNCLEAN],
  ['a header that cannot be an object', `${base64url('[1]')}.${PAYLOAD}.${SIGNATURE}`, 'token_malformed', { found: 'a header that is not a JSON object' }]
]

for (const [title, token, reason, about = {}] of shapes) {
  test(`refused by shape: ${title}`, async (t) => {
    const told = refusalOf(() => { throw startsLikeJws(token) ? splitToken(token) : unlikeJws(token) })
    t.match(told, { code: 'GATEHOUSE_TOKEN_INVALID', reason, ...about })
  })
}

for (const [index, part] of ['header', 'payload', 'signature'].entries()) {
  test(`a ${part} has one spelling: no stray bit, no bits too many`, async (t) => {
    for (const bend of [withStrayBits, (segment: string) => `${segment}${'A'.repeat((5 - segment.length % 4) % 4)}`, (segment: string) => `${segment.slice(0, -1)}=`]) {
      const parts = [HEADER, PAYLOAD, SIGNATURE]
      parts[index] = bend(parts[index]!)
      t.match(refusalOf(() => splitToken(parts.join('.'))), { reason: 'token_malformed', ...UNCLEAN })
    }
  })
}

test('of the 64 last characters of a part only those without stray bits are taken', async (t) => {
  for (const [start, canonical] of [['A', 'AQgw'], ['AA', 'AEIMQUYcgkosw048'], ['AAA', ALPHABET], ['AAAA', '']] as const) {
    const taken = [...ALPHABET].filter((last) => {
      try {
        return splitToken(`${HEADER}.${PAYLOAD}.${start}${last}`) !== undefined
      } catch {
        return false
      }
    })
    t.same(taken, [...ALPHABET].filter((last) => canonical.includes(last)), `${start.length + 1} characters`)
  }
})

const characters: ReadonlyArray<readonly [title: string, bend: (part: string) => string]> = [
  ['padding', (part) => `${part}==`],
  ['a space before it', (part) => ` ${part}`],
  ['a tab inside', (part) => `${part.slice(0, 3)}\t${part.slice(3)}`],
  ['a line feed behind it', (part) => `${part}\n`],
  ['the plus of plain base64', (part) => `+${part.slice(1)}`],
  ['the slash of plain base64', (part) => `/${part.slice(1)}`],
  ['a letter outside ASCII', (part) => `ſ${part.slice(1)}`],
  ['nothing', () => '']
]
const texts: ReadonlyArray<readonly [title: string, text: string | Buffer, found: RegExp]> = [
  ['no JSON', 'user-1', /not a JSON object/],
  ['JSON with something behind it', '{} {}', /not a JSON object/],
  ['JSON behind a byte order mark', '\uFEFF{}', /not a JSON object/],
  ['a trailing comma', '{"a":1,}', /not a JSON object/],
  ['an array', '[{}]', /not a JSON object/],
  ['null', 'null', /not a JSON object/],
  ['a number', '1', /not a JSON object/],
  ['a text', '"{}"', /not a JSON object/],
  ['a byte that is never UTF-8', Buffer.from('7b22ff223a317d', 'hex'), /not a JSON object|not UTF-8/],
  ['an overlong encoding', Buffer.from('7b22c080223a317d', 'hex'), /not a JSON object|not UTF-8/],
  ['an encoded surrogate', Buffer.from('7b22eda080223a317d', 'hex'), /not a JSON object|not UTF-8/],
  ['a member nested until the stack is exhausted', `{"a":${nested(6000)}}`, /nested too deep/],
  ['a member twice', '{"a":1,"a":1}', /member twice/],
  ['a member twice, once escaped', '{"a":1,"\\u0061":2}', /member twice/],
  ['a member twice, deep inside', '{"a":[{"b":{"c":1, "c":2}}]}', /member twice/],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}', /member twice/]
]

for (const name of ['header', 'payload'] as const) {
  for (const [title, bend] of characters) {
    test(`a ${name} that is not canonical base64url is refused: ${title}`, async (t) => {
      t.match(refusalOf(() => readPart(bend(PAYLOAD), name)), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'token_malformed', found: `${name} is not canonical base64url` })
    })
  }
  for (const [title, text, found] of texts) {
    test(`a ${name} that is refused: ${title}`, async (t) => {
      t.match(refusalOf(() => readPart(base64url(text), name)), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'token_malformed', found })
    })
  }
}

test('a token has no characters but those of base64url and dots', async (t) => {
  requireBase64url(`${HEADER}.${PAYLOAD}.${ALPHABET}`)
  for (const [title, bend] of characters.slice(0, -1)) {
    for (const token of [`${bend(HEADER)}.${PAYLOAD}.${SIGNATURE}`, `${HEADER}.${bend(PAYLOAD)}.${SIGNATURE}`, `${HEADER}.${PAYLOAD}.${bend(SIGNATURE)}`]) {
      t.match(refusalOf(() => requireBase64url(token)), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'token_malformed', found: 'a character that is not base64url' }, title)
    }
  }
})

test('a name that comes again in another object, or as a value, is no duplicate', async (t) => {
  const text = ' { "a" : { "b" : [ { "b" : 1 }, { "b" : "a" } ] }, "b" : "a\\":{", "c" : 1.0 } '
  t.same(readPart(base64url(text), 'payload'), JSON.parse(text))
})

test('what a lenient reader made of a part is confirmed only if a strict one reads the same', async (t) => {
  const lenient = (bytes: Buffer): object => JSON.parse(bytes.toString())
  for (const text of ['{"a":1}', '{ "a":1 }', '{"a":"ü\\u00fc"}', '{"\\u0061":1e2}', '{"a":"\\ufffd"}', '{"a":"\uFFFD"}', '{"a":"\\ud800"}']) {
    confirmSpelling(base64url(text), lenient(Buffer.from(text)))
  }
  const strange: ReadonlyArray<readonly [bytes: Buffer, found: RegExp]> = [
    [Buffer.from('{"a":1,"a":2}'), /member twice/],
    [Buffer.from(`{"a":${nested(6000)}}`), /nested too deep/],
    ...['7b2261223a22ff227d', '7b2261223a22c080227d', '7b2261223a22eda080227d', '7b2261223a2022ff227d'].map((hex) => [Buffer.from(hex, 'hex'), /not UTF-8/] as const)
  ]
  for (const [bytes, found] of strange) {
    t.match(refusalOf(() => confirmSpelling(base64url(bytes), lenient(bytes))), { reason: 'token_malformed', found }, bytes.toString('latin1').slice(0, 30))
  }
})

test('a refusal carries nothing of the token', async (t) => {
  const attempts = [
    ...['c2VjcmV0', 'c2VjcmV0.c2VjcmV0', 'c2VjcmV0.c2VjcmV0.c2VjcmV0', 'c2VjcmV0.a.b.c.d'].map((token) => () => { throw unlikeJws(token) }),
    ...['secret', '{"secret":1,"secret":2}'].flatMap((text) => [() => readPart(base64url(text), 'payload'), () => readPart(text, 'header')])
  ]
  for (const attempt of attempts) t.notMatch(JSON.stringify(refusalOf(attempt)), /c2VjcmV0|secret/)
})
