import { createHmac, generateKeyPairSync, hash } from 'node:crypto'
import type { FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { SigningAlgorithm } from '../support/issuer.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import type { GuardedApiOptions } from '../support/guarded-api.js'
import { fakeClock } from '../support/clock.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { athOf, createProver } from '../support/prover.js'
import type { Target } from '../support/prover.js'
import { send } from '../support/wire.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const token = client.token(issuer)
const BASE = 'https://api.example.com'
const target: Target = { token, url: `${BASE}/` }
const ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

const { get, refusals, logs } = await guardedApi(t, issuer, { baseUrl: BASE })
const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)
const claims = () => ({ jti: 'a', htm: 'GET', htu: `${BASE}/`, iat: now(), ath: athOf(token) })
const header = () => ({ typ: 'dpop+jwt', alg: 'ES256', jwk: client.jwk })

/** What the answer is to a proof, and what the log says; the proof is not in it. */
async function judged (proof: string, bound = token) {
  logs.lines.length = 0
  const answer = await get(undefined, '/', { authorization: `DPoP ${bound}`, dpop: proof })
  for (const piece of proof.split('.')) {
    if (piece.length > 20) t.notOk(logs.text().includes(piece), 'the log has no part of a proof')
  }
  const { code: _code, ...line } = refusals()[0] ?? {}
  return { answer, line }
}

const accepted = { answer: ACCEPTED, line: {} }
const BAD_KEY = { ...INVALID_TOKEN, challenge: BAD_PROOF.challenge!.replaceAll('invalid_dpop_proof', 'invalid_token').replace(/error_description="[^"]*"/, /error_description="[^"]*"/.exec(INVALID_TOKEN.challenge!)![0]) }

/** A wrong proof, and what the log says of it. */
type Wrong = readonly [title: string, make: () => string, line: Record<string, unknown>]

function refusedFor (wrong: readonly Wrong[]): void {
  for (const [title, make, line] of wrong) {
    t.test(title, async (t) => {
      const found = await judged(make())
      t.strictSame(found.answer, BAD_PROOF)
      t.match(found.line, line)
    })
  }
}

const malformed = (found: string | RegExp) => ({ reason: 'proof_malformed', found })

t.test('a good proof is accepted', async (t) => {
  t.strictSame(await judged(client.proof(target)), accepted)
})

for (const alg of ALGORITHMS) {
  t.test(`a proof may be signed with ${alg}, and the second by the same key costs no second look at it`, async (t) => {
    const other = await createProver(alg)
    const bound = other.token(issuer)
    for (let count = 0; count < 2; count++) t.strictSame(await judged(other.proof({ token: bound, url: target.url }), bound), accepted)
    t.match(await judged(other.proof({ token: bound, url: target.url }, { htm: 'PUT' }), bound), { line: { reason: 'proof_method_mismatch' } })
  })
}

