import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { defineProvider } from '../../lib/providers/define.js'
import type { ProviderSettings } from '../../lib/providers/define.js'
import { createKey } from '../support/issuer.js'
import { mistake } from '../support/mistake.js'

const remedies = { issuer: 'set the issuer', audience: 'set the audience' }
const [rsa, ec, ed] = await Promise.all([createKey('RS256'), createKey('ES256'), createKey('EdDSA')])

const locate = (keys: ProviderSettings['keys'], issuer = 'https://id.example') =>
  defineProvider('test()', { name: 'test', issuer, audience: 'api', remedies, settings: { keys } }).keys

t.test('by default keys are found by OpenID Connect discovery, then by RFC 8414, which puts the well-known part before the path', async (t) => {
  for (const [issuer, openid, oauth] of [
    ['https://id.example', 'https://id.example/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server'],
    ['https://id.example/', 'https://id.example/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server'],
    ['https://id.example/a', 'https://id.example/a/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server/a'],
    ['https://id.example/a/b/', 'https://id.example/a/b/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server/a/b'],
    ['https://id.example:8443/a', 'https://id.example:8443/a/.well-known/openid-configuration', 'https://id.example:8443/.well-known/oauth-authorization-server/a'],
    ['http://127.0.0.1:80/a', 'http://127.0.0.1:80/a/.well-known/openid-configuration', 'http://127.0.0.1/.well-known/oauth-authorization-server/a'],
    ['https://id.example:443/a', 'https://id.example:443/a/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server/a'],
    ['https://bücher.example/a', 'https://bücher.example/a/.well-known/openid-configuration', 'https://xn--bcher-kva.example/.well-known/oauth-authorization-server/a']
  ] as const) {
    const { discovery, ...rest } = locate(undefined, issuer)
    t.strictSame(rest, {}, 'and nothing else')
    t.strictSame(discovery?.map((url) => new URL(url).href), [openid, oauth].map((url) => new URL(url).href), issuer)
  }
})

t.test('discovery is one document or a list of them, jwksUri the key set', async (t) => {
  const [one, other] = ['http://127.0.0.1:8080/.well-known/openid-configuration', 'https://id.example/other']
  t.strictSame(locate({ discovery: one }), { discovery: [one] })
  t.strictSame(locate({ discovery: [other, one] }), { discovery: [other, one] }, 'in the order given')
  t.strictSame(locate({ jwksUri: 'https://k.example' }), { jwksUri: 'https://k.example' })
})

t.test('what is undefined is not given', async (t) => {
  const unset = { discovery: undefined, jwks: undefined, pem: undefined }
  t.strictSame(locate({ ...unset, jwksUri: 'https://k.example' } as ProviderSettings['keys']), { jwksUri: 'https://k.example' })
})

t.test('of a key set at hand what verification needs is taken', async (t) => {
  const jwks = { keys: [rsa.jwk, ec.jwk] }
  const needed = jwks.keys.map(({ use, ...members }) => members)
  t.strictSame(locate({ jwks }), { jwks: { keys: needed } })
  t.strictSame(locate({ jwks: { ...jwks, issued: 'today' } as typeof jwks }), { jwks: { keys: needed } }, 'without what stands beside the keys')
})

t.test('a public key in PEM is a key set of one key without an id', async (t) => {
  for (const { publicKey } of [rsa, ec, ed]) {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const jwks = { keys: [publicKey.export({ format: 'jwk' })] }
    t.strictSame(locate({ pem }), { jwks })
    t.strictSame(locate({ pem: `\r\n${pem.replaceAll('\n', '\r\n')}\n` }), { jwks }, 'whatever ends its lines')
  }
  t.strictSame(locate({ pem: rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString() }), { jwks: { keys: [rsa.publicKey.export({ format: 'jwk' })] } }, 'PKCS #1')
})

