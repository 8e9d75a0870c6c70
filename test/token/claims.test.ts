import { test } from 'tap'
import { entra, oidc, tesseral } from '../../lib/index.js'
import type { OidcOptions, Provider } from '../../lib/index.js'
import { checkClaims, checkKeyIssuer, issuerOf, wrongIssuer } from '../../lib/token/claims.js'
import { refusalOf } from '../support/refusal-of.js'

const NOW = 1_800_000_000
const provider = (options: Partial<OidcOptions> = {}): Provider => oidc({ issuer: 'https://id.example', audience: ['api', 'https://api.example'], ...options })
const lenient = provider()
const strict = provider({ profile: 'rfc9068' })
const good = { iss: 'https://id.example', aud: 'api', sub: 'user-1', exp: NOW + 60, iat: NOW, jti: 'j', client_id: 'client-1' }

interface Circumstances { by?: Provider, isAccessToken?: boolean, tolerance?: number, now?: number }

/** `undefined` removes a claim. */
function check (claims: Record<string, unknown>, { by = lenient, isAccessToken = false, tolerance = 10, now = NOW }: Circumstances = {}): void {
  const present = Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined))
  checkClaims(present, { alg: 'RS256', kid: undefined, isAccessToken }, by, now * 1000, tolerance)
}

const refusal = (claims: Record<string, unknown>, circumstances?: Circumstances) => refusalOf(() => check(claims, circumstances))

test('RFC 8725 section 3.8: the issuer is one text, the provider\'s to the letter', async (t) => {
  t.equal(issuerOf(good), 'https://id.example')
  check({})
  for (const iss of ['https://id.example/', 'https://ID.example', 'http://id.example', 'https://id.example.evil.example', '']) {
    t.match(refusal({ iss }), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'issuer_mismatch', expected: ['https://id.example'], found: iss, hint: String })
  }
  for (const iss of [['https://id.example'], null, 0, true, {}]) t.match(refusal({ iss }), { reason: 'claim_malformed', expected: 'iss, a text' }, JSON.stringify(iss))
  t.match(refusal({ iss: undefined }), { reason: 'claim_missing', expected: 'iss, a text' })
  t.equal(refusalOf(() => issuerOf(Object.create({ iss: 'https://id.example' }))).reason, 'claim_missing')
})

test('the issuer comes first: nothing else is said of a token of somebody else', async (t) => {
  t.equal(refusal({ iss: 'https://other.example', exp: 1, aud: 'other', cnf: {} }).reason, 'issuer_mismatch')
})

test('an issuer that differs in a trifle is told to the operator, without a token in it', async (t) => {
  const refusalFor = (iss: string) => wrongIssuer(iss, ['https://a.example', 'https://b.example']).refusal
  t.match(refusalFor('https://b.example/'), { reason: 'issuer_mismatch', expected: ['https://a.example', 'https://b.example'], hint: 'issuer differs only by a trailing slash' })
  t.notMatch(refusalFor('eyJhbGciOiJub25lIn0.e30.').found, /eyJ/)
})

test('a token ends when exp and the tolerance are over, to the millisecond', async (t) => {
  for (const tolerance of [0, 10, 60]) {
    check({ exp: NOW, iat: undefined }, { now: NOW + tolerance - 0.001, tolerance })
    t.match(refusal({ exp: NOW }, { now: NOW + tolerance, tolerance }), { reason: 'token_expired', found: `expired ${tolerance} s ago` })
  }
  check({ exp: NOW + 0.5 }, { tolerance: 0 })
  t.equal(refusal({ exp: NOW - 0.5 }, { tolerance: 0 }).reason, 'token_expired')
})

test('the operator learns whether a token expired just now or long ago', async (t) => {
  t.match(refusal({ exp: NOW - 59 }), { reason: 'token_expired', hint: /clocks in step/ })
  t.match(refusal({ exp: NOW - 60 }), { found: 'expired 60 s ago', hint: /new token before/ })
})

for (const name of ['nbf', 'iat']) {
  test(`a token counts from ${name} less the tolerance`, async (t) => {
    check({ [name]: NOW })
    check({ [name]: NOW + 10 })
    t.match(refusal({ [name]: NOW + 10.001 }), { reason: 'token_not_yet_valid', found: `${name} is 10 s ahead`, hint: /clock/ })
    t.equal(refusal({ [name]: NOW + 1 }, { tolerance: 0 }).reason, 'token_not_yet_valid')
  })
}

test('exp is required', async (t) => {
  t.match(refusal({ exp: undefined }), { code: 'GATEHOUSE_TOKEN_INVALID', reason: 'claim_missing', expected: 'exp', provider: 'oidc', clientId: 'client-1' })
})