// Check 2: a well-formed JWT
refusedFor([
  ['a proof that is no JWT is refused', () => 'garbage', malformed('not three parts')],
  ['a proof of two parts is refused', () => client.proof(target).split('.').slice(0, 2).join('.'), malformed('2 parts')],
  ['a proof of five parts is refused', () => `${client.proof(target)}.a.b`, malformed('not three parts')],
  ['a word in the place of a proof is refused', () => 'undefined', malformed('not three parts')],
  ['a proof with an empty part is refused', () => client.proof(target).replace(/\..*\./, '..'), malformed(/canonical/)],
  ['a proof with white space in it is refused', () => client.proof(target).replace('.', '. '), malformed(/base64url/)],
  ['a proof in another alphabet is refused', () => client.proof(target).replace('.', '+.'), malformed(/base64url/)],
  ['a proof with padding is refused', () => `${client.proof(target)}==`, malformed(/base64url/)],
  ['a proof of 8,193 characters is refused', () => 'e'.repeat(8193), { ...malformed('8193 characters'), expected: 'at most 8192' }],
  ['a header that is no JSON is refused', () => `${part('{"typ"')}.${part(claims())}.AAAA`, malformed(/header/)],
  ['a header that is a list is refused', () => client.sign('[]', JSON.stringify(claims())), malformed(/header/)],
  ['a header that is null is refused', () => client.sign('null', JSON.stringify(claims())), malformed(/header/)],
  ['a header with a member twice is refused', () => client.sign(JSON.stringify(header()).replace('{', '{"alg":"none",'), JSON.stringify(claims())), malformed('a member twice')],
  ['a key with a member twice is refused', () => client.sign(JSON.stringify(header()).replace('"kty"', '"x":"AA","kty"'), JSON.stringify(claims())), malformed('a member twice')],
  ['a header nested 2,500 levels deep is refused', () => client.sign(`{"a":${'['.repeat(2500)}${']'.repeat(2500)},${JSON.stringify(header()).slice(1)}`, '{}'), { reason: 'proof_malformed' }],
  ['a header nested 5,000 levels deep is refused', () => client.sign(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, '{}'), { reason: 'proof_malformed' }],
  ['a payload nested 2,500 levels deep is refused', () => client.sign(JSON.stringify(header()), `{"a":${'['.repeat(2500)}${']'.repeat(2500)},"htm":1}`), { reason: /^proof_/ }],
  ['a payload with a member twice is refused', () => client.sign(JSON.stringify(header()), JSON.stringify(claims()).replace('{', '{"htm":"POST",')), malformed('a member twice')],
  ['a payload that is no JSON is refused', () => client.sign(JSON.stringify(header()), 'x'), { reason: 'proof_signature_invalid' }],
  ['a payload that is not UTF-8 is refused', () => {
    const bytes = Buffer.from(JSON.stringify({ ...claims(), a: '?' }))
    return client.sign(JSON.stringify(header()), bytes.fill(0xFF, bytes.indexOf('?'), bytes.indexOf('?') + 1))
  }, malformed(/UTF-8/)],
  ['a payload that is null is refused', () => client.sign(JSON.stringify(header()), 'null'), { reason: /^proof_/ }]
])

t.test('a part whose last character has stray bits is refused, and one with characters no part has', async (t) => {
  const proof = client.proof(target)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  // 64 bytes of signature leave four bits of the last character unused.
  const stray = proof.slice(0, -1) + alphabet[alphabet.indexOf(proof.at(-1)!) + 1]!
  t.match(await judged(stray), { answer: BAD_PROOF, line: malformed(/canonical/) })
})

t.test('with the key of an Ed25519 proof too, a payload that is no object is a 401 and no 500', async (t) => {
  const other = await createProver('Ed25519')
  const bound = other.token(issuer)
  for (const payload of ['null', '[]', '1', '"x"', 'x', '']) {
    const { answer, line } = await judged(other.sign(JSON.stringify({ typ: 'dpop+jwt', alg: 'Ed25519', jwk: other.jwk }), payload), bound)
    t.strictSame(answer, BAD_PROOF, payload)
    t.match(line, { reason: /^proof_(malformed|signature_invalid)$/ })
  }
})

// Check 4: typ
for (const typ of ['dpop+jwt', 'DPOP+JWT', 'application/dpop+jwt', 'application/DPoP+jwt']) {
  t.test(`typ ${typ} is a proof's`, async (t) => { t.strictSame(await judged(client.proof(target, {}, { typ })), accepted) })
}
refusedFor([undefined, 'JWT', 'at+jwt', 'dpop', 'dpop+jwt ', 'application/application/dpop+jwt', 'text/dpop+jwt', '', null, 1, ['dpop+jwt']].map((typ): Wrong =>
  [`typ ${JSON.stringify(typ)} is refused`, () => client.proof(target, {}, { typ }), { reason: 'proof_malformed', expected: 'typ: dpop+jwt' }]))

// Check 5: alg
refusedFor(['none', 'NONE', 'HS256', 'HS512', 'es256', 'ES256K', 'RSA-OAEP', '', undefined, null, 1, ['ES256']].map((alg): Wrong =>
  [`alg ${JSON.stringify(alg)} is refused`, () => client.proof(target, {}, { alg }), { reason: 'proof_algorithm_refused' }]))

