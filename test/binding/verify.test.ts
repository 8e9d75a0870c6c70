import t from 'tap'
import type { Test } from 'tap'
import type { VerifyOptions } from '../../lib/index.js'
import { guardedApi } from '../support/guarded-api.js'
import type { GuardedApiOptions } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { mistake } from '../support/mistake.js'
import { createProver } from '../support/prover.js'
import { readVerifyOptions } from '../../lib/binding/verify-options.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const URL = 'https://api.example.com/orders'
const IDENTITY = { type: 'access_token', subject: 'user-1' }

async function open (t: Test, options: GuardedApiOptions = {}) {
  const { app, refusals, logs } = await guardedApi(t, issuer, options)
  const verify = (token: string, options?: VerifyOptions) => app.gatehouse.verify(token, options)
    .then((identity) => ({ type: identity.type, subject: identity.subject }), ({ code, reason, name }: { code?: string, reason?: string, name: string }) => ({ name, code, reason }))
  return { app, refusals, logs, verify }
}

const proofOf = (token: string, claims = {}, about = {}) => ({ proof: { jwt: client.proof({ token, url: URL, method: 'POST' }, claims), method: 'POST', url: `${URL}?a#b`, ...about } })
const token = client.token(issuer)
const INVALID = { name: 'InvalidTokenError', code: 'GATEHOUSE_TOKEN_INVALID' }
const BAD_PROOF = { name: 'InvalidDpopProofError', code: 'GATEHOUSE_DPOP_PROOF_INVALID' }

t.test('verify() accepts a bound token with its proof, once', async (t) => {
  const { verify } = await open(t)
  const options = proofOf(token)
  t.strictSame(await verify(token, options), IDENTITY)
  t.strictSame(await verify(token, options), { ...BAD_PROOF, reason: 'proof_replayed' })
})

t.test('verify() refuses a bound token without a proof, an unbound one with it, and one of another key', async (t) => {
  const { verify } = await open(t)
  const stranger = await createProver()
  const bound = stranger.token(issuer)
  t.strictSame(await verify(token), { ...INVALID, reason: 'binding_unverifiable' })
  t.strictSame(await verify(token, {}), { ...INVALID, reason: 'binding_unverifiable' })
  t.strictSame(await verify(issuer.token(), proofOf(issuer.token())), { ...INVALID, reason: 'binding_missing' })
  t.strictSame(await verify(issuer.token(), {}), IDENTITY)
  t.strictSame(await verify(bound, proofOf(bound)), { ...INVALID, reason: 'binding_mismatch' })
  t.strictSame(await verify('garbage', proofOf('garbage')), { ...INVALID, reason: 'token_opaque' })
})

t.test('verify() compares the proof with the method and URL the caller names', async (t) => {
  const { verify } = await open(t, { baseUrl: 'https://other.example' })
  t.strictSame(await verify(token, proofOf(token)), IDENTITY, 'whatever baseUrl is')
  t.strictSame(await verify(token, proofOf(token, {}, { url: 'HTTPS://api.EXAMPLE.com:443/orders' })), IDENTITY)
  t.strictSame(await verify(token, proofOf(token, {}, { method: 'GET' })), { ...BAD_PROOF, reason: 'proof_method_mismatch' })
  for (const url of ['https://api.example.com/', 'http://api.example.com/orders', 'https://api.example.com/orders/', 'https://user@api.example.com/orders', 'https://api.example.com/\\']) {
    t.strictSame(await verify(token, proofOf(token, {}, { url })), { ...BAD_PROOF, reason: 'proof_uri_mismatch' }, url)
  }
  for (const jwt of ['', 'garbage', 'x'.repeat(1_000_000), token]) t.strictSame(await verify(token, proofOf(token, {}, { jwt })), { ...BAD_PROOF, reason: 'proof_malformed' })
})

t.test('verify() asks for a proof under every mode, and where it is off checks one all the same', async (t) => {
  for (const dpop of ['off', 'allow', 'require'] as const) {
    const { verify } = await open(t, { dpop, baseUrl: 'https://api.example.com' })
    t.strictSame(await verify(token), { ...INVALID, reason: 'binding_unverifiable' }, dpop)
    t.strictSame(await verify(token, proofOf(token)), IDENTITY, dpop)
    t.strictSame(await verify(token, proofOf(token, { htm: 'GET' })), { ...BAD_PROOF, reason: 'proof_method_mismatch' }, dpop)
  }
})

t.test('dangerouslyIgnoreBinding accepts a bound token of whoever, but none bound in a way nobody knows', async (t) => {
  const { verify } = await open(t)
  t.strictSame(await verify(token, { dangerouslyIgnoreBinding: true }), IDENTITY)
  t.strictSame(await verify(issuer.token({ cnf: { 'x5t#S256': client.jkt } }), { dangerouslyIgnoreBinding: true }), IDENTITY)
  t.strictSame(await verify(token, { dangerouslyIgnoreBinding: false }), { ...INVALID, reason: 'binding_unverifiable' })
  t.strictSame(await verify(issuer.token({ cnf: { kid: 'x' } }), { dangerouslyIgnoreBinding: true }), { ...INVALID, reason: 'binding_unverifiable' })
  t.strictSame(await verify(client.token(issuer, { exp: 1 }), { dangerouslyIgnoreBinding: true }), { ...INVALID, reason: 'token_expired' })
})

