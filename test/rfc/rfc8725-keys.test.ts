import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import t, { test } from 'tap'
import type { Test } from 'tap'
import { base64url } from '../support/compact.js'
import { invalidToken, unavailable, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { createIssuer, createKey } from '../support/issuer.js'
import type { IssuerKey } from '../support/issuer.js'

const issuer = await createIssuer({ algorithms: ['RS256'] })
t.teardown(() => issuer.close())
const good = issuer.keys[0]!
const bad = await createKey('RS256', { kid: 'bad' })
const weak = await createKey('RS256', { kid: 'bad', modulusLength: 1024 })
const ec = await createKey('ES256', { kid: 'bad' })
const okp = await createKey('EdDSA', { kid: 'bad' })

/** An app that read this key set when it started. */
function gateWith (t: Test, ...published: unknown[]) {
  // What is no object is part of the hostile sets.
  issuer.published = published as Record<string, unknown>[]
  return openGate(t, { issuer })
}

const unfit: ReadonlyArray<readonly [title: string, jwk: Record<string, unknown>, key: IssuerKey, reason: string]> = [
  ['an RSA key of 1024 bits', weak.jwk, weak, 'an RSA key of 1024 bits'],
  ['use: enc', { ...bad.jwk, use: 'enc' }, bad, 'use is not sig'],
  ['key_ops without verify', { ...bad.jwk, key_ops: ['encrypt', 'wrapKey'] }, bad, 'key_ops does not name verify'],
  ['use: sig beside key_ops without verify', { ...bad.jwk, use: 'sig', key_ops: ['sign'] }, bad, 'key_ops does not name verify'],
  ['a private exponent', { ...bad.privateKey.export({ format: 'jwk' }), kid: 'bad', alg: 'RS256' }, bad, 'carries private members'],
  ['the private half of a curve key', { ...ec.privateKey.export({ format: 'jwk' }), kid: 'bad' }, ec, 'carries private members'],
  ['the private half of an Ed25519 key', { ...okp.privateKey.export({ format: 'jwk' }), kid: 'bad' }, okp, 'carries private members'],
  ['an alg of another type', { ...ec.jwk, alg: 'RS256' }, ec, 'its alg is not accepted, or does not fit the key'],
  ['an alg for encryption', { ...bad.jwk, alg: 'RSA-OAEP-256' }, bad, 'its alg is not accepted, or does not fit the key'],
  ['an alg for HMAC', { ...bad.jwk, alg: 'HS256' }, bad, 'its alg is not accepted, or does not fit the key'],
  ['a point that is not on its curve', { ...ec.jwk, y: ec.jwk.x }, ec, 'cannot be read'],
  ['an unknown type', { ...bad.jwk, kty: 'AKP' }, bad, 'key type or curve is not supported'],
  ['a kid that is a number', { ...bad.jwk, kid: 5 }, bad, 'kid is not a text']
]

for (const [title, jwk, key, reason] of unfit) {
  test(`RFC 8725 section 3.5: an unfit key is left out alone: ${title}`, async (t) => {
    const gate = await gateWith(t, jwk, good.jwk)
    t.same(await gate.bearer(issuer.token({}, {}, key)), invalidToken('kid_unknown'))
    t.same(await gate.bearer(issuer.token({}, {}, good)), welcome())
    t.same(await gate.bearer(issuer.token({}, { kid: undefined }, good)), welcome(), 'and is none of the keys that could be meant')
    t.match(gate.app.gatehouse.health(), [{ state: 'fresh', keys: [good.kid], failures: 0 }])
    t.match(gate.logs.lines.filter(({ level }) => level === 40), [{ provider: 'oidc', dropped: [`key 0: ${reason}`], msg: 'keys of the provider left out' }])
  })
}

test('RFC 8725 section 3.5: a key with the exponent 1, under which everybody can sign, is left out', async (t) => {
  const gate = await gateWith(t, { ...bad.jwk, e: 'AQ' }, good.jwk)
  const input = issuer.token({}, {}, bad).split('.').slice(0, 2).join('.')
  // RFC 8017 section 9.2: to the power of 1 this is its own signature.
  const digestInfo = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), createHash('sha256').update(input).digest()])
  const encoded = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(256 - 3 - digestInfo.length, 0xFF), Buffer.from([0]), digestInfo])
  t.same(await gate.bearer(`${input}.${base64url(encoded)}`), invalidToken('kid_unknown'))
  t.same(await gate.bearer(issuer.token({}, {}, good)), welcome())
})