refusedFor([
  ['an alg that is not the one of the key is refused', () => client.proof(target, {}, { alg: 'ES384' }), { reason: 'proof_key_refused' }],
  ['an alg of another kind of key is refused', () => client.proof(target, {}, { alg: 'RS256' }), { reason: 'proof_key_refused' }],
  ['a jwk whose own alg is another is refused', () => client.proof(target, {}, { jwk: { ...client.jwk, alg: 'ES384' } }), { reason: 'proof_key_refused' }],
  ['a proof that carries the public key as a secret of HS256 is refused', () => {
    const text = `${part({ ...header(), alg: 'HS256' })}.${part(claims())}`
    return `${text}.${createHmac('sha256', client.key.publicKey.export({ type: 'spki', format: 'pem' })).update(text).digest('base64url')}`
  }, { reason: 'proof_algorithm_refused' }]
])

t.test('an algorithm that is not listed is refused, and the challenge lists those that are', async (t) => {
  const api = await guardedApi(t, issuer, { baseUrl: BASE, dpop: { algorithms: ['EdDSA', 'ES384'] } })
  const { challenge, ...rest } = await api.get(undefined, '/', { authorization: `DPoP ${token}`, dpop: client.proof(target) })
  t.strictSame({ ...rest, challenge: challenge?.replace('algs="EdDSA ES384"', '') }, { ...BAD_PROOF, challenge: BAD_PROOF.challenge!.replace(/algs=.*/, '') })
  t.match(api.refusals(), [{ reason: 'proof_algorithm_refused', expected: ['EdDSA', 'ES384'], found: 'ES256' }])
  const listed = await createProver('ES384')
  const bound = listed.token(issuer)
  t.strictSame(await api.get(undefined, '/', { authorization: `DPoP ${bound}`, dpop: listed.proof({ token: bound, url: target.url }) }), ACCEPTED)
})

// Checks 5 and 7: the key
const foreign = (jwk: unknown, alg = 'ES256') => () => client.proof(target, {}, { jwk, alg })
const exported = (pair: { publicKey: { export (options: { format: 'jwk' }): unknown } }) => pair.publicKey.export({ format: 'jwk' })
const rsa = exported(generateKeyPairSync('rsa', { modulusLength: 2048 })) as Record<string, string>
refusedFor([
  ['a proof without a key is refused', foreign(undefined), { reason: 'proof_key_refused', found: 'not an object' }],
  ['a key that is null is refused', foreign(null), { reason: 'proof_key_refused', found: 'not an object' }],
  ['a key that is a text is refused', foreign('key'), { reason: 'proof_key_refused', found: 'not an object' }],
  ['a key that is a list is refused', foreign([]), { reason: 'proof_key_refused', found: 'not an object' }],
  ['a private key is refused', () => client.proof(target, {}, { jwk: client.key.privateKey.export({ format: 'jwk' }) }), { reason: 'proof_key_refused', found: 'carries private members' }],
  ['a key with an empty private member is refused', foreign({ ...client.jwk, d: '' }), { reason: 'proof_key_refused', found: 'carries private members' }],
  ['a symmetric key is refused', foreign({ kty: 'oct', k: 'AAAA' }), { reason: 'proof_key_refused', found: 'carries private members' }],
  ['a symmetric key without its value is refused', foreign({ kty: 'oct' }), { reason: 'proof_key_refused', found: 'key type or curve is not supported' }],
  ['a key for encryption is refused', foreign({ ...client.jwk, use: 'enc' }), { reason: 'proof_key_refused', found: 'use is not sig' }],
  ['a key that may sign only is refused', foreign({ ...client.jwk, key_ops: ['sign'] }), { reason: 'proof_key_refused', found: 'key_ops does not name verify' }],
  ['a key of the curve P-256K is refused', foreign({ ...client.jwk, crv: 'secp256k1' }), { reason: 'proof_key_refused', found: 'key type or curve is not supported' }],
  ['a key of a small curve is refused', foreign({ ...client.jwk, crv: 'P-192' }), { reason: 'proof_key_refused', found: 'key type or curve is not supported' }],
  ['a key of the curve X25519 is refused', foreign({ kty: 'OKP', crv: 'X25519', x: client.jwk.x }, 'EdDSA'), { reason: 'proof_key_refused', found: 'key type or curve is not supported' }],
  ['a key of the curve Ed448 is refused', foreign({ kty: 'OKP', crv: 'Ed448', x: client.jwk.x }, 'EdDSA'), { reason: 'proof_key_refused', found: 'key type or curve is not supported' }],
  ['a point that is not on the curve is refused', foreign({ ...client.jwk, x: 'A'.repeat(43) }), { reason: 'proof_key_refused', found: 'cannot be read' }],
  ['a key without its point is refused', foreign({ kty: 'EC', crv: 'P-256' }), { reason: 'proof_key_refused', found: 'cannot be read' }],
  ['an RSA key of 1024 bits is refused', foreign(exported(generateKeyPairSync('rsa', { modulusLength: 1024 })), 'RS256'), { reason: 'proof_key_refused', found: 'an RSA key of 1024 bits' }],
  ['an RSA modulus of 16,384 bits is refused', foreign({ ...rsa, n: '_'.repeat(2731) }, 'RS256'), { reason: 'proof_key_refused', found: 'a number that is too long' }],
  ['an RSA exponent of 1 is refused', foreign({ ...rsa, e: 'AQ' }, 'RS256'), { reason: 'proof_key_refused', found: 'an RSA key with an unusable exponent' }],
  ['an even RSA exponent is refused', foreign({ ...rsa, e: 'AQAA' }, 'RS256'), { reason: 'proof_key_refused', found: /unusable exponent|cannot be read/ }],
  ['an address of keys in the place of a key is refused', () => client.proof(target, {}, { jwk: undefined, jku: 'https://attacker.example/jwks' }), { reason: 'proof_key_refused' }],
  ['a chain of certificates in the place of a key is refused', () => client.proof(target, {}, { jwk: undefined, x5c: ['AAAA'] }), { reason: 'proof_key_refused' }]
])

