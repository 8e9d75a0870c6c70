import t, { test } from 'tap'
import { nested } from '../support/compact.js'
import { invalidToken, missing, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { createIssuer } from '../support/issuer.js'

const gate = await openGate(t)
const { issuer } = gate
const [key] = issuer.keys
const header = JSON.stringify({ alg: key!.alg, kid: key!.kid })
const exp = Math.floor(Date.now() / 1000) + 600
const claims = { iss: issuer.issuer, aud: issuer.audience, sub: 'user-1', exp }

/** A token with exactly this payload. */
const signed = (payload: string | Buffer) => issuer.sign(header, payload)
/** A token with one more claim, written as it stands. */
const withClaim = (name: string, json: string) => signed(`${JSON.stringify({ ...claims, [name]: undefined }).slice(0, -1)},"${name}":${json}}`)

test('RFC 7519 section 7.2: the payload is a JSON object', async (t) => {
  t.same(await gate.bearer(signed(JSON.stringify(claims))), welcome())
  for (const payload of ['', '[]', 'null', '1', '"sub"', 'true', '{', `${JSON.stringify(claims)}}`, `[${JSON.stringify(claims)}]`]) {
    t.same(await gate.bearer(signed(payload)), invalidToken('token_malformed'), payload.slice(0, 10))
  }
  t.same(await gate.bearer(signed('{}')), invalidToken('claim_missing'))
})

test('RFC 7519 section 7.2: white space around JSON is no matter', async (t) => {
  t.same(await gate.bearer(signed(`\r\n\t ${JSON.stringify(claims, null, 2)} \n`)), welcome())
})

test('RFC 7519 section 7.2: the payload is UTF-8', async (t) => {
  const head = JSON.stringify(claims).slice(0, -1)
  t.same(await gate.bearer(signed(`${head},"name":"Zoë 🦊"}`)), welcome())
  for (const bytes of ['ff', 'c080', 'eda080', 'f4908080', 'e282', 'c3']) {
    t.same(await gate.bearer(signed(Buffer.concat([Buffer.from(`${head},"name":"`), Buffer.from(bytes, 'hex'), Buffer.from('"}')]))), invalidToken('token_malformed'), bytes)
  }
  t.same(await gate.bearer(signed(Buffer.from(JSON.stringify(claims), 'utf16le'))), invalidToken('token_malformed'), 'UTF-16')
  t.same(await gate.bearer(signed(`\uFEFF${JSON.stringify(claims)}`)), invalidToken('token_malformed'), 'a byte order mark')
})

const duplicates: ReadonlyArray<readonly [title: string, member: string]> = [
  ['sub', '"sub":"admin"'],
  ['sub, the same value', '"sub":"user-1"'],
  ['sub, escaped', '"\\u0073ub":"admin"'],
  ['sub, every letter escaped', '"\\u0073\\u0075\\u0062":"admin"'],
  ['exp', '"exp":99999999999'],
  ['iss', `"iss":${JSON.stringify(issuer.issuer)}`],
  ['aud, with a slash escaped', `"aud":"x","a\\u0075d":"${issuer.audience}"`],
  ['a member deep inside', '"ext":[{"role":{"name":"user","name":"admin"}}]']
]

for (const [title, member] of duplicates) {
  test(`RFC 7519 section 4: a claim that comes twice refuses the token: ${title}`, async (t) => {
    t.same(await gate.bearer(signed(`{${member},${JSON.stringify(claims).slice(1)}`)), invalidToken('token_malformed'))
    t.same(await gate.bearer(signed(`${JSON.stringify(claims).slice(0, -1)},${member}}`)), invalidToken('token_malformed'))
  })
}

test('RFC 7519 section 4.1.1: iss is one text, the issuer to the letter', async (t) => {
  for (const iss of ['""', `"${issuer.issuer}/"`, `"${issuer.issuer.toUpperCase()}"`, `" ${issuer.issuer}"`, `"${issuer.issuer}.evil.example"`, `"${issuer.issuer.slice(0, -1)}"`, '"__proto__"']) {
    t.same(await gate.bearer(withClaim('iss', iss)), invalidToken('issuer_mismatch'), iss)
  }
  for (const iss of [`["${issuer.issuer}"]`, `["https://evil.example","${issuer.issuer}"]`, '[]', '{}', 'null', '0', 'true', nested(2)]) {
    t.same(await gate.bearer(withClaim('iss', iss)), invalidToken('claim_malformed'), iss)
  }
  t.same(await gate.bearer(signed(JSON.stringify({ ...claims, iss: undefined }))), invalidToken('claim_missing'))
  t.same(await gate.bearer(withClaim('iss', JSON.stringify(issuer.issuer).replace('http', '\\u0068ttp'))), welcome(), 'letters may be escaped')
})

test('RFC 7519 section 4.1.2: sub is a text', async (t) => {
  for (const sub of ['null', '1', 'true', '""', '["user-1"]', '{"id":"user-1"}']) {
    t.same(await gate.bearer(withClaim('sub', sub)), invalidToken('subject_missing'), sub)
  }
  t.same(await gate.bearer(signed(JSON.stringify({ ...claims, sub: undefined }))), invalidToken('subject_missing'))
  for (const sub of ['__proto__', 'constructor', ' ', 'a|b', 'ü'.repeat(300)]) t.same(await gate.bearer(withClaim('sub', JSON.stringify(sub))), welcome(sub))
})

test('RFC 7519 section 4.1.3: audience arrays name us among others', async (t) => {
  const other = '"https://other.example"'
  const ours = JSON.stringify(issuer.audience)
  for (const aud of [ours, `[${ours}]`, `[${other},${ours}]`, `[${ours},${ours}]`, `[${Array(100).fill(other).join()},${ours}]`]) {
    t.same(await gate.bearer(withClaim('aud', aud)), welcome(), aud.slice(0, 80))
  }
  for (const aud of [other, `[${other}]`, '[]', '""', 'null', '0', 'true', '{}', `[${ours},1]`, `[null,${ours}]`, `[[${ours}]]`, `{"0":${ours}}`, `"${issuer.audience} x"`, `"${issuer.audience}/"`]) {
    t.same(await gate.bearer(withClaim('aud', aud)), invalidToken('audience_mismatch'), aud)
  }
  t.same(await gate.bearer(signed(JSON.stringify({ ...claims, aud: undefined }))), invalidToken('audience_mismatch'), 'no aud')
})

test('RFC 7519 section 4.1.3: several audiences of ours, any of them will do', async (t) => {
  const several = await openGate(t, { issuer, provider: { audience: ['https://a.example', 'https://b.example'] } })
  for (const aud of ['"https://a.example"', '"https://b.example"', '["x","https://b.example"]']) {
    t.same(await several.bearer(withClaim('aud', aud)), welcome(), aud)
  }
  t.same(await several.bearer(withClaim('aud', '"https://a.example,https://b.example"')), invalidToken('audience_mismatch'))
})

test('RFC 7519 section 5.1: typ is compared without regard to case', async (t) => {
  for (const typ of ['JWT', 'jwt', 'application/JWT', 'at+jwt', undefined]) t.same(await gate.bearer(issuer.token({}, { typ })), welcome(), String(typ))
  for (const typ of ['JWS', 'JOSE', 'JOSE+JSON', '', null, 5, ['JWT']]) t.same(await gate.bearer(issuer.token({}, { typ })), invalidToken('typ_refused'), String(typ))
})

test('RFC 7519 section 6: an unsecured token is none', async (t) => {
  const [, payload] = signed(JSON.stringify(claims)).split('.')
  t.same(await gate.bearer(`eyJhbGciOiJub25lIn0.${payload}.`), invalidToken('token_malformed'))
  t.same(await gate.bearer(issuer.token({}, { alg: 'none' })), invalidToken('alg_refused'))
})

test('a payload nested until readers break is refused, wherever it nests', async (t) => {
  for (const depth of [65, 500, 2000, 3500, 4000, 5000]) {
    for (const [name, reason] of [['aud', 'audience_mismatch'], ['iss', 'claim_malformed'], ['exp', 'time_malformed'], ['ext', 'claim_malformed']] as const) {
      const { status, challenge, body, reason: found } = await gate.bearer(withClaim(name, nested(depth)))
      const expected = invalidToken(found === 'token_malformed' ? 'token_malformed' : reason)
      t.same({ status, challenge, body, reason: found }, expected, `${name} ${depth} deep`)
    }
  }
})

test('an issuer of nobody is refused without asking anybody', async (t) => {
  const stranger = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => stranger.close())
  t.same(await gate.bearer(stranger.token()), invalidToken('issuer_mismatch'))
  t.same(stranger.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.same(await gate.ask(), missing('header_missing'), 'and the next request is its own')
})
