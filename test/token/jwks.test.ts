import { generateKeyPairSync } from 'node:crypto'
import { test } from 'tap'
import type { SigningAlgorithm } from '../../lib/index.js'
import { vetKeys } from '../../lib/token/jwks.js'
import { createKey } from '../support/issuer.js'

const ALL: readonly SigningAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const rsa = await createKey('RS256', { kid: 'rsa' })
const ec = await createKey('ES256', { kid: 'ec' })
const ed = await createKey('EdDSA', { kid: 'ed' })
const { alg: _, use: __, ...bare } = rsa.jwk

/** What becomes of one key: the algorithms it may serve, or why it was left out. */
function vet (jwk: unknown, allowed = ALL): readonly SigningAlgorithm[] | string {
  const { keys: [key], dropped: [reason] } = vetKeys([jwk], allowed)
  return key?.algorithms ?? reason ?? 'neither taken nor dropped'
}

test('a key is read with its public members, its kid and its alg; the rest is gone', async (t) => {
  const { keys, dropped } = vetKeys([{ ...rsa.jwk, x5c: ['MII…'], x5u: 'https://evil.example', key_ops: ['verify'], extra: {} }, ec.jwk, ed.jwk], ALL)
  t.same(dropped, [])
  t.same(keys.map(({ kid, jwk }) => ({ kid, jwk })), [
    { kid: 'rsa', jwk: { kty: 'RSA', n: rsa.jwk.n, e: 'AQAB', kid: 'rsa', alg: 'RS256' } },
    { kid: 'ec', jwk: { kty: 'EC', crv: 'P-256', x: ec.jwk.x, y: ec.jwk.y, kid: 'ec', alg: 'ES256' } },
    { kid: 'ed', jwk: { kty: 'OKP', crv: 'Ed25519', x: ed.jwk.x, kid: 'ed', alg: 'EdDSA' } }
  ])
  for (const [index, { publicKey }] of [rsa, ec, ed].entries()) t.ok(keys[index]!.key.equals(publicKey))
})

test('a key without kid and alg has neither', async (t) => {
  const { keys: [key] } = vetKeys([{ kty: 'RSA', n: rsa.jwk.n, e: 'AQAB' }], ALL)
  t.equal(key!.kid, undefined)
  t.same(key!.jwk, { kty: 'RSA', n: rsa.jwk.n, e: 'AQAB' })
})

const served: ReadonlyArray<readonly [title: string, jwk: unknown, algorithms: readonly SigningAlgorithm[], allowed?: readonly SigningAlgorithm[]]> = [
  ['its alg alone', rsa.jwk, ['RS256']],
  ['an RSA key without alg: all of RSA', bare, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['an RSA key without alg: those the provider names', bare, ['PS256'], ['ES256', 'PS256']],
  ['a curve has one algorithm', { ...ec.jwk, alg: undefined }, ['ES256']],
  ['P-384', (await createKey('ES384')).jwk, ['ES384']],
  ['P-521', (await createKey('ES512')).jwk, ['ES512']],
  ['EdDSA serves its RFC 9864 name too', ed.jwk, ['EdDSA', 'Ed25519']],
  ['EdDSA, where only the new name is allowed', ed.jwk, ['Ed25519'], ['Ed25519']],
  ['Ed25519 is that name alone', { ...ed.jwk, alg: 'Ed25519' }, ['Ed25519']],
  ['key_ops that name verify among others', { ...rsa.jwk, key_ops: ['sign', 'verify'] }, ['RS256']]
]

for (const [title, jwk, algorithms, allowed] of served) {
  test(`a key serves ${title}`, async (t) => {
    t.same(vet(jwk, allowed), algorithms)
  })
}

const exponent = (hex: string) => ({ ...rsa.jwk, e: Buffer.from(hex, 'hex').toString('base64url') })
const UNFIT = 'key 0: its alg is not accepted, or does not fit the key'
const UNUSABLE = 'key 0: an RSA key with an unusable exponent'
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' })
const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
const ed448 = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })

const dropped: ReadonlyArray<readonly [title: string, jwk: unknown, reason: string, allowed?: readonly SigningAlgorithm[]]> = [
  ['null', null, 'key 0: not an object'],
  ['a text', 'key', 'key 0: not an object'],
  ['an array', [rsa.jwk], 'key 0: not an object'],
  ['a kid that is no text', { ...rsa.jwk, kid: 1 }, 'key 0: kid is not a text of 1 to 512 characters'],
  ['an empty kid', { ...rsa.jwk, kid: '' }, 'key 0: kid is not a text of 1 to 512 characters'],
  ['a kid of 513 characters', { ...rsa.jwk, kid: 'k'.repeat(513) }, 'key 0: kid is not a text of 1 to 512 characters'],
  ['a kid of null', { ...rsa.jwk, kid: null }, 'key 0: kid is not a text of 1 to 512 characters'],
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((name) => [`the private member ${name}`, { ...rsa.jwk, [name]: '' }, 'key 0: carries private members'] as const),
  ['the whole private key', { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'private' }, 'key 0: carries private members'],
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }, 'key 0: carries private members'],
  ['a symmetric key without its value', { kty: 'oct', alg: 'RS256' }, 'key 0: key type or curve is not supported'],
  ['use: enc', { ...rsa.jwk, use: 'enc' }, 'key 0: use is not sig'],
  ['a use that is no text', { ...rsa.jwk, use: ['sig'] }, 'key 0: use is not sig'],
  ['a use of null', { ...rsa.jwk, use: null }, 'key 0: use is not sig'],
  ['key_ops without verify', { ...rsa.jwk, key_ops: ['encrypt'] }, 'key 0: key_ops does not name verify'],
  ['empty key_ops', { ...rsa.jwk, key_ops: [] }, 'key 0: key_ops does not name verify'],
  ['key_ops that are no list', { ...rsa.jwk, key_ops: 'verify' }, 'key 0: key_ops does not name verify'],
  ['key_ops of null', { ...rsa.jwk, key_ops: null }, 'key 0: key_ops does not name verify'],
  ['no kty', { ...rsa.jwk, kty: undefined }, 'key 0: key type or curve is not supported'],
  ['a kty that is no text', { ...rsa.jwk, kty: ['RSA'] }, 'key 0: key type or curve is not supported'],
  ['the curve secp256k1', secp256k1, 'key 0: key type or curve is not supported'],
  ['the curve X25519', x25519, 'key 0: key type or curve is not supported'],
  ['the curve Ed448', ed448, 'key 0: key type or curve is not supported'],
  ['a curve called constructor', { ...ec.jwk, crv: 'constructor' }, 'key 0: key type or curve is not supported'],
  ['a curve that is no text', { ...ec.jwk, crv: ['P-256'] }, 'key 0: key type or curve is not supported'],
  ['a symmetric alg', { ...rsa.jwk, alg: 'HS256' }, UNFIT],
  ['alg none', { ...rsa.jwk, alg: 'none' }, UNFIT],
  ['an alg for encryption', { ...rsa.jwk, alg: 'RSA-OAEP' }, UNFIT],
  ['an alg of null', { ...rsa.jwk, alg: null }, UNFIT],
  ['an alg of another key type', { ...rsa.jwk, alg: 'ES256' }, UNFIT],
  ['an alg of another curve', { ...ec.jwk, alg: 'ES384' }, UNFIT],
  ['an alg the provider does not name', rsa.jwk, UNFIT, ['PS256']],
  ['EdDSA where the provider names RSA', { ...ed.jwk, alg: undefined }, 'key 0: no accepted algorithm for OKP keys', ['RS256']],
  ['no n', { ...rsa.jwk, n: undefined }, 'key 0: cannot be read'],
  ['an n that is no text', { ...rsa.jwk, n: 5 }, 'key 0: cannot be read'],
  ['an empty n', { ...rsa.jwk, n: '' }, 'key 0: an RSA key of 0 bits'],
  ['no e, even beside x5c', { ...rsa.jwk, e: undefined, x5c: ['MII'] }, 'key 0: cannot be read'],
  ['a point that is not on its curve', { ...ec.jwk, y: ec.jwk.x }, 'key 0: cannot be read'],
  ['half a point', { ...ec.jwk, y: undefined }, 'key 0: cannot be read'],
  ['an Ed25519 key of 31 bytes', { ...ed.jwk, x: Buffer.alloc(31, 1).toString('base64url') }, 'key 0: cannot be read'],
  ['an RSA key of 1024 bits', weak, 'key 0: an RSA key of 1024 bits'],
  ['an RSA key of 2047 bits', { ...bare, n: Buffer.from(`7f${'ff'.repeat(255)}`, 'hex').toString('base64url') }, 'key 0: an RSA key of 2047 bits'],
  ['an RSA key of 8193 bits', { ...bare, n: Buffer.from(`01${'ff'.repeat(1024)}`, 'hex').toString('base64url') }, 'key 0: an RSA key of 8193 bits'],
  ['the exponent 1', exponent('01'), UNUSABLE],
  ['an even exponent', exponent('010000'), UNUSABLE],
  ['an exponent of 33 bits', exponent('0100000001'), UNUSABLE]
]

