import t from 'tap'
import { audienceHint, issuerHint } from '../../lib/token/hints.js'

t.test('the likely slip behind a token for another issuer is named', async (t) => {
  const another = 'the token is from another tenant or server, or from a custom domain of the same one'
  for (const [found, configured, hint] of [
    ['https://id.example/', 'https://id.example', 'issuer differs only by a trailing slash'],
    ['https://id.example', 'https://id.example/', 'issuer differs only by a trailing slash'],
    ['https://ID.example', 'https://id.example', 'issuer differs only in letter case'],
    ['https://id.example', 'https://ID.example', 'issuer differs only in letter case'],
    ['http://id.example', 'https://id.example', 'issuer differs only by http and https'],
    ['HTTP://id.example', 'https://id.example', 'issuer differs only by http and https'],
    ['id.example', 'https://id.example', 'issuer differs only by http and https'],
    ['https://id.example//', 'https://id.example', another],
    ['https://other.example', 'https://id.example', another],
    ['https://id.example/realms/a', 'https://id.example/realms/b', another],
    ['', 'https://id.example', another]
  ] as const) {
    t.equal(issuerHint(found, [configured]), hint, found)
    t.equal(issuerHint(found, ['https://first.example', configured]), hint, `${found}, with two issuers configured`)
  }
})

t.test('the likely slip behind a token for another audience is named', async (t) => {
  const api = 'https://api.example'
  const missing = 'the client must ask the provider for a token of this audience'
  const another = "the token's audience is another API of yours"
  for (const [claims, hint] of [
    [{}, missing],
    [{ aud: null }, missing],
    [{ aud: [] }, missing],
    [{ aud: [1, {}] }, missing],
    [{ aud: `${api}/` }, 'audience differs only by a trailing slash'],
    [{ aud: 'https://API.example' }, 'audience differs only in letter case'],
    [{ aud: 'api.example' }, 'audience differs only by its scheme'],
    [{ aud: 'api://api.example' }, 'audience differs only by its scheme'],
    [{ aud: ['x', 42, `${api}/`] }, 'audience differs only by a trailing slash'],
    [{ aud: 'client-1', azp: 'client-1' }, 'this is an ID token: the client must send its access token'],
    [{ aud: ['x', 'client-1'], client_id: 'client-1' }, 'this is an ID token: the client must send its access token'],
    [{ aud: 'https://id.example/userinfo' }, 'the client did not ask for the audience of this API'],
    [{ aud: ['https://id.example/userinfo', 'https://id.example/oidc/userinfo'] }, 'the client did not ask for the audience of this API'],
    [{ aud: ['https://id.example/userinfo', 'x'] }, another],
    [{ aud: 'https://orders.example', azp: 'client-1', client_id: 'client-1' }, another]
  ] as const) {
    t.equal(audienceHint(claims, [api]), hint, JSON.stringify(claims))
    t.equal(audienceHint(claims, ['https://first.example', api]), hint, `${JSON.stringify(claims)}, with two audiences configured`)
  }
  t.equal(audienceHint({ aud: api }, [`${api}/`]), 'audience differs only by a trailing slash')
  t.equal(audienceHint({ aud: api }, ['https://API.example']), 'audience differs only in letter case')
  t.equal(audienceHint({ aud: api }, ['API://api.example']), 'audience differs only by its scheme')
})
