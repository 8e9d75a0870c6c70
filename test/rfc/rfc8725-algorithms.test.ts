import t, { test } from 'tap'
import type { OidcOptions } from '../../lib/index.js'
import { invalidToken, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { createIssuer } from '../support/issuer.js'
import type { IssuerKey, SigningAlgorithm } from '../support/issuer.js'

t.setTimeout(180_000)

const ALGORITHMS: SigningAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const issuer = await createIssuer({ algorithms: ALGORITHMS })
t.teardown(() => issuer.close())
const gate = await openGate(t, { issuer })
const started = Date.now()

const familyOf = (alg: SigningAlgorithm) => /^[RP]S/.test(alg) ? 'RSA' : alg.startsWith('Ed') ? 'OKP' : alg

/** The key, signing as the algorithm does wherever it can. */
const as = (alg: SigningAlgorithm, key: IssuerKey): IssuerKey => familyOf(alg) === familyOf(key.alg) ? { ...key, alg } : key

for (const right of issuer.keys) {
  const { alg, kid } = right

  test(`RFC 8725 section 3.1: ${alg} is accepted with the right key`, async (t) => {
    t.same(await gate.bearer(issuer.token({}, {}, right)), welcome())
  })

  test(`RFC 8725 section 3.1: ${alg} is refused with every wrong key`, async (t) => {
    for (const wrong of issuer.keys.filter((key) => key !== right)) {
      t.same(await gate.bearer(issuer.token({}, { alg, kid }, as(alg, wrong))), invalidToken('signature_invalid'), `signed with the key of ${wrong.alg}`)
    }
  })

  test(`RFC 8725 section 3.1: a key is used with its own algorithm, not with ${alg} because a token says so`, async (t) => {
    for (const other of issuer.keys.filter((key) => key !== right)) {
      // RFC 9864 section 2.2: with this key type `EdDSA` and `Ed25519` are one algorithm under two names.
      const expected = alg === 'Ed25519' && other.alg === 'EdDSA' ? welcome() : invalidToken('kid_unknown')
      t.same(await gate.bearer(issuer.token({}, { alg, kid: other.kid }, as(alg, other))), expected, `with the key of ${other.alg}`)
    }
  })

  test(`without a key id ${alg} is accepted if exactly one key fits, and only that key's signature`, async (t) => {
    // The key published for `EdDSA` fits the name `Ed25519` too.
    const fits = alg !== 'Ed25519'
    t.same(await gate.bearer(issuer.token({}, { kid: undefined }, right)), fits ? welcome() : invalidToken('kid_unknown'))
    for (const wrong of issuer.keys.filter((key) => key !== right)) {
      t.same(await gate.bearer(issuer.token({}, { alg, kid: undefined }, as(alg, wrong))), invalidToken(fits ? 'signature_invalid' : 'kid_unknown'), `signed with the key of ${wrong.alg}`)
    }
  })
}

test('whatever was tried above, at most one fetch of keys in 30 s came of it', async (t) => {
  const { jwks, ...others } = issuer.requests
  t.same(others, { discovery: 1, other: 0, elsewhere: 0 })
  t.ok(jwks <= 2 + Math.floor((Date.now() - started) / 30_000), `${jwks} fetches`)
})

test('RFC 8725 section 3.2: the algorithms the provider names are the only ones', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const narrow = await openGate(t, { issuer, provider: { algorithms: [algorithm] } as Partial<OidcOptions> })
    for (const key of issuer.keys) {
      const expected = key.alg === algorithm ? welcome() : invalidToken('alg_refused')
      t.same(await narrow.bearer(issuer.token({}, {}, key)), expected, `${key.alg} where only ${algorithm} is named`)
    }
  }
})

test('CVE-2026-22817: where keys carry no alg, the provider\'s list and the key type decide, not the token', async (t) => {
  const bare = await createIssuer({ algorithms: ['RS256', 'ES256', 'EdDSA'] })
  t.teardown(() => bare.close())
  bare.published = bare.published.map(({ alg, ...jwk }) => jwk)
  const open = await openGate(t, { issuer: bare, provider: { algorithms: ['RS256', 'PS256', 'ES256', 'Ed25519'] } })
  const [rsa, ec, ed] = bare.keys as [IssuerKey, IssuerKey, IssuerKey]
  const ask = (alg: SigningAlgorithm, key: IssuerKey) => open.bearer(bare.token({}, { alg }, as(alg, key)))
  for (const [alg, key] of [['RS256', rsa], ['PS256', rsa], ['ES256', ec], ['Ed25519', ed]] as const) t.same(await ask(alg, key), welcome(), alg)
  for (const [alg, key] of [['RS512', rsa], ['PS512', rsa], ['EdDSA', ed], ['ES384', ec]] as const) t.same(await ask(alg, key), invalidToken('alg_refused'), alg)
  for (const [alg, key] of [['RS256', ec], ['ES256', rsa], ['ES256', ed], ['Ed25519', rsa], ['PS256', ed]] as const) {
    t.same(await ask(alg, key), invalidToken('kid_unknown'), `${alg} with the key of ${key.alg}`)
  }
})

test('RFC 7518 section 3.3, 3.5: the two paddings of RSA are two algorithms', async (t) => {
  const [rs256] = issuer.keys
  for (const alg of ALGORITHMS.slice(1, 6)) {
    t.same(await gate.bearer(issuer.token({}, {}, { ...rs256!, alg })), invalidToken('kid_unknown'), `the header says ${alg}`)
    t.same(await gate.bearer(issuer.token({}, { alg: 'RS256' }, { ...rs256!, alg })), invalidToken('signature_invalid'), `only the signature is ${alg}`)
  }
})
