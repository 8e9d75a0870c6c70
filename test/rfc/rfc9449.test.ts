import t, { test } from 'tap'
import { createProofCheck } from '../../lib/binding/dpop.js'
import { readDpop } from '../../lib/binding/options.js'
import { fakeClock } from '../support/clock.js'
import { athOf } from '../support/prover.js'

// Key, proofs, token and times are the examples of RFC 9449.
const HEADER = 'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
const TOKEN_REQUEST = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`
const RESOURCE_REQUEST = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`
const TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const ATH = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
const ISSUED = 1_562_262_618

const check = createProofCheck(readDpop('dpop', {}), undefined)
const target = { method: 'GET', uri: 'https://resource.example.org/protectedresource', token: TOKEN, jkt: JKT }
const judged = (proof: string, about: Partial<typeof target> = {}) => check(proof, { ...target, ...about }).then((checked) => checked, ({ code, reason }: { code: string, reason: string }) => ({ code, reason }))
const refused = (reason: string) => ({ code: 'GATEHOUSE_DPOP_PROOF_INVALID', reason })

t.beforeEach((t) => { fakeClock(t, ISSUED * 1000) })

test('RFC 9449 section 4.3, 7.1: the proof of the example is good for its request, token and key', async (t) => {
  t.strictSame(await judged(RESOURCE_REQUEST), { jkt: JKT, jti: 'e1j3V_bKic8-LAEB', uri: target.uri, nextNonce: undefined })
})

test('RFC 9449 section 4.2: ath is the hash of the example token', async (t) => {
  t.equal(athOf(TOKEN), ATH)
  t.strictSame(await judged(RESOURCE_REQUEST, { token: `${TOKEN}x` }), refused('proof_token_mismatch'))
})

test('RFC 9449 section 6.1: jkt is the thumbprint of the key', async (t) => {
  t.strictSame(await judged(RESOURCE_REQUEST, { jkt: ATH }), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'binding_mismatch' })
})

test('RFC 9449 section 4.3: the proof is good for no other method, and for no other URI', async (t) => {
  t.strictSame(await judged(RESOURCE_REQUEST, { method: 'POST' }), refused('proof_method_mismatch'))
  t.strictSame(await judged(RESOURCE_REQUEST, { uri: 'https://resource.example.org/' }), refused('proof_uri_mismatch'))
  t.strictSame(await judged(RESOURCE_REQUEST, { uri: 'https://server.example.com/protectedresource' }), refused('proof_uri_mismatch'))
})

test('RFC 9449 section 4.3: the proof is good within a time of its making', async (t) => {
  const clock = fakeClock(t, (ISSUED - 30) * 1000)
  t.match(await judged(RESOURCE_REQUEST), { jkt: JKT })
  clock.advance(330_000)
  t.match(await judged(RESOURCE_REQUEST), { jkt: JKT })
  clock.advance(1)
  t.strictSame(await judged(RESOURCE_REQUEST), refused('proof_time_refused'))
})

test('RFC 9449 section 4.1: the proof of the token request has no ath, and is good for no resource', async (t) => {
  const request = { method: 'POST', uri: 'https://server.example.com/token' }
  t.strictSame(await judged(TOKEN_REQUEST, request), refused('proof_token_mismatch'))
  t.strictSame(await judged(TOKEN_REQUEST), refused('proof_method_mismatch'))
})

test('RFC 9449 section 4.3: one changed character of the signature, and the proof is none', async (t) => {
  t.strictSame(await judged(RESOURCE_REQUEST.replace('.2oW9', '.3oW9')), refused('proof_signature_invalid'))
})
