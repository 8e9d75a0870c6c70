import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { auth0, authgear } from '../../lib/index.js'
import { defineProvider } from '../../lib/providers/define.js'
import { mistake } from '../support/mistake.js'

const remedies = { issuer: 'set the issuer', audience: 'set the audience' }

// Settings as plain JavaScript may write them, which the types cannot stop.
function refusal (introspection: unknown, more: object = {}): string | undefined {
  const settings = { introspection, ...more } as object
  return mistake(() => defineProvider('test()', { name: 'test', issuer: 'https://id.example', audience: 'api', remedies, settings }))
}

const client = { clientId: 'api', clientSecret: 'hunter2' }
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = ec.privateKey.export({ format: 'jwk' })
const pem = ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const keyed = { clientId: 'api', key: jwk }

t.test('introspection is an object of known keys', async (t) => {
  for (const options of [null, false, true, 'hunter2', [client]]) t.equal(refusal(options), 'test(): introspection: expected an object with clientId and clientSecret, or key')
  t.equal(refusal({ ...client, client_secret: 'hunter2' }), 'test(): introspection: unknown key "client_secret"; did you mean "clientSecret"?')
  t.match(refusal({ ...client, url: '' }), /^test\(\): introspection: unknown key "url"; known are endpoint, clientId, /)
})

t.test('what is wrong is named with its remedy', async (t) => {
  const ask = 'is its environment variable set?'
  for (const [options, message] of [
    [{ ...client, clientId: undefined }, `clientId: expected this API's client id at the provider, got undefined; ${ask}`],
    [{ ...client, clientId: '' }, `clientId: expected this API's client id at the provider, got ''; ${ask}`],
    [{ ...client, clientId: ' ' }, `clientId: expected this API's client id at the provider, got ' '; ${ask}`],
    [{ ...client, clientId: 'undefined' }, `clientId: expected this API's client id at the provider, got 'undefined'; ${ask}`],
    [{ ...client, clientId: 42 }, `clientId: expected this API's client id at the provider, got 42; ${ask}`],
    [{ ...client, clientSecret: '' }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...client, clientSecret: ' ' }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...client, clientSecret: 'undefined' }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...client, clientSecret: 42 }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...client, clientSecret: null }, `clientSecret: expected a text that is not empty; ${ask}`],
    [{ ...client, clientSecret: 'hunter2\n' }, 'clientSecret: has a line break; remove what the file it was read from ends with'],
    [{ ...client, endpoint: '' }, "endpoint: expected an https URL, got ''"],
    [{ ...client, endpoint: 'undefined' }, "endpoint: expected an https URL, got 'undefined'"],
    [{ ...client, endpoint: '/introspect' }, "endpoint: expected an https URL, got '/introspect'"],
    [{ ...client, endpoint: 'http://id.example/' }, "endpoint: expected an https URL, got 'http://id.example/'; plain http is for loopback; dangerouslyAllowHttp: true allows it elsewhere"],
    [{ ...client, endpoint: 'https://user:hunter2@id.example/' }, 'endpoint: expected a URL without user name and password'],
    [{ ...client, audience: true }, "audience: expected false, or nothing: whom tokens are for is the provider's audience, got true"],
    [{ ...client, audience: 'api' }, "audience: expected false, or nothing: whom tokens are for is the provider's audience, got 'api'"],
    [{ ...client, prefix: '' }, "prefix: expected what opaque tokens begin with: letters, digits and -._~+/, got ''; leave it out if they have nothing in common"],
    [{ ...client, prefix: 'undefined' }, "prefix: expected what opaque tokens begin with: letters, digits and -._~+/, got 'undefined'; leave it out if they have nothing in common"],
    [{ ...client, prefix: 'at ' }, "prefix: expected what opaque tokens begin with: letters, digits and -._~+/, got 'at '; leave it out if they have nothing in common"],
    [{ ...client, prefix: /at/ }, 'prefix: expected what opaque tokens begin with: letters, digits and -._~+/, got /at/; leave it out if they have nothing in common'],
    [{ ...client, signedResponseAlg: 'HS256' }, "signedResponseAlg: expected one of RS256, PS256, ES256, Ed25519, got 'HS256'"],
    [{ ...client, signedResponseAlg: true }, 'signedResponseAlg: expected one of RS256, PS256, ES256, Ed25519, got true'],
    [{ ...client, cache: { ttl: 3601 } }, 'cache.ttl: expected 0 to 3600 seconds, got 3601'],
    [{ ...client, budget: { burst: 0.5 } }, 'budget.burst: expected 1 to 1000000 calls, got 0.5'],
    [{ ...client, clientAuthentication: 'private_key_jwt' }, "clientAuthentication: expected 'client_secret_basic' or 'client_secret_post', with a clientSecret; private_key_jwt takes a key"],
    [{ ...client, clientAuthentication: 'none' }, "clientAuthentication: expected 'client_secret_basic' or 'client_secret_post', with a clientSecret"],
    [{ ...client, keyAlg: 'ES256' }, 'keyAlg: goes with a key only, and clientSecret is none'],
    [{ ...client, keyId: 'k' }, 'keyId: goes with a key only, and clientSecret is none'],
    [{ ...keyed, clientAuthentication: 'client_secret_basic' }, "clientAuthentication: expected 'private_key_jwt', or nothing, with a key"],
    [{ ...keyed, keyId: '' }, `keyId: expected a text; ${ask}`],
    [{ ...keyed, keyId: 'undefined' }, `keyId: expected a text; ${ask}`],
    [{ ...keyed, keyId: 7 }, `keyId: expected a text; ${ask}`],
    [{ ...keyed, keyAlg: 'RS256' }, 'keyAlg: expected ES256, which fit the key'],
    [{ ...keyed, keyAlg: 'HS256' }, 'keyAlg: expected ES256, which fit the key'],
    [{ ...keyed, keyAlg: '' }, 'keyAlg: expected ES256, which fit the key'],
    [{ clientId: 'api', key: { ...jwk, alg: 'ES384' } }, 'key.alg: expected ES256, which fit the key'],
    [{ clientId: 'api', key: { ...jwk, use: 'enc' } }, 'key: its use is not sig; pass a key for signatures']
  ] as ReadonlyArray<[object, string]>) {
    t.equal(refusal(options), `test(): introspection.${message}`)
    t.notMatch(refusal(options), 'hunter2')
  }
  t.equal(refusal({ ...client, endpoint: 'http://id.example/' }, { dangerouslyAllowHttp: true }), undefined)
  t.equal(refusal({ ...client, endpoint: 'http://127.0.0.1:8080/' }), undefined)
})