test('RFC 7517 section 5: what is no key at all is left out alone', async (t) => {
  const gate = await gateWith(t, null, 'key', 5, true, [good.jwk], {}, [], { kty: 'oct', k: 'c2VjcmV0' }, { kty: 'RSA' }, good.jwk)
  t.same(await gate.bearer(issuer.token({}, {}, good)), welcome())
  t.match(gate.app.gatehouse.health(), [{ keys: [good.kid], failures: 0 }])
})

test('RFC 7517 section 5: a set of unfit keys alone is no set: 503, not 401', async (t) => {
  const gate = await gateWith(t, { ...bad.jwk, use: 'enc' }, { kty: 'oct', k: 'c2VjcmV0', kid: 'bad' })
  t.same(await gate.bearer(issuer.token({}, {}, bad)), unavailable())
  t.match(gate.app.gatehouse.health(), [{ state: 'away', keys: [], lastError: /has no usable key \(key 0: use is not sig; key 1: carries private members\)/ }])
})

test('two keys under one kid: the algorithm chooses', async (t) => {
  const gate = await gateWith(t, { ...ec.jwk, kid: 'same' }, { ...good.jwk, kid: 'same' })
  t.same(await gate.bearer(issuer.token({}, { kid: 'same' }, good)), welcome())
  t.same(await gate.bearer(issuer.token({}, { kid: 'same' }, ec)), welcome())
  t.same(await gate.bearer(issuer.token({}, { kid: 'same', alg: 'ES256' }, good)), invalidToken('signature_invalid'))
})

test('n and e, x and y decide: an x5c beside them is not looked at', async (t) => {
  // Made for this test alone: a certificate for CN=evil.example, and its key.
  const certificate = 'MIIBhDCCASugAwIBAgIUCywjZZp0+BrhbHF52dnBzqMa8h4wCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMZXZpbC5leGFtcGxlMCAXDTI2MTEyMDE5MDAzN1oYDzIxMjYxMDI3MTkwMDM3WjAXMRUwEwYDVQQDDAxldmlsLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATggUBdXVqjkKlGpIKLHAN/rRQMkCEDMPzA+B6asrwUynXHShvTte6314oaKl/R5F4983al9lW4XzY+h8zHK4rwo1MwUTAdBgNVHQ4EFgQU1e0TtRNhwewA0lHB7oxxcOrdvOQwHwYDVR0jBBgwFoAU1e0TtRNhwewA0lHB7oxxcOrdvOQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAghg2dblQzwPc5qRsKT9Sz5NL5mENgrgxr71IVXV73ggIgPPpc0tcF3Y49xUbIyiKZvN2OPr7TqVo9wgSnLzbWxuk='
  const privateKey = createPrivateKey({ key: Buffer.from('MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMxPVyuYyH8IJBzKvdc+eYZJHYfloHEhZcqjF4IIWnA+hRANCAATggUBdXVqjkKlGpIKLHAN/rRQMkCEDMPzA+B6asrwUynXHShvTte6314oaKl/R5F4983al9lW4XzY+h8zHK4rw', 'base64'), format: 'der', type: 'pkcs8' })
  const evil: IssuerKey = { ...ec, kid: 'x5c', privateKey, publicKey: createPublicKey(privateKey) }
  t.ok(evil.publicKey.equals(createPublicKey(`-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`)), 'the certificate is of that key')

  const gate = await gateWith(t, { ...ec.jwk, kid: 'x5c', x5c: [certificate], 'x5t#S256': createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('base64url') })
  t.same(await gate.bearer(issuer.token({}, { kid: 'x5c' }, evil)), invalidToken('signature_invalid'))
  t.same(await gate.bearer(issuer.token({}, { kid: 'x5c' }, ec)), welcome())

  const alone = await gateWith(t, { kty: 'EC', crv: 'P-256', kid: 'x5c', alg: 'ES256', x5c: [certificate] }, good.jwk)
  t.same(await alone.bearer(issuer.token({}, { kid: 'x5c' }, evil)), invalidToken('kid_unknown'), 'nor where it is all there is')
})