t.test('a token bound to a key and a certificate needs both', async (t) => {
  const { verify } = await open(t)
  const both = client.token(issuer, { cnf: { jkt: client.jkt, 'x5t#S256': client.jkt } })
  t.strictSame(await verify(both, proofOf(both)), { ...INVALID, reason: 'binding_unverifiable' })
  t.strictSame(await verify(both), { ...INVALID, reason: 'binding_unverifiable' })
  const certified = issuer.token({ cnf: { 'x5t#S256': client.jkt } })
  t.strictSame(await verify(certified), { ...INVALID, reason: 'binding_unverifiable' })
  t.strictSame(await verify(certified, proofOf(certified)), { ...INVALID, reason: 'binding_missing' }, 'a proof does not stand for a certificate')
})

t.test('options that are none are a TypeError that names the path, and shows no secret', async (t) => {
  const proof = { jwt: 'eyJ.eyJ.x', method: 'GET', url: URL }
  const at = 'gatehouse.verify()'
  const wrong: ReadonlyArray<readonly [options: unknown, message: string]> = [
    [null, `${at}: expected an object, got null; pass { proof, certificate } or nothing`],
    ['eyJ.eyJ.x', `${at}: expected an object, got a text that looks like a secret; pass { proof, certificate } or nothing`],
    [[], `${at}: expected an object, got []; pass { proof, certificate } or nothing`],
    [{ dpop: proof }, `${at}: unknown key "dpop"; known are proof, certificate, dangerouslyIgnoreBinding`],
    [{ proofs: proof }, `${at}: unknown key "proofs"; did you mean "proof"?`],
    [{ proof: 'eyJ.eyJ.x' }, `${at}: proof: expected an object, got a text that looks like a secret; pass { jwt, method, url }: the proof alone does not say what it should have been made for`],
    [{ proof: null }, `${at}: proof: expected an object, got null; pass { jwt, method, url }: the proof alone does not say what it should have been made for`],
    [{ proof: {} }, `${at}: proof.jwt: expected the proof, a text, got a value of type undefined`],
    [{ proof: { ...proof, jwt: ['eyJ'] } }, `${at}: proof.jwt: expected the proof, a text, got a value of type object`],
    [{ proof: { ...proof, method: undefined } }, `${at}: proof.method: expected the method the client used, got undefined`],
    [{ proof: { ...proof, method: '' } }, `${at}: proof.method: expected the method the client used, got ''`],
    [{ proof: { ...proof, url: undefined } }, `${at}: proof.url: expected the http URL the client asked for, with its origin, got undefined`],
    [{ proof: { ...proof, url: '/orders' } }, `${at}: proof.url: expected the http URL the client asked for, with its origin, got '/orders'`],
    [{ proof: { ...proof, url: 'wss://api.example.com/' } }, `${at}: proof.url: expected the http URL the client asked for, with its origin, got 'wss://api.example.com/'`],
    [{ proof: { ...proof, uri: URL } }, `${at}: proof: unknown key "uri"; known are jwt, method, url`],
    [{ proof: { ...proof, htu: URL } }, `${at}: proof: unknown key "htu"; known are jwt, method, url`],
    [{ certificate: 'PEM' }, `${at}: certificate: expected an X.509 certificate, as PEM or DER`],
    [{ certificate: Buffer.alloc(10) }, `${at}: certificate: expected an X.509 certificate, as PEM or DER`],
    [{ certificate: 1 }, `${at}: certificate: expected an X.509 certificate, as PEM or DER`],
    [{ certificate: null }, `${at}: certificate: expected an X.509 certificate, as PEM or DER`],
    [{ dangerouslyIgnoreBinding: 1 }, `${at}: dangerouslyIgnoreBinding: expected true or false, got 1`],
    [{ dangerouslyIgnoreBinding: 'false' }, `${at}: dangerouslyIgnoreBinding: expected true or false, got 'false'`]
  ]
  const { app, refusals } = await open(t)
  for (const [options, message] of wrong) {
    t.equal(mistake(() => readVerifyOptions(options)), message)
    await t.rejects(app.gatehouse.verify(issuer.token(), options as VerifyOptions), new TypeError(message))
  }
  t.strictSame(refusals(), [], 'a mistake of the caller is no refusal')
})

t.test('options that are undefined are not there', async (t) => {
  const { verify } = await open(t)
  t.strictSame(await verify(issuer.token(), { proof: undefined, certificate: undefined, dangerouslyIgnoreBinding: undefined }), IDENTITY)
})

t.test('a token that is no text is refused before its proof is looked at', async (t) => {
  const { verify } = await open(t)
  t.strictSame(await verify(undefined as unknown as string, proofOf(token)), { ...INVALID, reason: 'token_malformed' })
})

t.test('the URL a proof must be for may be one no client can name: that is a refusal, not a mistake', async (t) => {
  t.match(readVerifyOptions({ proof: { jwt: 'x', method: 'GET', url: 'https://' } }), { proof: { uri: undefined } })
})

t.test('what verify() accepted and refused is counted', async (t) => {
  const { app, verify } = await open(t)
  const options = proofOf(token)
  await verify(token, options)
  await verify(token, options)
  await verify(token, proofOf(token))
  await verify(token)
  t.match(app.gatehouse.stats(), { accepted: 2, cached: 1, refused: { GATEHOUSE_DPOP_PROOF_INVALID: 1, GATEHOUSE_TOKEN_INVALID: 1 } })
})