t.test('a client has a secret or a key', async (t) => {
  t.equal(refusal({ clientId: 'api' }), 'test(): introspection: expected clientSecret or key, got neither; is its environment variable set?')
  t.equal(refusal({ clientId: 'api', clientSecret: undefined, key: undefined }), 'test(): introspection: expected clientSecret or key, got neither; is its environment variable set?')
  t.equal(refusal({ ...client, key: jwk }), 'test(): introspection: expected clientSecret or key, got both; leave one out')
})

t.test('who vouches for sessions only is not asked about tokens', async (t) => {
  const sentence = 'test(): introspection: judges tokens, and this provider vouches for sessions only; give it an audience, or leave this out'
  t.equal(refusal(client, { clientId: 'web', clientSecret: 'hunter2' }), sentence)
  t.equal(refusal({ ...client, audience: false }, { clientId: 'web', clientSecret: 'hunter2' }), sentence, 'nor where answers may be for anybody')
  t.equal(refusal(client, { clientId: 'web', clientSecret: 'hunter2', audience: 'api' }), undefined)
})

t.test('a key that cannot sign, or is too weak, is refused without showing it', async (t) => {
  const inPem = 'expected a private key in PEM, or as JWK'
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const remedy = 'use an RSA key of 2048 to 8192 bits, or an EC or Ed25519 one'
  for (const [key, message] of [
    ['', `${inPem}; is its environment variable set?`],
    ['undefined', `${inPem}; is its environment variable set?`],
    [null, `${inPem}; is its environment variable set?`],
    [ec.privateKey, `${inPem}; is its environment variable set?`],
    [[jwk], `${inPem}; is its environment variable set?`],
    [JSON.stringify(jwk), `${inPem}; this is a JWK as text: pass JSON.parse of it`],
    [pem.replaceAll('\n', '\\n'), `${inPem}; its line breaks are written as \\n: replace them with line breaks`],
    [ec.publicKey.export({ type: 'spki', format: 'pem' }), `${inPem}; this one is not private`],
    [ec.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' }), `${inPem}; this one is encrypted: decrypt it first`],
    ['-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n', `${inPem}; this one cannot be read`],
    [ec.publicKey.export({ format: 'jwk' }), 'expected a private key as JWK; this one is public'],
    [{ kty: 'oct', k: 'hunter2' }, 'expected a private key as JWK; this one is symmetric: use clientSecret, or a key pair'],
    [{}, 'expected a private key as JWK; this one is public'],
    [{ ...jwk, d: 42 }, 'expected a private key as JWK'],
    [{ ...jwk, x: 42 }, 'expected a private key as JWK'],
    [weak.export({ format: 'jwk' }), `an RSA key of 1024 bits; ${remedy}`],
    [weak.export({ type: 'pkcs8', format: 'pem' }), `an RSA key of 1024 bits; ${remedy}`],
    [generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }), `key type or curve is not supported; ${remedy}`],
    [generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }), `key type or curve is not supported; ${remedy}`],
    [generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ format: 'jwk' }), `key type or curve is not supported; ${remedy}`],
    [generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key type is not supported; use an RSA, EC or Ed25519 key']
  ] as const) {
    t.equal(refusal({ clientId: 'api', key }), `test(): introspection.key: ${message}`)
    t.notMatch(refusal({ clientId: 'api', key }), 'hunter2')
  }
})

t.test('where no document names the endpoint, the user does', async (t) => {
  const ecPublic = { keys: [ec.publicKey.export({ format: 'jwk' })] }
  const message = 'test(): introspection.endpoint: got undefined; where keys are not found by discovery, no document names the endpoint: name it'
  for (const keys of [{ jwksUri: 'https://id.example/jwks' }, { jwks: ecPublic }, { pem: ec.publicKey.export({ type: 'spki', format: 'pem' }) }]) {
    t.equal(refusal(client, { keys }), message)
    t.equal(refusal({ ...client, endpoint: 'https://id.example/introspect' }, { keys }), undefined)
  }
  t.equal(refusal({ ...client, endpoint: 'https://id.example/introspect', signedResponseAlg: 'ES256' }, { keys: { jwks: ecPublic } }),
    'test(): introspection.signedResponseAlg: keys that verify answers are fetched: name where with keys: { discovery } or { jwksUri }')
})

t.test('providers without opaque access tokens, or without an endpoint, do not take the option', async (t) => {
  for (const preset of [
    () => auth0({ domain: 'a.auth0.com', audience: 'api', introspection: client } as object as Parameters<typeof auth0>[0]),
    () => authgear({ domain: 'a.authgear.cloud', introspection: client } as object as Parameters<typeof authgear>[0])
  ]) t.match(mistake(preset), /unknown key "introspection"/)
})
