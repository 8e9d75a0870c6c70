import t from 'tap'
import { ALGORITHMS, defineProvider, isProvider, SETTINGS } from '../../lib/providers/define.js'
import type { ProviderSettings } from '../../lib/providers/define.js'
import { STANDARD_LOGOUT } from '../../lib/providers/logout.js'
import { mistake } from '../support/mistake.js'

const issuer = 'https://id.example'
const remedies = { issuer: 'set the issuer', audience: 'set the audience' }

function define (settings: ProviderSettings = {}, audience: unknown = 'api') {
  return defineProvider('test()', { name: 'test', issuer, audience, remedies, settings })
}

t.test('a provider is plain data with these defaults', async (t) => {
  t.strictSame({ ...define() }, {
    name: 'test',
    issuer,
    issuerTemplate: undefined,
    audience: ['api'],
    audienceClaim: 'aud',
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
    keys: { discovery: ['https://id.example/.well-known/openid-configuration', 'https://id.example/.well-known/oauth-authorization-server'] },
    profile: 'auto',
    claims: {
      subject: 'sub',
      scopes: ['scope', 'scp'],
      permissions: 'permissions',
      roles: 'roles',
      organization: 'org_id',
      client: ['client_id', 'azp']
    },
    tokenKind: {
      required: [],
      access: { token_use: ['access'] },
      marks: ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'token_introspection'],
      others: { typ: ['ID', 'Refresh', 'Logout'], token_use: ['id'] }
    },
    fixedClaims: {},
    introspection: undefined,
    client: undefined,
    logout: { names: { clientId: 'client_id', idTokenHint: 'id_token_hint', postLogoutRedirectUri: 'post_logout_redirect_uri', state: 'state' } },
    apiKeys: undefined,
    cookie: undefined,
    dangerouslyAllowHttp: false
  })
})

t.test('a setting that is undefined has its default, but for what belongs to a client', async (t) => {
  const unset: ProviderSettings = Object.fromEntries(SETTINGS.filter((setting) => !/^(client|key[AI]|key$)/.test(setting)).map((setting) => [setting, undefined]))
  t.strictSame(define(unset), define())
  t.strictSame(define({ claims: { scopes: undefined } as object, tokenKind: { marks: undefined } as object }), define())
})

t.test('every setting is taken as it was given', async (t) => {
  const ask = () => 'tenant'
  const settings = {
    name: 'internal',
    algorithms: ['ES256', 'Ed25519'],
    profile: 'rfc9068',
    keys: { jwksUri: 'https://keys.example/jwks' },
    claims: { subject: 'uid', scopes: 'scp', permissions: ['a', { path: ['b', 'c'] }], roles: { path: ['x'] }, organization: ask, client: ['azp', ask] },
    tokenKind: { required: ['x'], access: { typ: ['Bearer'], token_use: [] }, marks: [], others: { typ: [], token_use: ['id'] } },
    dangerouslyAllowHttp: true
  } as const
  const others = { issuer, issuerTemplate: undefined, audience: ['api'], audienceClaim: 'aud', fixedClaims: {}, introspection: undefined, client: undefined, logout: STANDARD_LOGOUT, apiKeys: undefined, cookie: undefined }
  t.strictSame({ ...define(settings) }, { ...settings, ...others })
})

t.test('members of claims and tokenKind that are not given keep their defaults', async (t) => {
  t.match(define({ claims: { roles: 'groups' } }).claims, { roles: 'groups', subject: 'sub', scopes: ['scope', 'scp'] })
  t.match(define({ tokenKind: { marks: ['x'] } }).tokenKind, { marks: ['x'], access: { token_use: ['access'] } })
  t.match(define({ tokenKind: { others: { typ: ['X'] } } }).tokenKind, { others: { typ: ['X'], token_use: ['id'] } }, 'claim by claim')
})

t.test('an audience may be one text, a list of them, or false', async (t) => {
  t.strictSame(define({}, 'api').audience, ['api'])
  t.strictSame(define({}, ['api', 'orders']).audience, ['api', 'orders'])
  t.equal(define({}, false).audience, false)
})