const kids: ReadonlyArray<readonly [title: string, kid: unknown, reason: 'kid_malformed' | 'kid_unknown']> = [
  ['10 KB', 'k'.repeat(10_000), 'kid_malformed'],
  ['empty', '', 'kid_malformed'],
  ['null', null, 'kid_malformed'],
  ['a number', 5, 'kid_malformed'],
  ['an array', ['bad'], 'kid_malformed'],
  ['an object', {}, 'kid_malformed'],
  ['__proto__', '__proto__', 'kid_unknown'],
  ['constructor', 'constructor', 'kid_unknown'],
  ['hasOwnProperty', 'hasOwnProperty', 'kid_unknown'],
  ['../../etc/passwd', '../../etc/passwd', 'kid_unknown'],
  ['/dev/null', '/dev/null', 'kid_unknown'],
  ['a URL', 'http://169.254.169.254/latest/meta-data', 'kid_unknown'],
  ['SQL', "' OR '1'='1", 'kid_unknown'],
  ['a command', '|/usr/bin/id', 'kid_unknown'],
  ['a zero byte', '\u0000', 'kid_unknown'],
  ['half a surrogate pair', '\uD800', 'kid_unknown']
]

test('RFC 8725 section 3.10: a key id is compared with those of the set, and nothing else is done with it', async (t) => {
  const gate = await gateWith(t, good.jwk)
  const before = { ...issuer.requests }
  for (const [title, kid, reason] of kids) {
    t.same(await gate.bearer(issuer.token({}, { kid }, good)), invalidToken(reason), title)
    if (reason === 'kid_malformed') t.same(issuer.requests, before, `${title}: nothing is fetched for it`)
  }
  t.same(issuer.requests, { ...before, jwks: before.jwks + 1 }, 'one fetch for all that were unknown')
  t.same(await gate.bearer(issuer.token({}, {}, good)), welcome())
})

test('RFC 8725 section 3.8, 3.10: an address in a token is never visited', async (t) => {
  const gate = await gateWith(t, good.jwk)
  const evil = await createIssuer({ algorithms: ['RS256'] })
  t.teardown(() => evil.close())
  const before = { ...issuer.requests }
  const jku = `${evil.issuer}/jwks`
  const evilKey = { ...evil.keys[0]!, kid: good.kid }
  t.same(await gate.bearer(evil.token()), invalidToken('issuer_mismatch'))
  t.same(await gate.bearer(evil.token({}, { jku, x5u: jku })), invalidToken('issuer_mismatch'))
  t.same(await gate.bearer(issuer.token({ iss: evil.issuer }, { jku })), invalidToken('issuer_mismatch'))
  t.same(await gate.bearer(issuer.token({ iss: `${issuer.issuer}@${evil.issuer.slice(7)}` })), invalidToken('issuer_mismatch'))
  for (const header of [{ jku }, { x5u: jku }, { jku, x5u: jku, jwk: evil.keys[0]!.jwk }]) {
    t.same(await gate.bearer(issuer.token({}, header, evilKey)), invalidToken('signature_invalid'))
  }
  t.same(evil.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.same(issuer.requests, before)
})