t.test('a key may have the members kid, use, alg and key_ops, and the thumbprint is the same', async (t) => {
  for (const more of [{ kid: 'a', use: 'sig', alg: 'ES256', key_ops: ['verify'] }, { ext: true }]) t.strictSame(await judged(client.proof(target, {}, { jwk: { ...client.jwk, ...more } })), accepted)
})

// RFC 7515 section 4.1.11
refusedFor([['exp'], ['b64'], [], null, false, 0, ''].map((crit): Wrong => [`crit ${JSON.stringify(crit)} is refused`, () => client.proof(target, {}, { crit, exp: 1 }), malformed('a critical extension')]))
refusedFor([true, false].map((b64): Wrong => [`b64 ${b64} is refused`, () => client.proof(target, {}, { b64 }), malformed('a critical extension')]))

// Check 6: the signature
const stranger = await createProver()
refusedFor([
  ['a proof signed with another key than it shows is refused', () => stranger.proof(target, {}, { jwk: client.jwk }), { reason: 'proof_signature_invalid' }],
  ['a proof without a signature is refused', () => client.proof(target).replace(/\.[^.]*$/, '.'), { reason: 'proof_malformed' }],
  ['a proof whose payload was changed is refused', () => client.proof(target).replace(/\..*\./, `.${part({ ...claims(), jti: 'b' })}.`), { reason: 'proof_signature_invalid' }],
  ['a signature as DER is refused', () => client.proof(target).replace(/[^.]*$/, part(Buffer.alloc(70, 0x30).toString('latin1'))), { reason: 'proof_signature_invalid' }],
  ['a signature of zeros is refused', () => client.proof(target).replace(/[^.]*$/, Buffer.alloc(64).toString('base64url')), { reason: 'proof_signature_invalid' }]
])

t.test('a good proof of somebody else is no proof for this token, and the answer says the token is what is wrong', async (t) => {
  const { answer, line } = await judged(stranger.proof(target))
  t.strictSame(answer, BAD_KEY)
  t.match(line, { reason: 'binding_mismatch', expected: `jkt ${client.jkt}`, found: `jkt ${stranger.jkt}` })
})

t.test('the holder of a copied proof cannot use it with a token of his own', async (t) => {
  const bound = stranger.token(issuer)
  for (const proof of [client.proof(target), client.proof({ ...target, token: bound })]) t.match(await judged(proof, bound), { answer: BAD_KEY, line: { reason: 'binding_mismatch' } })
})

