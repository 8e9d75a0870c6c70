import t from 'tap'
import { readExchange } from '../../lib/exchange/request.js'
import { mistake } from '../support/mistake.js'

const custom = (more: Record<string, unknown>) => ({ subjectToken: 'legacy-token', subjectTokenType: 'urn:acme:legacy', ...more })
const own = (parameters: unknown) => ({ audience: 'a', parameters })

t.test('a wrong option is refused with path and remedy, and no token is in the message', async (t) => {
  for (const [options, message] of [
    [undefined, "request.auth.exchange(): expected an object, got undefined; pass { audience: 'https://other.example.com' }"],
    ['https://orders.example', /expected an object/],
    [{}, /expected at least one of audience, resource and scope: whom is the token for\? Is its environment variable set\?$/],
    [{ audience: undefined }, /expected at least one of/],
    [{ requestedTokenType: 'urn:x' }, /expected at least one of/],
    [{ parameters: { a: 'b' } }, /expected at least one of/],
    [{ audiences: 'a' }, /unknown key "audiences"; did you mean "audience"\?/],
    [{ audience: 'a', subject_token: 'x' }, /unknown key "subject_token"/],
    [{ audience: 'a', organization: 'o' }, /unknown key "organization"/],
    [{ audience: '' }, /exchange\(\): audience: expected a text that is not empty/],
    [{ audience: 'undefined' }, /is its environment variable set\?$/],
    [{ audience: ' a' }, /without white space around it/],
    [{ audience: [] }, /expected a text or a list that is not empty/],
    [{ audience: ['a', 1] }, /audience: expected a text/],
    // eslint-disable-next-line no-sparse-arrays
    [{ audience: ['a', , 'b'] }, /audience: expected a text.*got undefined/],
    [{ audience: null }, /audience: expected a text.*got null/],
    [{ resource: 'orders' }, /resource: expected an absolute URI/],
    [{ resource: '/orders' }, /resource: expected an absolute URI/],
    [{ resource: 'https://a.example/ b' }, /resource: expected an absolute URI/],
    [{ resource: 'https://a.example/#b' }, /resource: expected a URI without a fragment/],
    [{ resource: ['https://a.example/', 'https://a.example/#'] }, /resource: expected a URI without a fragment/],
    [{ scope: 'a  b' }, /scope: expected scopes separated by one space/],
    [{ scope: 'a"b' }, /scope: expected scopes separated by one space/],
    [{ scope: [] }, /scope: expected a text or a list/],
    [{ audience: 'a', requestedTokenType: 'jwt' }, /requestedTokenType: expected an absolute URI/],
    [{ audience: 'a', actorToken: 'the actor' }, /actorToken: expected \{ token, type \}$/],
    [{ audience: 'a', actorToken: { token: 'x' } }, /actorToken\.type: expected an absolute URI; is its environment variable set\?$/],
    [{ audience: 'a', actorToken: { token: ' ', type: 'urn:x' } }, /actorToken\.token: expected a token/],
    [{ audience: 'a', actorToken: { token: 'x', type: 'urn:x', more: 1 } }, /actorToken: unknown key "more"/],
    [custom({ subjectToken: undefined }), /subjectToken: expected a token, without white space around it; is its environment variable set\?/],
    [custom({ subjectToken: '  ' }), /subjectToken: expected a token/],
    [custom({ subjectToken: 'legacy-token ' }), /subjectToken: expected a token/],
    [custom({ subjectToken: 'Bearer legacy-token' }), /subjectToken: expected the token alone, without Bearer before it/],
    [custom({ subjectToken: 'bearer\tlegacy-token' }), /without Bearer before it/],
    [custom({ subjectTokenType: undefined }), /subjectTokenType: expected an absolute URI; is/],
    [custom({ subjectTokenType: 'legacy' }), /subjectTokenType: expected an absolute URI/],
    [{ subjectTokenType: 'urn:acme:legacy' }, /subjectToken: expected a token/],
    ...['urn:ietf:params:oauth:token-type:access_token', 'URN:IETF:x', 'urn:auth0:x', 'urn:okta', 'https://auth0.com/x', 'http://tenant.eu.AUTH0.com', 'https://okta.com', 'custom://dev.okta.com/x']
      .map((type) => [custom({ subjectTokenType: type }), /subjectTokenType: expected a URI of your own.*this one is reserved; leave subjectToken out/] as const),
    [{ audience: 'a', actorToken: { token: 'urn:x', type: 'the actor' } }, /actorToken\.type: expected an absolute URI/],
    [custom({ subjectTokenType: ' urn:acme:legacy-token' }), /subjectTokenType: expected an absolute URI/],
    [custom({ organization: '' }), /organization: expected a text/],
    [custom({ connection: 'google' }), /unknown key "subjectToken"/],
    [{ connection: undefined }, /connection: expected a text/],
    [{ connection: 'google', loginHint: '' }, /loginHint: expected a text/],
    [{ connection: 'google', audience: 'a' }, /unknown key "audience"/],
    [own('a=b'), /parameters: expected an object of texts/],
    [own({ a: 1 }), /parameters\.a: expected a text or a list of texts/],
    [own({ a: ['x', undefined] }), /parameters\.a: expected a text or a list of texts/],
    [own({ a: Array(21).fill('x') }), /parameters\.a: expected at most 20 values/],
    ...['audience[]', 'scope[0]', ' scope', 'scope\t', 'a=b&scope', 'scöpe', ''].map((name) => [own({ [name]: 'hunter2' }), `request.auth.exchange(): parameters: ${JSON.stringify(name)}: expected a name of letters, digits, dots, dashes and underscores`] as const),
    ...['\u0000urn:ietf:params:oauth:token-type:access_token', 'urn:acme:\u00ff', '\u001fhttps://acme.example/x'].map((type) => [custom({ subjectTokenType: type }), /subjectTokenType: expected an absolute URI/] as const),
    ...['https://auth0.com./x', 'https://acme.okta.com./x', 'vendor://acme.AUTH0.com/x'].map((type) => [custom({ subjectTokenType: type }), /this one is reserved/] as const),
    [{ resource: 'https://orders.example/ü' }, /resource: expected an absolute URI/],
    ...['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'subject_token', 'subject_token_type', 'requested_token_type', 'actor_token',
      'actor_token_type', 'audience', 'aud', 'resource', 'resources', 'resource_indicator', 'scope', 'connection', 'login_hint', 'organization', 'assertion', 'subject_issuer', 'Client_ID']
      .map((name) => [own({ [name]: 'hunter2' }), new RegExp(`parameters: ${name} is the protocol's`)] as const)
  ] as ReadonlyArray<readonly [unknown, string | RegExp]>) {
    const found = mistake(() => readExchange(options))
    t.match(found, message)
    t.notMatch(found, /legacy-token|hunter2|the actor/)
  }
})

t.test('URIs that only look reserved are taken', async (t) => {
  for (const type of ['urn:ietfs:x', 'urn:acme:auth0', 'https://notauth0.com/x', 'https://auth0.com.example/x', 'https://acme.example/auth0.com']) {
    t.equal(mistake(() => readExchange(custom({ subjectTokenType: type }))), undefined, type)
  }
})

t.test('20 values of a parameter are sent, an empty one too', async (t) => {
  t.equal(readExchange(own({ a: Array(20).fill('') })).parameters.filter(([name]) => name === 'a').length, 20)
})
