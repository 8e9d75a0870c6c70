import t from 'tap'
import type { Provider, ProviderResolver } from '../lib/index.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting, unavailable } from './support/guarded-api.js'
import { createIssuer } from './support/issuer.js'

const [issuer, other] = await Promise.all([createIssuer(), createIssuer()])
t.teardown(() => Promise.all([issuer.close(), other.close()]))
t.beforeEach(() => { issuer.reset(); other.reset() })

const none = { discovery: 0, jwks: 0, other: 0, elsewhere: 0 }
const known = trusting(issuer)
const byIssuer = (asked: string) => asked === issuer.issuer ? known : undefined

/** A promise of another library: only `then`. */
function foreign<Value> (settle: (resolve: (value: Value) => void, reject: (reason: unknown) => void) => void): Promise<Value> {
  const then: Promise<Value>['then'] = (fulfilled, rejected) => new Promise<Value>(settle).then(fulfilled, rejected)
  return { then } as Promise<Value>
}

for (const [name, provider] of [
  ['a provider', byIssuer],
  ['a promise of one', async (asked: string) => byIssuer(asked)],
  ["another library's promise of one", (asked: string) => foreign<Provider | undefined>((resolve) => resolve(byIssuer(asked)))]
] as const) {
  t.test(`a resolver may answer with ${name}, and is asked for every token, those seen before included`, async (t) => {
    const asked: unknown[] = []
    const { app, get, refusals } = await guardedApi(t, issuer, {
      provider: (issuer, request) => { asked.push([issuer, request?.url]); return provider(issuer) }
    })
    const token = issuer.token()
    for (let count = 0; count < 3; count++) t.same(await get(token, `/?${count}`), ACCEPTED)
    t.same(asked, [[issuer.issuer, '/?0'], [issuer.issuer, '/?1'], [issuer.issuer, '/?2']])
    t.match(app.gatehouse.stats(), { accepted: 3, cached: 2 })
    t.match(issuer.requests, { discovery: 1, jwks: 1 })

    t.same(await get(other.token()), INVALID_TOKEN, 'and undefined refuses')
    t.same(refusals(), [{ code: 'GATEHOUSE_TOKEN_INVALID', reason: 'issuer_mismatch', found: other.issuer, hint: 'the resolver knows no provider with this issuer' }])
    t.same(other.requests, none)
  })
}

t.test('verify() asks the resolver without a request', async (t) => {
  const asked: unknown[] = []
  const { app } = await guardedApi(t, issuer, { provider: (...args) => { asked.push(args); return known } })
  t.match(await app.gatehouse.verify(issuer.token()), { subject: 'user-1' })
  t.same(asked, [[issuer.issuer, undefined]])
})

t.test('one token is judged anew for each request: what the resolver said before decides nothing', async (t) => {
  const strict = trusting(issuer, { name: 'strict', audience: 'https://strict.example' })
  const tenants: Record<string, Provider> = { open: known, strict }
  const { get, refusals } = await guardedApi(t, issuer, { provider: (_issuer, request) => tenants[String(request?.headers['x-tenant'])] })
  const token = issuer.token()
  for (let round = 0; round < 3; round++) {
    t.same(await get(token, '/', { 'x-tenant': 'open' }), ACCEPTED)
    t.same(await get(token, '/', { 'x-tenant': 'strict' }), INVALID_TOKEN)
    t.same(await get(token, '/', { 'x-tenant': 'nobody' }), INVALID_TOKEN)
  }
  t.match(refusals().slice(0, 2), [{ reason: 'audience_mismatch', provider: 'strict' }, { reason: 'issuer_mismatch' }])
})

t.test('a tenant that is taken away is refused with the next request', async (t) => {
  let answer: Provider | undefined = known
  const { get } = await guardedApi(t, issuer, { provider: () => answer })
  const token = issuer.token()
  t.same(await get(token), ACCEPTED)
  t.same(await get(token), ACCEPTED)
  answer = undefined
  t.same(await get(token), INVALID_TOKEN)
})

const nothing: unknown = undefined
const failures: Array<[name: string, resolver: (...args: unknown[]) => unknown, hint: string]> = [
  ['throws', () => { throw new Error('no database') }, 'the provider resolver failed: no database'],
  ['throws no Error', () => { throw nothing }, 'the provider resolver failed: it threw no Error'],
  ['rejects', async () => { throw new Error('no database') }, 'the provider resolver failed: no database'],
  ['rejects with no Error', () => Promise.reject(nothing), 'the provider resolver failed: it threw no Error'],
  ["rejects another library's promise", () => foreign((_, reject) => reject(new Error('no database'))), 'the provider resolver failed: no database'],
  ['throws with a token in its message', () => { throw new Error(`unknown: ${issuer.token()}`) }, 'the provider resolver failed: [left out: looks like a token]'],
  ...[null, false, '', 'https://issuer.example', {}, { ...known }, [known], () => known].map((garbage): (typeof failures)[number] =>
    [`answers ${Array.isArray(garbage) ? 'a list' : typeof garbage === 'object' && garbage !== null ? `an object of ${Object.keys(garbage).length} members` : String(garbage)}`, () => garbage, 'the provider resolver failed: it must return what oidc(…) or auth0(…) made, or undefined']),
  ['answers a promise of garbage', async () => 'garbage', 'the provider resolver failed: it must return what oidc(…) or auth0(…) made, or undefined']
]

for (const [name, resolver, hint] of failures) {
  t.test(`a resolver that ${name} is a 503`, async (t) => {
    const { get, refusals, logs } = await guardedApi(t, issuer, { provider: resolver as ProviderResolver })
    t.same(await get(issuer.token()), unavailable())
    t.same(refusals(), [{ code: 'GATEHOUSE_UNAVAILABLE', reason: 'resolver_failed', hint }])
    t.notMatch(logs.text(), 'eyJ')
    t.same(issuer.requests, none)
  })
}

t.test('a provider whose issuer is not the one of the token is refused before any fetch', async (t) => {
  for (const answer of [known, Promise.resolve(known)]) {
    const { get, refusals } = await guardedApi(t, issuer, { provider: () => answer })
    t.same(await get(other.token()), INVALID_TOKEN)
    t.same(await get(issuer.token({ iss: `${issuer.issuer}/` })), INVALID_TOKEN)
    t.match(refusals(), [
      { reason: 'issuer_mismatch', expected: [issuer.issuer], found: other.issuer },
      { reason: 'issuer_mismatch', expected: [issuer.issuer], found: `${issuer.issuer}/`, hint: 'issuer differs only by a trailing slash' }
    ])
  }
  t.same([issuer.requests, other.requests], [none, none])
})

t.test('a resolver that makes a new provider on each call gets right answers, and one ring', async (t) => {
  const { app, get } = await guardedApi(t, issuer, { provider: () => trusting(issuer) })
  const token = issuer.token()
  for (let count = 0; count < 5; count++) t.same(await get(token), ACCEPTED)
  t.same(await get(issuer.token({ aud: 'https://other.example' })), INVALID_TOKEN)
  t.match(app.gatehouse.stats(), { accepted: 5, cached: 0 })
  t.equal(app.gatehouse.health().length, 1)
  t.match(issuer.requests, { discovery: 1, jwks: 1 })
})
