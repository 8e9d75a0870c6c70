import t from 'tap'
import { defineProvider } from '../../lib/providers/define.js'
import type { ProviderSettings } from '../../lib/providers/define.js'
import { createKey } from '../support/issuer.js'

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
