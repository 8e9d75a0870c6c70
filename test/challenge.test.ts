import t from 'tap'
import { bearerChallenge } from '../lib/challenge.js'

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
