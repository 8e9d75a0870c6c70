import t from 'tap'
import { keycloak, oidc } from '../../lib/index.js'
import type { OidcOptions, Provider } from '../../lib/index.js'
import { defineProvider } from '../../lib/providers/define.js'
import { judgeIntrospected } from '../../lib/token/introspected.js'

const NOW = 1_800_000_000
const provider = (options: Partial<OidcOptions> = {}): Provider => oidc({ issuer: 'https://id.example', audience: ['api', 'https://api.example'], ...options })
const good = { active: true, token_type: 'Bearer', sub: 'user-1', aud: 'api' }

interface Circumstances { by?: Provider, requiresAudience?: boolean, tolerance?: number }

/** `undefined` removes a member. */
function judge (members: Record<string, unknown> = {}, { by = provider(), requiresAudience = true, tolerance = 10 }: Circumstances = {}) {
  const answer = Object.fromEntries(Object.entries({ ...good, ...members }).filter(([, value]) => value !== undefined))
  return judgeIntrospected(answer, by, { requiresAudience, tolerance }, NOW * 1000)
}

const THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'

t.test('an answer becomes an identity like that of a JWT', async (t) => {
  const identity = judge({ iss: 'https://id.example', exp: NOW + 60, scope: 'read write', client_id: 'client-1', roles: ['admin'], username: 'jane' })
  t.strictSame(identity, {
    type: 'access_token',
    provider: 'oidc',
    issuer: 'https://id.example',
    subject: 'user-1',
    clientId: 'client-1',
    organizationId: undefined,
    scopes: ['read', 'write'],
    permissions: [],
    roles: ['admin'],
    claims: { token_type: 'Bearer', sub: 'user-1', aud: 'api', iss: 'https://id.example', exp: NOW + 60, scope: 'read write', client_id: 'client-1', roles: ['admin'], username: 'jane' },
    expiresAt: NOW + 60
  })
  t.ok(Object.isFrozen(identity) && 'claims' in identity && Object.isFrozen(identity.claims))
})

t.test('iss and exp may be missing: the issuer is the provider, and no end is known', async (t) => {
  t.match(judge(), { subject: 'user-1', issuer: 'https://id.example', expiresAt: undefined })
})

t.test('active is true itself, or the token is refused', async (t) => {
  for (const active of [false, undefined, null, 'true', 1, {}, [true]]) t.match(judge({ active }), { reason: 'token_inactive', provider: 'oidc' }, JSON.stringify(active))
})

t.test('an issuer that is there is the provider\'s', async (t) => {
  for (const iss of ['https://id.example/', 'https://other.example']) t.match(judge({ iss }), { reason: 'issuer_mismatch' }, iss)
  for (const iss of [['https://id.example'], null, 42]) t.match(judge({ iss }), { reason: 'claim_malformed' }, JSON.stringify(iss))
})

t.test('where one of many issuers may speak, the answer says which', async (t) => {
  const by = defineProvider('test()', { name: 'test', issuer: 'https://id.example/{tenant}', audience: 'api', tenants: { claim: 'tid' }, keys: { jwksUri: 'https://id.example/jwks' }, remedies: { issuer: '', audience: '' }, settings: {} })
  t.match(judge({ iss: 'https://id.example/one', tid: 'one' }, { by }), { issuer: 'https://id.example/one' })
  t.match(judge({ iss: 'https://id.example/one', tid: 'two' }, { by }), { reason: 'issuer_mismatch' })
  t.match(judge({ tid: 'one' }, { by }), { reason: 'claim_missing', expected: 'iss, a text' })
})

t.test('where the audience is the template, a token is for its own issuer alone', async (t) => {
  const issuer = 'https://id.example/{tenant}'
  const by = defineProvider('test()', { name: 'test', issuer, audience: issuer, tenants: { claim: undefined }, keys: { jwksUri: 'https://id.example/jwks' }, remedies: { issuer: '', audience: '' }, settings: {} })
  const iss = 'https://id.example/one'
  t.match(judge({ iss, aud: iss }, { by }), { subject: 'user-1' })
  for (const aud of ['https://id.example/two', issuer, [iss], [issuer], [iss, issuer], '', null]) t.match(judge({ iss, aud }, { by }), { reason: 'audience_mismatch' }, JSON.stringify(aud))
})

