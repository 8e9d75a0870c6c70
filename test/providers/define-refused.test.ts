import t from 'tap'
import { ALGORITHMS, defineProvider } from '../../lib/providers/define.js'
import { mistake } from '../support/mistake.js'

const remedies = { issuer: 'set the issuer', audience: 'set the audience' }

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