t.test('no algorithm that can be configured is symmetric', async (t) => {
  t.strictSame(ALGORITHMS.filter((algorithm) => /^(HS|none)/i.test(algorithm)), [])
  t.ok(Object.isFrozen(ALGORITHMS))
})

t.test('a provider is one that was defined, not one that looks like it', async (t) => {
  const provider = define()
  t.ok(isProvider(provider))
  for (const value of [{ ...provider }, Object.create(provider), JSON.parse(JSON.stringify(provider)), undefined, null, 'test', () => provider]) {
    t.notOk(isProvider(value))
  }
})

t.test('a provider is frozen, whatever it is made of', async (t) => {
  t.strictSame(thawed(define()), [], 'its defaults')
  const claims = { scopes: ['s', { path: ['a', 'b'] }], roles: { path: ['x'] } }
  const tokenKind = { access: { a: ['b'] }, marks: ['m'], others: { c: ['d'] } }
  const settings: ProviderSettings = { algorithms: ['RS256'], keys: { jwksUri: issuer }, claims, tokenKind }
  t.strictSame(thawed(define(settings, ['api'])), [], 'and what was given')
  t.strictSame(thawed(define({ clientId: 'web', clientSecret: 'hunter2' })), [], 'and a client, which vouches for sessions only')
})

t.test('changing what was given later changes nothing', async (t) => {
  const given = {
    audience: ['api'],
    algorithms: ['RS256' as const],
    scopes: ['scope'],
    path: ['realm', 'roles'],
    access: ['access'],
    marks: ['nonce']
  }
  const claims = { scopes: given.scopes, roles: { path: given.path } }
  const provider = define({ algorithms: given.algorithms, claims, tokenKind: { access: { use: given.access }, marks: given.marks } }, given.audience)
  const before = JSON.stringify(provider)
  for (const list of Object.values(given) as string[][]) list.push('evil')
  claims.scopes = ['evil']
  t.equal(JSON.stringify(provider), before)
  t.notOk(Object.values(given).some((list) => Object.isFrozen(list)), 'and what was given is not frozen')
})

/** Paths of the parts that could still be changed. */
function thawed (value: unknown, path = 'provider'): string[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([name, member]) => thawed(member, `${path}.${name}`))
  return Object.isFrozen(value) ? inside : [path, ...inside]
}

// Settings as plain JavaScript may write them, which the types cannot stop.
function refusal (settings: object, given: { issuer?: unknown, audience?: unknown } = {}) {
  const definition = { name: 'test', issuer: 'https://id.example', audience: 'api', remedies, settings, ...given }
  return mistake(() => defineProvider('test()', definition))
}