t.test('claims that must have one value have it', async (t) => {
  const by = defineProvider('test()', { name: 'test', issuer: 'https://id.example', audience: 'api', fixedClaims: { tid: 'one' }, remedies: { issuer: '', audience: '' }, settings: {} })
  t.match(judge({ tid: 'one' }, { by }), { subject: 'user-1' })
  for (const tid of ['two', undefined]) t.match(judge({ tid }, { by }), { reason: 'issuer_mismatch', expected: 'tid: one' })
})

t.test('times that are there are checked as those of a JWT', async (t) => {
  t.match(judge({ exp: NOW - 9.5, nbf: NOW + 10, iat: NOW + 10 }), { subject: 'user-1' })
  t.match(judge({ exp: NOW }, { tolerance: 0 }), { reason: 'token_expired' })
  t.match(judge({ exp: NOW - 10 }), { reason: 'token_expired' })
  for (const name of ['nbf', 'iat']) t.match(judge({ [name]: NOW + 10.5 }), { reason: 'token_not_yet_valid' }, name)
  for (const name of ['exp', 'nbf', 'iat']) {
    for (const value of [String(NOW + 60), null, -1, Infinity, 8.64e12 + 1, [NOW]]) t.match(judge({ [name]: value }), { reason: 'time_malformed' }, `${name}: ${String(value)}`)
  }
})

t.test('the token is for this API', async (t) => {
  for (const aud of ['api', 'https://api.example', ['other', 'api']]) t.match(judge({ aud }), { subject: 'user-1' }, String(aud))
  for (const aud of ['other', ['other'], [], null, '', 'API', 'api/', ['api', 42]]) t.match(judge({ aud }), { reason: 'audience_mismatch', expected: ['api', 'https://api.example'] }, JSON.stringify(aud))
  t.match(judge({ aud: undefined }), { reason: 'audience_mismatch', found: 'no aud', hint: /audience: false/ })
})

t.test('where a provider vouches for sessions only no answer does, even if answers need no audience', async (t) => {
  const by = { ...provider(), audience: [] }
  for (const requiresAudience of [true, false]) {
    for (const aud of [undefined, 'api', ['api'], []]) {
      t.match(judge({ aud }, { by, requiresAudience }), { reason: 'audience_mismatch', hint: 'this provider vouches for sessions only: give it an audience' })
    }
  }
})

t.test('whom the token is for is not looked at where that was written out', async (t) => {
  for (const aud of [undefined, 'other', ['other']]) {
    t.match(judge({ aud }, { requiresAudience: false }), { subject: 'user-1' })
    t.match(judge({ aud }, { by: provider({ audience: false }) }), { subject: 'user-1' })
  }
})

t.test('RFC 7662 section 4: an answer says that it is about an access token', async (t) => {
  for (const type of ['Bearer', 'bearer', 'BEARER']) t.match(judge({ token_type: type }), { subject: 'user-1' }, type)
  t.match(judge({ token_type: undefined, token_use: 'access' }), { subject: 'user-1' }, 'what the provider\'s JWTs say')
  t.match(judge({ token_type: 'access_token' }, { by: provider({ tokenKind: { access: { token_type: ['access_token'] } } }) }), { subject: 'user-1' }, 'what the user named')
  for (const [type, found] of [
    [undefined, 'no token_type'], ['access_token', 'token_type: access_token'], ['Refresh', 'token_type: Refresh'], ['', 'token_type: '],
    [['Bearer'], ['Bearer']], [null, null], [true, true], [`${'a'.repeat(30)}.${'b'.repeat(30)}`, '[left out: looks like a token]']
  ]) t.match(judge({ token_type: type }), { reason: 'not_an_access_token', provider: 'oidc', expected: ['token_type: Bearer', 'token_use: access'], found, hint: /refresh token/ }, String(type))
})

