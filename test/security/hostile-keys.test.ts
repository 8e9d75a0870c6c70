import t, { test } from 'tap'
import type { Test } from 'tap'
import { nested } from '../support/compact.js'
import { invalidToken, unavailable, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import type { Gate } from '../support/gate.js'
import { VALUES } from '../support/hostile.js'
import { createIssuer, createKey } from '../support/issuer.js'
import { listen } from '../support/issuer/server.js'

t.setTimeout(180_000)

const issuer = await createIssuer({ algorithms: ['RS256', 'ES256'] })
const evil = await createKey('RS256', { kid: 'evil' })
let body: string | Buffer = ''
const keyServer = await listen((_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(body) })
t.teardown(() => Promise.all([issuer.close(), keyServer.close()]))
const [rsa, ec] = issuer.published as [Record<string, unknown>, Record<string, unknown>]
const good = JSON.stringify(rsa)

/** An app whose key server answers with exactly this. */
function gateWith (t: Test, text: string | Buffer): Promise<Gate> {
  body = text
  return openGate(t, { issuer, provider: { keys: { jwksUri: `${keyServer.origin}/jwks` } } })
}

const useless: ReadonlyArray<readonly [title: string, text: string | Buffer]> = [
  ['nothing', ''],
  ['null', 'null'],
  ['a number', '5'],
  ['a text', '"keys"'],
  ['a list', `[${good}]`],
  ['no keys', '{}'],
  ['keys of null', '{"keys":null}'],
  ['keys that are a text', '{"keys":"x"}'],
  ['keys that are an object', `{"keys":{"0":${good},"length":1}}`],
  ['keys by inheritance', `{"__proto__":{"keys":[${good}]}}`],
  ['no key', '{"keys":[]}'],
  ['10,000 empty keys', `{"keys":[${'{},'.repeat(9_999)}{}]}`],
  ['the good key as the 101st', `{"keys":[${'{},'.repeat(100)}${good}]}`],
  ['keys nested 100,000 deep', `{"keys":${nested(100_000)}}`],
  ['half of a set', `{"keys":[${good}`],
  ['a page', '<!doctype html><title>Sign in</title>'],
  ['more than 1 MB', `{"keys":[${good}],"padding":"${'x'.repeat(1_048_576)}"}`],
  ['bytes that are no text', Buffer.alloc(1000, 0xFF)]
]

for (const [title, text] of useless) {
  test(`a key set of no use is a 503, never another 5xx, never a 401: ${title}`, async (t) => {
    const gate = await gateWith(t, text)
    t.same(await gate.bearer(issuer.token()), unavailable())
    t.same(await gate.bearer(issuer.token({}, { kid: undefined })), unavailable())
    t.same(await gate.bearer('x'), invalidToken('token_opaque'), 'what is wrong without a key is refused without one')
    t.match(gate.app.gatehouse.health(), [{ state: 'away', keys: [], lastError: String }])
  })
}

for (const name of ['kty', 'n', 'e', 'crv', 'x', 'y', 'alg', 'use', 'key_ops', 'kid', 'x5c', 'x5t', 'd', 'k', 'oth', 'ext', '__proto__', 'constructor', 'toJSON', 'then']) {
  test(`a key whose ${name} is hostile harms no other, and no request`, async (t) => {
    const hostile = [rsa, ec].flatMap((jwk, type) => VALUES.map((value, index) => {
      const rest = Object.entries({ ...jwk, kid: `hostile-${type}-${index}` }).filter(([member]) => member !== name)
      return `{${[...rest.map(([member, text]) => `"${member}":${JSON.stringify(text)}`), `"${name}":${value}`].join()}}`
    }))
    const gate = await gateWith(t, `{"keys":[${[...hostile, good].join()}]}`)
    t.same(await gate.bearer(issuer.token()), welcome())
    const statuses = new Set<number>()
    for (const kid of gate.app.gatehouse.health()[0]!.keys) {
      for (const key of [...issuer.keys, evil]) statuses.add((await gate.bearer(issuer.token({}, { kid }, key))).status)
    }
    t.same([...statuses].filter((status) => status !== 200 && status !== 401), [])
    t.same(await gate.bearer(issuer.token({}, {}, evil)), invalidToken('kid_unknown'))
  })
}

const numbers: ReadonlyArray<readonly [title: string, members: Record<string, unknown>]> = [
  ['a modulus of 0', { n: 'AA' }],
  ['a modulus of 1', { n: 'AQ' }],
  ['a modulus of 65,536 bits', { n: Buffer.alloc(8192, 0xFF).toString('base64url') }],
  ['a modulus of 800,000 bits', { n: Buffer.alloc(100_000, 0xFF).toString('base64url') }],
  ['an exponent of 0', { e: 'AA' }],
  ['an exponent of 1', { e: 'AQ' }],
  ['an exponent of 2', { e: 'Ag' }],
  ['an exponent as long as the modulus', { e: Buffer.alloc(256, 0xFF).toString('base64url') }],
  ['an exponent of 20,000 bytes', { e: Buffer.alloc(20_000, 0xFF).toString('base64url') }],
  ['no base64', { n: '!!!', e: '???' }]
]

for (const [title, members] of numbers) {
  test(`an RSA key nobody should have is left out alone: ${title}`, async (t) => {
    const gate = await gateWith(t, JSON.stringify({ keys: [{ ...rsa, kid: 'evil', ...members }, rsa] }))
    t.same(await gate.bearer(issuer.token()), welcome())
    t.same(await gate.bearer(issuer.token({}, {}, evil)), invalidToken('kid_unknown'))
    t.match(gate.app.gatehouse.health(), [{ keys: [rsa.kid], failures: 0 }])
  })
}