// Check 3 and 7: jti
refusedFor([undefined, '', 'x'.repeat(513), 7, null, ['a']].map((jti): Wrong =>
  [`jti ${JSON.stringify(jti)?.slice(0, 20)} is refused`, () => client.proof(target, { jti }), { reason: 'proof_malformed', expected: 'a jti of 1 to 512 characters' }]))

t.test('a jti of 512 characters will do', async (t) => {
  t.strictSame(await judged(client.proof(target, { jti: 'x'.repeat(512) })), accepted)
})

// Check 8: htm
refusedFor(['POST', 'get', 'Get', 'HEAD', '', undefined, null, 1, ['GET']].map((htm): Wrong =>
  [`htm ${JSON.stringify(htm)} is refused`, () => client.proof(target, { htm }), { reason: 'proof_method_mismatch', expected: 'GET' }]))

// Check 9: htu, of which test/binding/target-uri.test.ts knows more
refusedFor([`${BASE}/other`, 'https://other.example/', '/', '', undefined, null, 1, [`${BASE}/`], { href: `${BASE}/` }].map((htu): Wrong =>
  [`htu ${JSON.stringify(htu)} is refused`, () => client.proof(target, { htu }), { reason: 'proof_uri_mismatch', expected: `${BASE}/` }]))

t.test('what the log says of a wrong htu has no query', async (t) => {
  t.match(await judged(client.proof(target, { htu: `${BASE}/a?token=secret#secret` })), { answer: BAD_PROOF, line: { reason: 'proof_uri_mismatch', found: `${BASE}/a` } })
})

// Check 12: ath
refusedFor([
  ['a proof without ath is refused', () => client.proof(target, { ath: undefined }), { reason: 'proof_token_mismatch' }],
  ['a proof with the ath of another token is refused', () => client.proof(target, { ath: athOf(issuer.token()) }), { reason: 'proof_token_mismatch' }],
  ['an ath with padding is refused', () => client.proof(target, { ath: `${athOf(token)}=` }), { reason: 'proof_token_mismatch' }],
  ['an ath in hexadecimal is refused', () => client.proof(target, { ath: hash('sha256', token) }), { reason: 'proof_token_mismatch' }],
  ['an ath that is null is refused', () => client.proof(target, { ath: null }), { reason: 'proof_token_mismatch' }]
])

t.test('claims that every object has are none of the proof', async (t) => {
  const payload = JSON.stringify({ ...claims(), jti: undefined }).replace('{', '{"__proto__":{"jti":"x"},')
  t.match(await judged(client.sign(JSON.stringify(header()), payload)), { answer: BAD_PROOF, line: { reason: 'proof_malformed' } })
})

t.test('a proof may say more than is asked', async (t) => {
  t.strictSame(await judged(client.proof(target, { exp: 1, nbf: 1e12, nonce: 'x', aud: 'anybody', extra: { a: [1] } })), accepted)
})

// Check 11: iat
t.test('a proof is good from 30 seconds before its time to 300 after it, edges included', async (t) => {
  const clock = fakeClock(t, 1_700_000_000_000)
  const bound = client.token(issuer, { exp: 1_800_000_000 })
  const about: GuardedApiOptions = { baseUrl: BASE, clockTolerance: 60 }
  const api = await guardedApi(t, issuer, about)
  const ask = (iat: unknown) => api.get(undefined, '/', { authorization: `DPoP ${bound}`, dpop: client.proof({ ...target, token: bound }, { iat }) })
  const at = clock.now() / 1000
  for (const iat of [at, at - 300, at + 30, at - 0.5, at + 29.999]) t.strictSame(await ask(iat), ACCEPTED, String(iat - at))
  for (const [iat, found] of [[at - 300.001, 'iat is -300 s from now'], [at - 301, 'iat is -301 s from now'], [at + 30.001, 'iat is 30 s from now'], [at + 31, 'iat is 31 s from now'], [0, `iat is -${at} s from now`], [-1e300, undefined]] as const) {
    t.strictSame(await ask(iat), BAD_PROOF, String(iat))
    t.match(api.refusals().at(-1), { reason: 'proof_time_refused', expected: '-300 to 30 s', hint: /clock/, ...found === undefined ? {} : { found } })
  }
  t.strictSame(await ask(clock.now()), BAD_PROOF)
  t.match(api.refusals().at(-1), { reason: 'proof_time_refused', hint: 'iat is in seconds, not in milliseconds' })
  for (const iat of [String(at), undefined, null, true, [at], {}]) {
    t.strictSame(await ask(iat), BAD_PROOF, JSON.stringify(iat))
    t.match(api.refusals().at(-1), { reason: 'proof_time_refused', expected: 'iat in seconds since the epoch' })
  }
})