for (const name of ['exp', 'nbf', 'iat']) {
  test(`${name} is a number of seconds a clock can show`, async (t) => {
    for (const value of [Infinity, -1, -1e300, 8.64e12 + 1, NaN, null, true, [NOW], String(NOW + 60), '2030-01-01T00:00:00Z', { value: NOW }]) {
      t.match(refusal({ [name]: value }), { reason: 'time_malformed', expected: `${name} in seconds since the epoch` }, String(value))
    }
  })
}

test('the last second a date can show is a time, and so is the first', async (t) => {
  check({ exp: 8.64e12, nbf: 0, iat: 0 })
  t.pass('accepted')
})

const audiences: ReadonlyArray<readonly [aud: unknown, accepted: boolean]> = [
  ['api', true], ['https://api.example', true], [['api'], true], [['other', 'api'], true], [['other', 'https://api.example'], true],
  [undefined, false], [null, false], ['', false], [[], false], ['other', false], ['api other', false], ['API', false], ['https://api.example/', false],
  [['other'], false], [['api', 1], false], [[null, 'api'], false], [[['api']], false], [{ 0: 'api', length: 1 }, false], [0, false], [true, false]
]

for (const [aud, accepted] of audiences) {
  test(`RFC 7519 section 4.1.3: the audience ${JSON.stringify(aud)} is ${accepted ? 'ours' : 'refused'}`, async (t) => {
    if (accepted) return t.doesNotThrow(() => check({ aud }))
    t.match(refusal({ aud }), { reason: 'audience_mismatch', expected: ['api', 'https://api.example'], provider: 'oidc', hint: String })
    t.doesNotThrow(() => check({ aud }, { by: provider({ audience: false }) }), 'audience: false asks nothing')
  })
}

test('only what stands in the token itself is a claim of it', async (t) => {
  const { aud, exp, ...rest } = good
  const header = { alg: 'RS256', kid: undefined, isAccessToken: false } as const
  const inherit = (from: object, own: object) => () => checkClaims(Object.assign(Object.create(from), own), header, lenient, NOW * 1000, 10)
  t.match(refusalOf(inherit({ aud }, { ...rest, exp })), { reason: 'audience_mismatch', found: 'no aud' })
  t.match(refusalOf(inherit({ exp }, { ...rest, aud })), { reason: 'claim_missing', expected: 'exp' })
  t.match(refusalOf(inherit({ token_use: 'access' }, { ...rest, aud, exp, nonce: 'n' })), { reason: 'id_token' })
  t.doesNotThrow(inherit({ nonce: 'n', cnf: {} }, { ...rest, aud, exp }))
})

test('where a provider vouches for sessions only no audience fits, whichever claim it stands in', async (t) => {
  const web = { clientId: 'web', clientSecret: 'hunter2' }
  const hint = 'this provider vouches for sessions only: give it an audience'
  const by = provider()
  for (const sessionsOnly of [oidc({ issuer: by.issuer, ...web }), ...['azp', 'client_id'].map((audienceClaim) => ({ ...by, audience: [], audienceClaim }))]) {
    for (const value of ['web', 'api', '', 'undefined', [], ['web'], undefined, null]) {
      t.match(refusal({ [sessionsOnly.audienceClaim]: value }, { by: sessionsOnly }), { reason: 'audience_mismatch', expected: [], hint }, JSON.stringify(value))
    }
  }
  const template = 'https://id.example/{tenant}'
  const templated = { ...entra({ tenants: 'any', audience: 'api' }), audience: [], issuer: template, issuerTemplate: { before: 'https://id.example/', after: '', claim: 'tid' } }
  for (const aud of [undefined, 'api', template, 'https://id.example/one']) {
    t.match(refusal({ iss: 'https://id.example/one', tid: 'one', aud }, { by: templated }), { reason: 'audience_mismatch', hint })
  }
})

const kinds: ReadonlyArray<readonly [claims: Record<string, unknown>, reason: string | undefined, found?: string]> = [
  [{ nonce: 'n' }, 'id_token', 'the claim nonce'],
  [{ nonce: null }, 'id_token', 'the claim nonce'],
  [{ at_hash: 'h' }, 'id_token', 'the claim at_hash'],
  [{ c_hash: 'h' }, 'id_token', 'the claim c_hash'],
  [{ s_hash: 'h' }, 'id_token', 'the claim s_hash'],
  [{ events: {} }, 'not_an_access_token', 'the claim events'],
  [{ token_introspection: {} }, 'not_an_access_token', 'the claim token_introspection'],
  [{ typ: 'ID' }, 'not_an_access_token', 'typ: ID'],
  [{ typ: 'Refresh' }, 'not_an_access_token', 'typ: Refresh'],
  [{ typ: 'Logout' }, 'not_an_access_token', 'typ: Logout'],
  [{ token_use: 'id' }, 'not_an_access_token', 'token_use: id'],
  [{ typ: 'Bearer' }, undefined],
  [{ typ: ['ID'] }, undefined],
  [{ token_use: 'access', nonce: 'n' }, undefined],
  [{ token_use: ['access'], nonce: 'n' }, 'id_token', 'the claim nonce']
]

