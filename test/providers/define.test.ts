import t from 'tap'
import { ALGORITHMS, defineProvider, isProvider, SETTINGS } from '../../lib/providers/define.js'
import type { ProviderSettings } from '../../lib/providers/define.js'
import { STANDARD_LOGOUT } from '../../lib/providers/logout.js'

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