t.test('a provider has an issuer', async (t) => {
  t.equal(refusal({}, { issuer: undefined }), 'test(): issuer: expected an https URL, got undefined; set the issuer')
  t.match(refusal({}, { issuer: 'http://id.example' }), /^test\(\): issuer: expected an https URL, got 'http:.+dangerouslyAllowHttp: true/)
  t.equal(refusal({ dangerouslyAllowHttp: true }, { issuer: 'http://id.example' }), undefined)
})

t.test('an empty audience stops the start: it would open the API to every token of the issuer', async (t) => {
  for (const [audience, shown] of [
    [undefined, 'undefined'], [null, 'null'], [true, 'true'], [42, '42'], ['', "''"], [' ', "' '"],
    ['undefined', "'undefined'"], [[], '[]'], [[undefined], '[ undefined ]'],
    [['api', ''], "[ 'api', '' ]"], [['api', 'undefined'], "[ 'api', 'undefined' ]"], [[['api']], "[ [ 'api' ] ]"], [{}, '{}'],
    [/./, '/./'], [new Set(['api']), 'an instance of Set']
  ]) t.equal(refusal({}, { audience }), `test(): audience: expected a text or a list of texts, none of them empty or with white space around it, got ${shown}; set the audience`)
})

t.test('a hole in a list is no value', async (t) => {
  const hole = new Array(1)
  t.match(refusal({}, { audience: hole }), /^test\(\): audience: expected/)
  for (const [settings, path] of [
    [{ algorithms: hole }, 'algorithms'],
    [{ claims: { roles: hole } }, 'claims.roles'],
    [{ claims: { roles: { path: hole } } }, 'claims.roles'],
    [{ tokenKind: { marks: hole } }, 'tokenKind.marks'],
    [{ tokenKind: { others: { typ: hole } } }, 'tokenKind.others.typ']
  ] as const) t.equal(refusal(settings)?.startsWith(`test(): ${path}: expected `), true, path)
})

t.test('a name is a text that is not empty', async (t) => {
  for (const name of ['', ' ', 42, false]) t.match(refusal({ name }), /^test\(\): name: expected a text that is not empty, got /)
})

t.test('symmetric and unknown algorithms are refused', async (t) => {
  const known = ALGORITHMS.join(', ')
  const remedy = 'tokens must be signed with a private key: set RS256 or ES256 at the provider'
  for (const algorithm of ['HS256', 'HS512', 'hs256', 'none', 'None', 'NONE']) {
    t.equal(refusal({ algorithms: ['RS256', algorithm] }), `test(): algorithms: expected some of ${known}, got '${algorithm}'; ${remedy}`)
  }
  for (const [algorithm, shown] of [['rs256', "'rs256'"], ['xHS256', "'xHS256'"], ['ES256K', "'ES256K'"], ['', "''"], [undefined, 'undefined'], [['RS256'], "[ 'RS256' ]"]]) {
    t.equal(refusal({ algorithms: [algorithm] }), `test(): algorithms: expected some of ${known}, got ${shown}`)
  }
  for (const algorithms of [[], 'RS256', {}, new Set(['RS256'])]) {
    t.match(refusal({ algorithms }), /^test\(\): algorithms: expected a list of algorithms, got /)
  }
})

t.test('the profile is one of two', async (t) => {
  t.equal(refusal({ profile: 'RFC9068' }), "test(): profile: expected 'auto' or 'rfc9068', got 'RFC9068'")
})

t.test('a source of a claim is a name, a path, a function, or a list of those', async (t) => {
  const sentence = 'test(): claims.roles: expected a claim name, { path: […] }, a function, or a list of those, got '
  for (const source of [
    '', 42, null, true, [], [''], [['roles']], ['a', null],
    {}, { path: [] }, { path: 'roles' }, { path: ['a', 1] }, { path: ['a', ''] }, { path: ['a'], or: 1 }
  ]) {
    t.equal(refusal({ claims: { roles: source } })?.slice(0, sentence.length), sentence)
  }
  t.equal(refusal({ claims: 'roles' }), "test(): claims: expected an object, got 'roles'")
  t.equal(refusal({ claims: { scope: 'scp' } }), 'test(): claims: unknown key "scope"; did you mean "scopes"?')
})

t.test('tokenKind is claims with lists of texts', async (t) => {
  t.equal(refusal({ tokenKind: [] }), 'test(): tokenKind: expected an object, got []')
  t.equal(refusal({ tokenKind: { mark: [] } }), 'test(): tokenKind: unknown key "mark"; did you mean "marks"?')
  for (const marks of ['nonce', [1], {}]) t.match(refusal({ tokenKind: { marks } }), /^test\(\): tokenKind\.marks: expected a list of claim names, got /)
  for (const member of ['access', 'others']) {
    t.match(refusal({ tokenKind: { [member]: ['typ'] } }), new RegExp(`^test\\(\\): tokenKind\\.${member}: expected an object, got `))
    for (const values of ['ID', [1], ['ID', 1], null]) {
      t.match(refusal({ tokenKind: { [member]: { typ: values } } }), new RegExp(`^test\\(\\): tokenKind\\.${member}\\.typ: expected a list of texts, got `))
    }
  }
})

t.test('dangerouslyAllowHttp is true or false: nothing else is danger written out', async (t) => {
  for (const value of ['true', 'false', 1, 0]) {
    t.match(refusal({ dangerouslyAllowHttp: value }), /^test\(\): dangerouslyAllowHttp: expected true or false, got /)
  }
})

t.test('null is no way to say nothing', async (t) => {
  for (const setting of ['name', 'algorithms', 'profile', 'claims', 'tokenKind', 'dangerouslyAllowHttp']) {
    t.match(refusal({ [setting]: null }), new RegExp(`^test\\(\\): ${setting}: expected .+, got null`))
  }
})