for (const [claims, reason, found] of kinds) {
  test(`without a telling typ, ${JSON.stringify(claims)} ${reason === undefined ? 'leaves an access token one' : 'makes it another kind of token'}`, async (t) => {
    t.doesNotThrow(() => check(claims, { isAccessToken: true }), 'typ: at+jwt settles it')
    if (reason === undefined) t.doesNotThrow(() => check(claims))
    else t.match(refusal(claims), { reason, found, provider: 'oidc' })
  })
}

test('the marks of other tokens are the provider\'s to name', async (t) => {
  const by = provider({ tokenKind: { access: { typ: ['Bearer'] }, marks: ['at_hash'], others: { kind: ['id'] } } })
  check({ nonce: 'n' }, { by })
  check({ typ: 'Bearer', at_hash: 'h' }, { by })
  t.equal(refusal({ at_hash: 'h' }, { by }).reason, 'id_token')
  t.equal(refusal({ kind: 'id' }, { by }).found, 'kind: id')
})

test('a binding nobody can check to the last member refuses the token, whatever it says', async (t) => {
  const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
  for (const cnf of [{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, [], null, '', 0, false, { jkt, kid: 'x' }, { jkt, 'x5t#S256': 'x' }, { jkt: [jkt] }, { jkt: null }, [{ jkt }]]) {
    t.match(refusal({ cnf }), { reason: 'binding_unverifiable', found: 'a cnf claim with other members than jkt and x5t#S256, or of another form' }, JSON.stringify(cnf))
    t.equal(refusal({ cnf }, { isAccessToken: true }).reason, 'binding_unverifiable')
  }
  for (const cnf of [{ jkt }, { 'x5t#S256': jkt }, { jkt, 'x5t#S256': jkt }]) check({ cnf })
})

test('RFC 9068 section 2.2: the strict profile demands every claim', async (t) => {
  check({}, { by: strict })
  for (const name of ['sub', 'client_id', 'jti']) {
    for (const value of [undefined, null, 1, ['x']]) {
      t.match(refusal({ [name]: value }, { by: strict }), { reason: 'claim_missing', expected: new RegExp(`^${name}, a text`) })
    }
    check({ [name]: undefined })
  }
  t.match(refusal({ iat: undefined }, { by: strict }), { reason: 'claim_missing', expected: /^iat/ })
  const anyAudience = provider({ profile: 'rfc9068', audience: false })
  t.match(refusal({ aud: undefined }, { by: anyAudience }), { reason: 'claim_missing', expected: /^aud/ })
  t.doesNotThrow(() => check({ aud: 'other' }, { by: anyAudience }))
})

test('a refusal names the client, if it is a text and no token', async (t) => {
  const clientOf = (claims: Record<string, unknown>) => refusal({ ...claims, exp: 1 }).clientId
  t.equal(clientOf({}), 'client-1')
  t.equal(clientOf({ client_id: undefined, azp: 'client-2' }), 'client-2')
  t.equal(clientOf({ client_id: undefined }), undefined)
  t.equal(clientOf({ client_id: ['client-1'] }), undefined)
  t.notMatch(clientOf({ client_id: 'eyJhbGciOiJub25lIn0.e30.' }), /eyJ/)
})

test('a key speaks for the issuers it names; where no claim names the tenant, one that names none speaks for nobody', async (t) => {
  const project = tesseral({ publishableKey: 'publishable_key_1' })
  const anyTenant = entra({ tenants: 'any', audience: 'api' })
  const own = 'https://project-1.tesseral.app'
  const tenant = 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0'
  for (const [of, iss, named, reason] of [
    [project, own, 'https://project-2.tesseral.app', 'issuer_mismatch'],
    [project, own, undefined, 'issuer_mismatch'],
    [anyTenant, tenant, '', 'issuer_mismatch']
  ] as const) t.equal(refusalOf(() => { checkKeyIssuer({ iss }, named, of) }).reason, reason, `${of.name}: ${String(named)}`)
  for (const [of, iss, named] of [
    [project, own, own],
    [anyTenant, tenant, undefined],
    [anyTenant, tenant, 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    [lenient, 'https://id.example', 'https://elsewhere.example']
  ] as const) t.doesNotThrow(() => { checkKeyIssuer({ iss }, named, of) }, `${of.name}: ${String(named)}`)
})