const certificate = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUZahFk+jl4/n4v4j3hm6Wj1XyST0wCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOaXNzdWVyLmV4YW1wbGUw
IBcNMjYxMTIwMjEyNDQ5WhgPMjEyNjEwMjcyMTI0NDlaMBkxFzAVBgNVBAMMDmlzc3Vlci5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEXXUh5Ut15EYgCKi58nQlJpCyk6emHBwVZXHaMdpC7R7hzlgWq3kTdsmoY+T28CW8/b7XHdmMnJbV5TUyFYQo
+KNTMFEwHQYDVR0OBBYEFAjEjtbhED7C2OP6vPnLEh3JtitPMB8GA1UdIwQYMBaAFAjEjtbhED7C2OP6vPnLEh3JtitPMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAObW7k5bZnIeG/6Wl4gUIY2YxUabn0S9UbDR+bnXS34aAiBJ3Uzb2gMX8Dgk
NkJxHr5LNlMVPz/n29LG2xEK+AUQbw==
-----END CERTIFICATE-----
`

t.test('of a certificate the public key is taken, and nothing else is read', async (t) => {
  const [x, y] = ['XXUh5Ut15EYgCKi58nQlJpCyk6emHBwVZXHaMdpC7R4', '4c5YFqt5E3bJqGPk9vAlvP2-1x3ZjJyW1eU1MhWEKPg']
  t.strictSame(locate({ pem: certificate }), { jwks: { keys: [{ kty: 'EC', x, y, crv: 'P-256' }] } })
})

t.test('where keys are is frozen to the deepest, and what was given stays as it was', async (t) => {
  const jwks = { keys: [{ ...ec.jwk, key_ops: ['verify'] }] }
  const discovery = ['https://id.example/a']
  const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  for (const keys of [undefined, { discovery }, { discovery: 'https://id.example/a' }, { jwksUri: 'https://k.example' }, { pem }, { jwks }]) {
    t.strictSame(thawed(locate(keys)), [], Object.keys(keys ?? {}).join())
  }
  const [found, listed] = [locate({ jwks }), locate({ discovery })]
  const before = JSON.stringify([found, listed])
  t.notOk([jwks, jwks.keys, jwks.keys[0], jwks.keys[0]!.key_ops, discovery].some((given) => Object.isFrozen(given)))
  jwks.keys[0]!.key_ops.length = 0
  Object.assign(jwks.keys[0]!, rsa.jwk)
  jwks.keys.push({ ...ed.jwk, key_ops: ['verify'] })
  discovery.push('https://evil.example')
  t.equal(JSON.stringify([found, listed]), before, 'and changing it later changes nothing')
})

/** Paths of the parts that could still be changed. */
function thawed (value: unknown, path = 'keys'): string[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([name, member]) => thawed(member, `${path}.${name}`))
  return Object.isFrozen(value) ? inside : [path, ...inside]
}

// Settings as plain JavaScript may write them, which the types cannot stop.
function refusal (keys: unknown, more: object = {}): string | undefined {
  const settings = { keys, ...more } as object
  return mistake(() => defineProvider('test()', { name: 'test', issuer: 'https://id.example', audience: 'api', remedies, settings }))
}

const jwksUri = 'https://id.example/jwks'
const discovery = 'https://id.example/.well-known/openid-configuration'
const jwks = { keys: [rsa.jwk] }
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()

t.test('keys are in exactly one place', async (t) => {
  const sentence = 'test(): keys: expected one of discovery, jwksUri, jwks, pem, got'
  t.equal(refusal({}), `${sentence} none of them`)
  for (const unset of [{ jwksUri: undefined }, { pem: undefined }, { discovery: undefined, jwks: undefined }]) {
    t.equal(refusal(unset), `test(): keys.${Object.keys(unset)[0]}: got undefined; is its environment variable set?`)
  }
  for (const [keys, got] of [
    [{ discovery, jwksUri }, 'discovery and jwksUri'],
    [{ jwksUri, jwks }, 'jwksUri and jwks'],
    [{ pem, jwks }, 'jwks and pem'],
    [{ pem, jwksUri: null }, 'jwksUri and pem'],
    [{ discovery, jwksUri, jwks, pem }, 'discovery and jwksUri and jwks and pem']
  ] as const) t.match(refusal(keys), `${sentence} ${got}`)
})

t.test('keys are an object of known keys', async (t) => {
  for (const keys of [jwksUri, null, [jwksUri]]) t.equal(refusal(keys), 'test(): keys: expected an object with one of discovery, jwksUri, jwks, pem')
  t.equal(refusal({ jwks_uri: jwksUri }), 'test(): keys: unknown key "jwks_uri"; did you mean "jwksUri"?')
  t.equal(refusal({ file: 'key.pem' }), 'test(): keys: unknown key "file"; known are discovery, jwksUri, jwks, pem')
})

t.test('keys are fetched by https', async (t) => {
  for (const [keys, path] of [
    [{ jwksUri: '/jwks' }, 'jwksUri'], [{ jwksUri: '' }, 'jwksUri'], [{ discovery: '' }, 'discovery'], [{ discovery: [discovery, '/second'] }, 'discovery'],
    [{ jwksUri: null }, 'jwksUri'], [{ jwksUri: [jwksUri] }, 'jwksUri'], [{ discovery: null }, 'discovery'], [{ discovery: {} }, 'discovery'],
    [{ discovery: [[discovery]] }, 'discovery'], [{ discovery: new Array(1) }, 'discovery']
  ] as const) t.equal(refusal(keys), `test(): keys.${path}: expected an https URL`, JSON.stringify(keys))
  t.equal(refusal({ discovery: [] }), 'test(): keys.discovery: expected a URL or a list of URLs, got an empty list')
  for (const keys of [{ jwksUri: 'http://10.0.0.1' }, { discovery: 'http://10.0.0.1' }, { discovery: [discovery, 'http://10.0.0.1'] }]) {
    t.match(refusal(keys), /: expected an https URL, got 'http:\/\/10\.0\.0\.1'; .+dangerouslyAllowHttp: true/)
    t.equal(refusal(keys, { dangerouslyAllowHttp: true }), undefined)
  }
})

t.test('an address with a password is refused without showing it', async (t) => {
  for (const keys of [{ jwksUri: 'https://user:hunter2@id.example' }, { discovery: [discovery, 'https://user:hunter2@id.example'] }]) {
    t.match(refusal(keys), /expected a URL without user name and password$/)
    t.notMatch(refusal(keys), 'hunter2')
  }
})

t.test('a key set is an object with a list of JWKs', async (t) => {
  for (const set of [null, 42, '{}', jwks.keys, {}, rsa.jwk, { keys: rsa.jwk }, { keys: 'RSA' }]) {
    t.equal(refusal({ jwks: set }), 'test(): keys.jwks: expected a JWK set: { keys: […] }')
  }
  for (const set of [{ keys: [null] }, { keys: [[rsa.jwk]] }, { keys: [rsa.publicKey] }, { keys: new Array(1) }]) {
    t.equal(refusal({ jwks: set }), 'test(): keys.jwks: key 0: not an object; leave out what cannot verify tokens')
  }
})

t.test('a key set with a private key is refused, also where another key would do', async (t) => {
  const secret = ec.privateKey.export({ format: 'jwk' })
  t.equal(refusal({ jwks: { keys: [rsa.jwk, { ...secret, kid: 1 }] } }), 'test(): keys.jwks: key 1: carries private members; leave out what cannot verify tokens')
})

t.test('a key set with a key that cannot verify a token is refused with the reasons', async (t) => {
  const remedy = 'leave out what cannot verify tokens'
  t.equal(refusal({ jwks: { keys: [] } }), 'test(): keys.jwks: there is no key')
  t.equal(refusal({ jwks: { keys: [{ ...rsa.jwk, use: 'enc' }, ec.jwk, { kty: 'oct' }] } }), `test(): keys.jwks: key 0: use is not sig; key 2: key type or curve is not supported; ${remedy}`)
  t.equal(refusal({ jwks }, { algorithms: ['ES256'] }), `test(): keys.jwks: key 0: its alg is not accepted, or does not fit the key; ${remedy}`)
})

t.test('a PEM of which the key cannot verify a token is refused with the reason', async (t) => {
  const spki = (key: { export (options: { type: 'spki', format: 'pem' }): string | Buffer }) => key.export({ type: 'spki', format: 'pem' }).toString()
  for (const [key, reason] of [
    [generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, 'an RSA key of 1024 bits'],
    [generateKeyPairSync('x25519').publicKey, 'key type or curve is not supported'],
    [generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey, 'key type or curve is not supported']
  ] as const) t.equal(refusal({ pem: spki(key) }), `test(): keys.pem: key 0: ${reason}; leave out what cannot verify tokens`)
  t.equal(refusal({ pem }, { algorithms: ['ES256'] }), 'test(): keys.pem: key 0: no accepted algorithm for RSA keys; leave out what cannot verify tokens')
})

const PEM = 'test(): keys.pem: expected a public key or certificate in PEM'

t.test('what is no PEM of a public key is refused', async (t) => {
  const [, ...withoutHead] = pem.split('\n')
  for (const value of [
    null, 42, {}, [], [pem], Buffer.from(pem), rsa.publicKey, '', 'undefined', 'keys/public.pem', withoutHead.join('\n'),
    pem.slice(0, 100), pem.replace('MII', 'AAA'), pem.replaceAll('\n', '\\n'), `comment\n${pem}`,
    pem.replaceAll('PUBLIC KEY', 'CERTIFICATE REQUEST'), pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'), pem.replaceAll('PUBLIC', 'public')
  ]) t.match(refusal({ pem: value }), PEM, String(value))
  t.equal(refusal({ pem: pem.replaceAll('\n', '\\n') }), `${PEM}; its line breaks are written as \\n: replace them with line breaks`)
  t.equal(refusal({ pem: `${pem}${pem}` }), `${PEM}; these are several: pass one, or a JWK set`)
})

const secrets = [rsa, ec, ed].map(({ privateKey }) => ({ key: privateKey, jwk: privateKey.export({ format: 'jwk' }) }))

/** Whether a sentence shows any long part of a text. */
function shows (sentence: string | undefined, secret: string): boolean {
  return secret.match(/.{16}/g)!.some((part) => sentence!.includes(part))
}

t.test('a private key is refused with the remedy, and not shown', async (t) => {
  const pems = [
    ...secrets.map(({ key }) => key.export({ type: 'pkcs8', format: 'pem' })),
    rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }),
    ec.privateKey.export({ type: 'sec1', format: 'pem' }),
    rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' })
  ].map(String)
  for (const secret of pems) {
    const sentence = refusal({ pem: secret })
    t.equal(sentence, `${PEM}; this one is private: keep it secret, and export the public one from it`, secret.slice(0, 30))
    const disguised = refusal({ pem: secret.replaceAll(/[A-Z ]*PRIVATE KEY/g, 'PUBLIC KEY') })
    t.equal(disguised, PEM, 'under a wrong label')
  }
})

t.test('a private key where something else belongs is not shown either', async (t) => {
  for (const { key, jwk } of secrets) {
    const secret = key.export({ type: 'pkcs8', format: 'pem' }).toString()
    const der = key.export({ type: 'pkcs8', format: 'der' }).toString('base64')
    for (const keys of [der, { discovery: der }, { jwksUri: der }, { pem: der }]) t.notOk(shows(refusal(keys), der), 'DER')
    for (const keys of [secret, [secret], { discovery: secret }, { jwksUri: secret }, { jwks: secret }, { discovery: [secret] }, { pem: secret, jwksUri }, { pem: [secret] }]) {
      t.notOk(shows(refusal(keys), secret.split('\n')[1]!), 'PEM')
    }
    for (const keys of [jwk, { jwks: jwk }, { jwks: { keys: jwk } }, { jwks: { keys: [jwk] } }, { jwks: { keys: [jwk, null] } }, { pem: jwk }]) {
      t.notOk(shows(refusal(keys), jwk.d!), `JWK: ${Object.keys(keys).join()}`)
    }
    for (const keys of [[jwk], { jwks: [jwk] }, { jwksUri: jwk }, { discovery: jwk }]) {
      t.notOk(shows(refusal(keys), jwk.d!), `JWK in the wrong place: ${Array.isArray(keys) ? 'keys' : Object.keys(keys).join()}`)
    }
  }
})