t.test('a time no clock shows is refused', async (t) => {
  for (const iat of ['1e400', '-1e400', '1e308']) {
    const payload = JSON.stringify({ ...claims(), iat: 0 }).replace('"iat":0', `"iat":${iat}`)
    t.match(await judged(client.sign(JSON.stringify(header()), payload)), { answer: BAD_PROOF, line: { reason: 'proof_time_refused' } }, iat)
  }
})

t.test('how old and how far ahead a proof may be is the option', async (t) => {
  const api = await guardedApi(t, issuer, { baseUrl: BASE, dpop: { iatOffset: 5, iatLeeway: 0 } })
  const ask = (iat: number) => api.get(undefined, '/', { authorization: `DPoP ${token}`, dpop: client.proof(target, { iat }) })
  t.strictSame(await ask(now()), ACCEPTED)
  t.strictSame(await ask(now() - 6), BAD_PROOF)
  t.strictSame(await ask(now() + 2), BAD_PROOF)
})

t.test('a proof is no access token, and an access token no proof', async (t) => {
  t.strictSame(await get(client.proof(target)), INVALID_TOKEN)
  t.match(await judged(token), { answer: BAD_PROOF, line: { reason: 'proof_malformed', found: 'at+jwt' } })
})

t.test('a proof of a megabyte, where the server lets such headers in, is a 401 that is not logged', async (t) => {
  const { app, logs, refusals } = await guardedApi(t, issuer, { baseUrl: BASE, server: { http: { maxHeaderSize: 4_000_000 } } as FastifyServerOptions })
  await app.listen({ port: 0, host: '127.0.0.1' })
  for (const proof of ['x'.repeat(1_000_000), `${client.proof(target)}${'A'.repeat(1_000_000)}`, client.sign(JSON.stringify({ ...header(), pad: 'A'.repeat(700_000) }), JSON.stringify(claims()))]) {
    const { statusCode, headers, body } = await send(app, { headers: [['Authorization', `DPoP ${token}`], ['DPoP', proof]] })
    t.strictSame({ status: statusCode, body: JSON.parse(body), challenge: headers['www-authenticate'], retryAfter: undefined }, BAD_PROOF)
    t.match(refusals().at(-1), { reason: 'proof_malformed', found: `${proof.length} characters`, expected: 'at most 8192' })
  }
  t.ok(logs.text().length < 10_000)
})

t.test('thousands of garbage proofs are 401s, and none is in the log', async (t) => {
  const pieces = ['.', 'e', 'eyJ', '"', '{', '=', '\\', '\u007F', '%', 'null', part({}), part(header()), part(claims()), 'A'.repeat(100)]
  let seed = 42
  const random = (below: number) => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed % below }
  const statuses = new Set<number>()
  for (let count = 0; count < 2_000; count++) {
    const proof = Array.from({ length: 1 + random(8) }, () => pieces[random(pieces.length)]).join('')
    const { answer } = await judged(proof.replace('\u007F', '~'))
    statuses.add(answer.status)
  }
  t.strictSame([...statuses], [401])
  t.notMatch(logs.text(), /eyJ/)
})

t.test('a key of 8192 bits will do, and its proof is within the limit', async (t) => {
  const prover = await createProver('PS256', { modulusLength: 8192 })
  const bound = prover.token(issuer)
  t.strictSame(await judged(prover.proof({ token: bound, url: target.url }), bound), accepted)
})
