import { createHmac } from 'node:crypto'
import t, { test } from 'tap'
import { base64url, compact } from '../support/compact.js'
import { invalidToken, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import type { IssuerKey } from '../support/issuer.js'

const gate = await openGate(t, { algorithms: ['RS256', 'ES256', 'EdDSA'] })
const { issuer } = gate
const claims = { iss: issuer.issuer, aud: issuer.audience, sub: 'admin', exp: Math.floor(Date.now() / 1000) + 600 }
const atRest = { ...issuer.requests }

function hmac (header: Record<string, unknown>, secret: string | Buffer, hash = `sha${String(header.alg).slice(2)}`): string {
  const input = `${base64url(header)}.${base64url(claims)}`
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}

/** Everything public that a reader might take for a secret. */
function secretsOf ({ publicKey, jwk, kid, alg }: IssuerKey): Record<string, string | Buffer> {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const set = { keys: issuer.published }
  return {
    'the PEM': pem,
    'the PEM, trimmed': pem.trim(),
    'the PEM behind a space': ` ${pem}`,
    'the PEM behind a line feed': `\n${pem}`,
    'the PEM behind a byte order mark': `\uFEFF${pem}`,
    'the PEM behind a zero-width space': `\u200B${pem}`,
    'the PEM behind a comment': `# key\n${pem}`,
    'the PEM with CRLF': pem.replaceAll('\n', '\r\n'),
    'the DER': publicKey.export({ type: 'spki', format: 'der' }),
    ...(alg === 'RS256' ? { 'the PKCS#1 PEM': publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(), 'the modulus': Buffer.from(String(jwk.n), 'base64url') } : {}),
    'the JWK as JSON': JSON.stringify(jwk),
    'the bare JWK as JSON': JSON.stringify(publicKey.export({ format: 'jwk' })),
    'the JWK, indented': JSON.stringify(jwk, null, 2),
    'the key set as JSON': JSON.stringify(set),
    'the key set, indented': JSON.stringify(set, null, 2),
    'the keys of the set': JSON.stringify(issuer.published),
    'the kid': kid,
    'an empty key': '',
    'a zero byte': Buffer.alloc(1),
    undefined: 'undefined',
    '[object Object]': '[object Object]'
  }
}

for (const key of issuer.keys) {
  for (const [title, secret] of Object.entries(secretsOf(key))) {
    test(`RFC 8725 section 2.1: HS* over ${title} of the ${key.alg} key is refused`, async (t) => {
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        for (const kid of [key.kid, undefined]) t.same(await gate.bearer(hmac({ alg, kid }, secret)), invalidToken('alg_symmetric'), `${alg} ${kid === undefined ? 'without kid' : ''}`)
      }
      t.same(await gate.bearer(hmac({ alg: key.alg, kid: key.kid }, secret, 'sha256')), invalidToken('signature_invalid'), 'under the key\'s own alg')
    })
  }
}

test('RFC 8725 section 2.1: HS* is refused also where the set holds the secret', async (t) => {
  const secret = Buffer.alloc(32, 7)
  const shared = await openGate(t)
  shared.issuer.published.push(
    { kty: 'oct', k: secret.toString('base64url'), kid: 'oct', alg: 'HS256', use: 'sig' },
    { kty: 'oct', k: secret.toString('base64url'), kid: 'oct-rs', alg: 'RS256' }
  )
  const again = await openGate(t, { issuer: shared.issuer })
  const own = { ...claims, iss: shared.issuer.issuer }
  for (const header of [{ alg: 'HS256', kid: 'oct' }, { alg: 'HS256', kid: 'oct-rs' }, { alg: 'HS256' }]) {
    const input = `${base64url(header)}.${base64url(own)}`
    t.same(await again.bearer(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`), invalidToken('alg_symmetric'))
  }
  t.same(await again.bearer(shared.issuer.token()), welcome())
  t.same(again.app.gatehouse.health().map(({ keys }) => keys), [[shared.issuer.keys[0]!.kid]])
})

for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\u0000', 'ｎone', '', null, false, 0, [], ['none'], {}, undefined]) {
  test(`RFC 8725 section 3.2: an unsigned token is refused: alg ${JSON.stringify(alg)}`, async (t) => {
    const [key] = issuer.keys
    for (const header of [{ alg }, { alg, kid: key!.kid }, { alg, kid: key!.kid, typ: 'at+jwt' }]) {
      t.same(await gate.bearer(compact(header, claims, '')), invalidToken('token_malformed'), 'without a signature')
      t.same(await gate.bearer(compact(header, claims, 'none')), invalidToken('alg_refused'), 'with something in its place')
      t.same(await gate.bearer(issuer.token({}, header)), invalidToken('alg_refused'), 'with the signature of another algorithm')
    }
  })
}

test('an unsigned token is refused under the name of every algorithm', async (t) => {
  for (const { alg, kid } of issuer.keys) {
    t.same(await gate.bearer(compact({ alg, kid }, claims, '')), invalidToken('token_malformed'))
    t.same(await gate.bearer(compact({ alg, kid }, claims, Buffer.alloc(1))), invalidToken('signature_invalid'))
  }
})

test('nothing of this caused a fetch of keys', async (t) => {
  t.same(issuer.requests, atRest)
})
