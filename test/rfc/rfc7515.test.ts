import { sign as signDer } from 'node:crypto'
import t, { test } from 'tap'
import { invalidRequest, invalidToken, welcome } from '../support/expected-answers.js'
import { base64url, withStrayBits } from '../support/compact.js'
import { openGate } from '../support/gate.js'
import { createKey } from '../support/issuer.js'
import type { IssuerKey } from '../support/issuer.js'

const gate = await openGate(t, { algorithms: ['ES256', 'RS256', 'PS512', 'EdDSA', 'Ed25519'] })
const { issuer } = gate
const [es256] = issuer.keys as [IssuerKey]
const claims = { iss: issuer.issuer, aud: issuer.audience, sub: 'user-1', exp: Math.floor(Date.now() / 1000) + 600 }
const header = { alg: es256.alg, kid: es256.kid }
const sign = (head: object | string, payload: object | string = claims, key = es256) =>
  issuer.sign(typeof head === 'string' ? head : JSON.stringify(head), typeof payload === 'string' ? payload : JSON.stringify(payload), key)

// A token whose three parts all have bits to spare in their last character.
const spare = sign(padded(header), padded(claims))

test('what is bent below is accepted unbent', async (t) => {
  t.same(await gate.bearer(sign(header)), welcome())
  t.same(await gate.bearer(spare), welcome())
})

for (const crit of ['["b64"]', '["exp"]', '["alg"]', '["unknown"]', '["b64","b64"]', '[]', '[1]', '[""]', 'null', 'false', 'true', '0', '1', '""', '"exp"', '{}']) {
  test(`RFC 7515 section 4.1.11: a header with crit is refused: ${crit}`, async (t) => {
    const text = `${JSON.stringify({ ...header, exp: 1, unknown: 1 }).slice(0, -1)},"crit":${crit}}`
    t.same(await gate.bearer(sign(text)), invalidToken('crit_refused'))
  })
}

test('RFC 7797: an unencoded payload is not understood', async (t) => {
  const text = JSON.stringify({ ...header, b64: false, crit: ['b64'] })
  const signature = sign(text).split('.')[2]
  t.same(await gate.bearer(sign(text)), invalidToken('crit_refused'))
  t.same(await gate.ask(`Bearer ${base64url(text)}.${JSON.stringify(claims)}.${signature}`), invalidRequest('header_malformed'))
})

test('RFC 7797 section 3: b64 without crit is a header nobody has to understand', async (t) => {
  t.same(await gate.bearer(sign({ ...header, b64: true })), welcome())
})

const duplicates: ReadonlyArray<readonly [title: string, header: string]> = [
  ['alg', `{"alg":"none","alg":"ES256","kid":"${es256.kid}"}`],
  ['alg, the same value', `{"alg":"ES256","alg":"ES256","kid":"${es256.kid}"}`],
  ['kid', `{"alg":"ES256","kid":"other","kid":"${es256.kid}"}`],
  ['kid, escaped', `{"alg":"ES256","\\u006bid":"other","kid":"${es256.kid}"}`],
  ['typ', `{"alg":"ES256","kid":"${es256.kid}","typ":"at+jwt","typ":"JWT"}`],
  ['a member of a member', `{"alg":"ES256","kid":"${es256.kid}","jwk":{"kty":"EC","kty":"RSA"}}`]
]

for (const [title, text] of duplicates) {
  test(`RFC 7515 section 4: a header member that comes twice refuses the token: ${title}`, async (t) => {
    t.same(await gate.bearer(sign(text)), invalidToken('token_malformed'))
  })
}

test('RFC 7515 section 2: each part has one spelling, base64url without padding and stray bits', async (t) => {
  for (const [index, part] of ['header', 'payload', 'signature'].entries()) {
    const bent = (bend: (segment: string) => string) => spare.split('.').map((segment, at) => at === index ? bend(segment) : segment).join('.')
    // RFC 9110 section 11.2: a token68 value may end in padding, and nowhere else have any.
    const padding = part === 'signature' ? invalidToken('signature_invalid') : invalidRequest('header_malformed')
    t.same(await gate.bearer(bent((segment) => `${segment}${'='.repeat(4 - segment.length % 4)}`)), padding, `${part}: padding`)
    t.same(await gate.bearer(bent((segment) => `${segment.slice(0, 5)}\t${segment.slice(5)}`)), invalidRequest('header_malformed'), `${part}: a tab`)
    t.same(await gate.bearer(bent((segment) => `${segment.slice(0, 5)} ${segment.slice(5)}`)), invalidRequest('header_malformed'), `${part}: a space`)
    t.same(await gate.bearer(bent(withStrayBits)), invalidToken('token_malformed'), `${part}: stray bits`)
    t.same(await gate.bearer(bent((segment) => `${segment}${'A'.repeat((5 - segment.length % 4) % 4)}`)), invalidToken('token_malformed'), `${part}: six bits too many`)
    t.same(await gate.bearer(bent(() => '')), invalidToken('token_malformed'), `${part}: empty`)
  }
})

test('RFC 7515 section 2: the characters of plain base64 are no others of the same bits', async (t) => {
  const [head, payload, signature] = spare.split('.') as [string, string, string]
  const plain = sign({ ...header, text: '???>>>' }).split('.') as [string, string, string]
  t.match(plain[0], /[-_]/)
  t.same(await gate.bearer([plain[0].replaceAll('-', '+').replaceAll('_', '/'), plain[1], plain[2]].join('.')), invalidToken('token_malformed'))
  t.same(await gate.bearer(`${head}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`), invalidToken('token_malformed'))
})