t.test('a token that the answer calls something else is refused, whatever its token_type', async (t) => {
  for (const members of [{ typ: 'Refresh' }, { typ: 'ID' }, { typ: 'Logout' }, { token_use: 'id' }, { token_use: 'refresh' }, { token_use: 'access', typ: 'Refresh' }, { events: {} }, { token_introspection: {} }]) {
    t.match(judge(members), { reason: 'not_an_access_token' }, JSON.stringify(members))
  }
  for (const name of ['token_use', 'token_kind', 'typ']) {
    for (const value of ['refresh', 'REFRESH', 'refresh_token', 'Refresh_Token', 'id', 'ID', 'id_token', 'ID_Token', 'logout', 'Logout']) {
      t.match(judge({ [name]: value }), { reason: 'not_an_access_token', found: `${name}: ${value}` }, `${name}: ${value}`)
    }
    for (const value of ['access', 'Bearer', 42, null, ['id']]) t.match(judge({ [name]: value }), { subject: 'user-1' }, `${name}: ${String(value)}`)
  }
  for (const mark of ['nonce', 'at_hash', 'c_hash', 's_hash']) t.match(judge({ [mark]: 'x' }), { reason: 'id_token', found: `the claim ${mark}` }, mark)
})

t.test('Keycloak says what a token is by typ, and may put a nonce into access tokens', async (t) => {
  const by = keycloak({ issuer: 'https://id.example/realms/main', audience: 'api' })
  t.match(judge({ typ: 'Bearer', nonce: 'n' }, { by }), { subject: 'user-1' })
  t.match(judge({ typ: 'Bearer', token_type: undefined }, { by }), { subject: 'user-1' })
  for (const typ of ['Refresh', 'Offline', 'ID']) t.match(judge({ typ }, { by }), { reason: 'not_an_access_token', found: `typ: ${typ}` })
})

t.test('a token that is bound to its sender in a way nobody can check is refused', async (t) => {
  for (const type of ['DPoP', 'dpop']) {
    for (const cnf of [undefined, { 'x5t#S256': THUMBPRINT }]) t.match(judge({ token_type: type, ...cnf === undefined ? {} : { cnf } }), { reason: 'binding_unverifiable', found: 'token_type DPoP without cnf.jkt' })
  }
  for (const cnf of [{}, { jkt: 'x' }, null, '']) t.match(judge({ cnf }), { reason: 'binding_unverifiable', found: 'a cnf claim with other members than jkt and x5t#S256, or of another form' }, JSON.stringify(cnf))
})

t.test('a token that is bound to a key or a certificate has an identity: who sent it is asked elsewhere', async (t) => {
  for (const says of [{ token_type: 'DPoP', cnf: { jkt: THUMBPRINT } }, { cnf: { jkt: THUMBPRINT } }, { cnf: { 'x5t#S256': THUMBPRINT } }]) {
    t.match(judge(says), { subject: 'user-1', claims: { cnf: says.cnf } })
  }
})

t.test('an answer without a subject is refused, unless the user says where it stands', async (t) => {
  t.match(judge({ sub: undefined, client_id: 'c' }), { reason: 'subject_missing', clientId: 'c' })
  t.match(judge({ sub: undefined, username: 'jane' }, { by: provider({ claims: { subject: 'username' } }) }), { subject: 'jane' })
})

t.test('claims nested too deep are refused, and so are those a function of the user throws at', async (t) => {
  const deep: unknown = JSON.parse('['.repeat(70) + ']'.repeat(70))
  t.match(judge({ deep }), { reason: 'claim_malformed' })
  t.match(judge({}, { by: provider({ claims: { roles: () => { throw new Error('oh') } } }) }), { reason: 'claim_malformed' })
})

t.test('a member named after the prototype is a member like others', async (t) => {
  const answer = JSON.parse('{"active":true,"token_type":"Bearer","sub":"user-1","aud":"api","__proto__":{"cnf":{}},"constructor":"x"}')
  t.match(judgeIntrospected(answer, provider(), { requiresAudience: true, tolerance: 0 }, NOW * 1000), { subject: 'user-1' })
  const inherited = JSON.parse('{"active":true,"__proto__":{"token_type":"Bearer","sub":"user-1","aud":"api"}}')
  t.match(judgeIntrospected(inherited, provider(), { requiresAudience: true, tolerance: 0 }, NOW * 1000), { reason: 'not_an_access_token' })
})

t.test('a mistake of ours is not taken for a refusal', async (t) => {
  const by = new Proxy(provider(), { get: (target, name) => { if (name === 'fixedClaims') throw new RangeError('ours'); return Reflect.get(target, name) } })
  t.throws(() => judge({}, { by }), { name: 'RangeError' })
})