for (const [title, jwk, reason, allowed] of dropped) {
  test(`a key is left out for ${title}`, async (t) => {
    t.equal(vet(jwk, allowed), reason)
  })
}

test('the least and the greatest RSA keys and exponents that serve', async (t) => {
  const modulus = (hex: string) => ({ ...bare, n: Buffer.from(hex, 'hex').toString('base64url') })
  for (const jwk of [modulus(`80${'00'.repeat(254)}01`), modulus('ff'.repeat(1024)), exponent('03'), exponent('ffffffff')]) t.type(vet(jwk), Array)
})

test('a number of any length costs milliseconds: who serves our keys must not be able to stop us', async (t) => {
  const long = Buffer.alloc(40_000, 0xFF).toString('base64url')
  for (const members of [{ e: long }, { n: long }, { e: long, n: long }]) {
    const start = process.hrtime.bigint()
    t.equal(vet({ ...rsa.jwk, ...members }), 'key 0: a number that is too long')
    const cost = Number(process.hrtime.bigint() - start) / 1e6
    t.ok(cost < 50, `${Object.keys(members).join()}: ${cost.toFixed(0)} ms`)
  }
})

test('a key that is left out leaves the others', async (t) => {
  const { keys, dropped } = vetKeys([null, rsa.jwk, { ...rsa.jwk, use: 'enc' }, ec.jwk], ALL)
  t.same(keys.map(({ kid }) => kid), ['rsa', 'ec'])
  t.same(dropped, ['key 0: not an object', 'key 2: use is not sig'])
})

test('a set is read to its hundredth key', async (t) => {
  const { keys, dropped } = vetKeys([...Array.from({ length: 99 }, () => null), rsa.jwk, ec.jwk, ed.jwk], ALL)
  t.same(keys.map(({ kid }) => kid), ['rsa'])
  t.equal(dropped.length, 100)
  t.equal(dropped.at(-1), '2 keys beyond the first 100')
})

test('why a key was left out says nothing of the key', async (t) => {
  const { dropped } = vetKeys([{ kty: 'eyJhbGciOi', kid: 'eyJhbGciOi', alg: 'eyJhbGciOi' }, { ...rsa.jwk, alg: 'eyJhbGciOi' }], ALL)
  t.equal(dropped.length, 2)
  t.notMatch(dropped.join(), /eyJ/)
})

test('of two keys with one kid that serve one algorithm the second is left out', async (t) => {
  const { alg, ...anyAlgorithm } = rsa.jwk
  const taken = 'key 1: another key has its kid and serves its algorithms'
  for (const second of [anyAlgorithm, rsa.jwk, { ...rsa.jwk, e: 'Aw' }]) {
    const { keys, dropped } = vetKeys([rsa.jwk, second], ALL)
    t.equal(keys.length, 1)
    t.same(dropped, [taken])
  }
  for (const second of [{ ...ec.jwk, kid: rsa.kid }, { ...anyAlgorithm, alg: 'RS512' }, { ...rsa.jwk, kid: 'other' }]) {
    t.same(vetKeys([rsa.jwk, second], ALL).dropped, [], 'others share a kid')
  }
  t.same(vetKeys([{ ...rsa.jwk, kid: undefined }, { ...rsa.jwk, kid: undefined }], ALL).dropped, [], 'no kid is nobody\'s')
})