for (const key of issuer.keys) {
  test(`RFC 7515 section 2: a good signature in another spelling is refused: ${key.alg}`, async (t) => {
    const [good, signature] = withDashesAndUnderscores(key)
    t.same(await gate.bearer(good), welcome())
    const input = good.slice(0, -signature.length)
    for (const spelling of [`${signature}==`, signature.replaceAll('-', '+').replaceAll('_', '/'), Buffer.from(signature, 'base64url').toString('base64'), withStrayBits(signature)]) {
      const { status, challenge, body, reason } = await gate.bearer(input + spelling)
      t.same({ status, challenge, body, reason }, invalidToken(reason === 'token_malformed' ? reason : 'signature_invalid'), spelling.slice(-4))
    }
  })
}

test('RFC 7515 section 4.1.2 to 4.1.6: keys and addresses in a header are never used', async (t) => {
  const evil = await createKey('ES256', { kid: es256.kid })
  const url = `${issuer.issuer}/evil/jwks`
  const before = { ...issuer.requests }
  const x5c = ['MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA']
  for (const extra of [{ jwk: evil.jwk }, { jku: url }, { x5u: url }, { x5c }, { jku: url, jwk: evil.jwk, x5u: url, x5c, x5t: 'x' }]) {
    t.same(await gate.bearer(sign({ ...header, ...extra }, claims, evil)), invalidToken('signature_invalid'), Object.keys(extra).join())
    t.same(await gate.bearer(sign({ ...header, ...extra })), welcome(), 'a good token keeps being one')
  }
  t.same(issuer.requests, before, 'and nothing was asked for')
})

test('RFC 7516: an encrypted token is refused by its shape, without a key', async (t) => {
  const before = { ...issuer.requests }
  for (const head of [{ alg: 'RSA-OAEP', enc: 'A256GCM' }, { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_147_483_647 }, { alg: 'dir', enc: 'A128GCM', zip: 'DEF' }, header]) {
    const jwe = `${base64url(head)}.${base64url('key')}.${base64url('iv')}.${base64url(sign(header))}.${base64url('tag')}`
    t.same(await gate.bearer(jwe), invalidToken('token_encrypted'))
  }
  t.same(issuer.requests, before)
})

test('RFC 7515 section 7.2: the JSON serialization is no Bearer token', async (t) => {
  const [head, payload, signature] = sign(header).split('.')
  t.same(await gate.bearer(JSON.stringify({ protected: head, payload, signature })), invalidRequest('header_malformed'))
})

test('RFC 7515 section 5.2: the signature covers header and payload', async (t) => {
  const [head, payload, signature] = sign(header).split('.') as [string, string, string]
  t.same(await gate.bearer(`${base64url({ ...header, typ: 'JWT' })}.${payload}.${signature}`), invalidToken('signature_invalid'))
  t.same(await gate.bearer(`${head}.${base64url({ ...claims, sub: 'admin' })}.${signature}`), invalidToken('signature_invalid'))
})

for (const key of issuer.keys) {
  test(`RFC 7515 section 5.2: a signature that is none is refused: ${key.alg}`, async (t) => {
    const [head, payload, signature] = sign({ alg: key.alg, kid: key.kid }, claims, key).split('.') as [string, string, string]
    const bytes = Buffer.from(signature, 'base64url')
    const bent: Record<string, Buffer> = {
      'r = s = 0 (CVE-2022-21449)': Buffer.alloc(bytes.length),
      'all ones': Buffer.alloc(bytes.length, 0xFF),
      'one byte': Buffer.from([0]),
      'a byte too few': bytes.subarray(0, -1),
      'a byte too many': Buffer.concat([bytes, Buffer.from([0])]),
      'a leading zero': Buffer.concat([Buffer.from([0]), bytes]),
      twice: Buffer.concat([bytes, bytes]),
      'the last bit flipped': Buffer.from(bytes.map((byte, at) => at === bytes.length - 1 ? byte ^ 1 : byte))
    }
    t.same(await gate.bearer(`${head}.${payload}.`), invalidToken('token_malformed'), 'empty (CVE-2020-28042)')
    for (const [title, signature] of Object.entries(bent)) {
      t.same(await gate.bearer(`${head}.${payload}.${base64url(signature)}`), invalidToken('signature_invalid'), title)
    }
  })
}

test('RFC 7518 section 3.4: an ES256 signature is r and s, not DER', async (t) => {
  const [head, payload] = sign(header).split('.')
  const der = signDer('sha256', Buffer.from(`${head}.${payload}`), es256.privateKey)
  t.same(await gate.bearer(`${head}.${payload}.${base64url(der)}`), invalidToken('signature_invalid'))
})

test('RFC 7515 section 7.1: a compact serialization has three parts, also where the fourth is empty', async (t) => {
  for (const bend of [(token: string) => `${token}.`, (token: string) => `.${token}`, (token: string) => `${token}.x`]) {
    t.same(await gate.bearer(bend(sign(header))), invalidToken('token_malformed'))
  }
})

/** A good token, and its signature, in which every character of base64url may stand. */
function withDashesAndUnderscores (key: IssuerKey): [token: string, signature: string] {
  for (let jti = 0; ; jti++) {
    const token = sign({ alg: key.alg, kid: key.kid }, { ...claims, jti }, key)
    const signature = token.slice(token.lastIndexOf('.') + 1)
    if (/-.*_|_.*-/.test(signature)) return [token, signature]
  }
}

/** JSON with a member more, so that its base64url leaves two or four bits over. */
function padded (members: object): string {
  for (let text = ''; ; text += 'x') {
    const json = JSON.stringify({ ...members, text })
    if (Buffer.byteLength(json) % 3 !== 0) return json
  }
}
