import t from 'tap'
import { bearerChallenge, challengeHeaders, dpopChallenge } from '../lib/challenge.js'

t.test('a challenge says realm, error, description and scope, in this order', async (t) => {
  for (const [said, challenge] of [
    [{}, 'Bearer realm="api"'],
    [{ scope: undefined }, 'Bearer realm="api"'],
    [{ scope: 'read:messages' }, 'Bearer realm="api", scope="read:messages"'],
    [{ error: 'invalid_token' }, 'Bearer realm="api", error="invalid_token"'],
    [{ scope: 'a b', description: 'A sentence', error: 'insufficient_scope' },
      'Bearer realm="api", error="insufficient_scope", error_description="A sentence", scope="a b"']
  ] as const) t.equal(bearerChallenge(said), challenge)
})

t.test('a value cannot end its quotes or the header line, RFC 6750 section 3', async (t) => {
  for (const [given, sent] of [
    ['a", error="none', 'a, error=none'],
    ['a\\"b\\', 'ab'],
    ['a\r\nset-cookie: b', 'aset-cookie: b'],
    ['a\u0000\u001f\u007f\tb', 'ab'],
    ['äöü€😀b', 'b'],
    ['!#[]~ \'()<>', '!#[]~ \'()<>'],
    ['""', '']
  ] as const) {
    t.equal(bearerChallenge({ scope: given }), `Bearer realm="api", scope="${sent}"`)
    t.equal(bearerChallenge({ error: given, description: given }), `Bearer realm="api", error="${sent}", error_description="${sent}"`)
  }
})

t.test('a challenge for DPoP says the same without a realm, and which algorithms proofs may be signed with', async (t) => {
  for (const [said, challenge] of [
    [{}, 'DPoP algs="ES256 EdDSA"'],
    [{ scope: 'read' }, 'DPoP scope="read", algs="ES256 EdDSA"'],
    [{ error: 'invalid_token', description: 'A "sentence"' }, 'DPoP error="invalid_token", error_description="A sentence", algs="ES256 EdDSA"'],
    [{ error: 'e', acrValues: 'mfa', maxAge: 0 }, 'DPoP error="e", acr_values="mfa", max_age="0", algs="ES256 EdDSA"']
  ] as const) t.equal(dpopChallenge(said, ['ES256', 'EdDSA']), challenge)
  t.equal(dpopChallenge({}, ['ES256'], 'https://api.example/m'), 'DPoP resource_metadata="https://api.example/m", algs="ES256"')
})

t.test('each scheme has a header of its own', async (t) => {
  const algorithms = ['ES256']
  const bearer = { scheme: 'Bearer', algorithms, resourceMetadata: undefined } as const
  const dpop = { ...bearer, scheme: 'DPoP' } as const
  t.strictSame(challengeHeaders({ error: 'e' }, bearer), 'Bearer realm="api", error="e"')
  t.strictSame(challengeHeaders({ error: 'e' }, dpop), 'DPoP error="e", algs="ES256"')
  t.strictSame(challengeHeaders({ error: 'e', scheme: 'DPoP' }, bearer), 'DPoP error="e", algs="ES256"', 'what is a matter of DPoP alone')
  t.strictSame(challengeHeaders({ error: 'e', offersDpop: true }, bearer), ['Bearer realm="api", error="e"', 'DPoP algs="ES256"'], 'a proof would mend it')
  t.strictSame(challengeHeaders({ error: 'e', offersDpop: false }, bearer), 'Bearer realm="api", error="e"')
  t.strictSame(challengeHeaders({ error: 'e', offersDpop: true }, dpop), 'DPoP error="e", algs="ES256"')
})
