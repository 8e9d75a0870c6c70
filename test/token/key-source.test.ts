import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { OidcOptions } from '../../lib/index.js'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { createKeySource } from '../../lib/token/key-source.js'
import type { FetchedKeySet } from '../../lib/token/key-source.js'
import { createIssuer } from '../support/issuer.js'
import type { TestIssuer } from '../support/issuer.js'

const never = new AbortController().signal

async function openIssuer (t: Test): Promise<TestIssuer> {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  return issuer
}

/** A source of this issuer's keys. */
function sourceOf ({ issuer, audience }: TestIssuer, options: Partial<OidcOptions> = {}): () => Promise<FetchedKeySet> {
  const load = createKeySource(oidc({ issuer, audience, ...options }), {})
  return () => load(never)
}

const kids = ({ keys }: FetchedKeySet) => keys.map(({ kid }) => kid)

t.test('keys come from the key set the discovery document names, with its max-age', async (t) => {
  const issuer = await openIssuer(t)
  issuer.headers = { 'cache-control': 'max-age=120' }
  const set = await sourceOf(issuer)()
  t.same(kids(set), [issuer.keys[0]?.kid])
  t.equal(set.maxAge, 120)
})

t.test('the discovery document is read once', async (t) => {
  const issuer = await openIssuer(t)
  const load = sourceOf(issuer)
  await load()
  await load()
  t.match(issuer.requests, { discovery: 1, jwks: 2 })
})

t.test('after a failure the discovery document is read again: the key set may have moved', async (t) => {
  for (const mode of ['status-500', 'empty-set', 'html', 'refuse'] as const) {
    const issuer = await openIssuer(t)
    const load = sourceOf(issuer)
    await load()
    issuer.behave(mode, 'jwks')
    await t.rejects(load(), FetchFailure)
    issuer.behave('answer')
    issuer.metadata.jwks_uri = `${issuer.issuer}/moved-for-good/jwks`
    t.same(kids(await load()), [issuer.keys[0]?.kid], mode)
    await load()
    t.match(issuer.requests, { discovery: 2, jwks: 4 })
  }
})

t.test('with jwksUri no discovery document is read, not even after a failure', async (t) => {
  const issuer = await openIssuer(t)
  const load = sourceOf(issuer, { keys: { jwksUri: `${issuer.issuer}/private/jwks` } })
  await load()
  issuer.behave('status-500')
  await t.rejects(load(), { message: `${issuer.issuer}/private/jwks: status 500` })
  issuer.behave('answer')
  t.same(kids(await load()), [issuer.keys[0]?.kid])
  t.match(issuer.requests, { discovery: 0, jwks: 3 })
})

t.test('keys may be fetched from a private address while the issuer keeps its public name', async (t) => {
  const internal = await openIssuer(t)
  const issuer = 'https://id.example'
  t.same(kids(await sourceOf(internal, { issuer, keys: { jwksUri: `${internal.issuer}/jwks` } })()), [internal.keys[0]?.kid])

  const discovery = `${internal.issuer}/.well-known/openid-configuration`
  const load = sourceOf(internal, { issuer, keys: { discovery } })
  await t.rejects(load(), { message: `${discovery}: its issuer differs from ${issuer}` })
  internal.metadata.issuer = issuer
  t.same(kids(await load()), [internal.keys[0]?.kid])
})

t.test('a set without a usable key is a failure that says why', async (t) => {
  const issuer = await openIssuer(t)
  const url = `${issuer.issuer}/jwks`
  const load = sourceOf(issuer, { keys: { jwksUri: url }, algorithms: ['ES256'] })
  const key = issuer.published[0]
  for (const { published, message } of [
    { published: [], message: `${url}: has no usable key` },
    { published: [{ ...key, use: 'enc' }], message: `${url}: has no usable key (key 0: use is not sig)` },
    { published: [{ ...key, use: 'enc' }, { kty: 'oct', k: 'c2VjcmV0' }], message: `${url}: has no usable key (key 0: use is not sig; key 1: carries private members)` }
  ]) {
    issuer.published = published
    await t.rejects(load(), { name: 'FetchFailure', message })
  }
  issuer.published = [{ ...key, use: 'enc' }, { ...key }]
  t.match(await load(), { keys: [{ kid: key?.kid }], dropped: ['key 0: use is not sig'] }, 'while one usable key is enough')
})

t.test('a document without a list of keys is a failure', async (t) => {
  const issuer = await openIssuer(t)
  for (const path of ['keys', 'missing']) {
    const discovery = `${issuer.issuer}/.well-known/openid-configuration`
    Object.assign(issuer.metadata, { keys: path === 'keys' ? { 0: issuer.published[0] } : undefined })
    await t.rejects(sourceOf(issuer, { keys: { jwksUri: discovery } })(), { message: `${discovery}: has no keys` })
  }
})

t.test('keys that answer no algorithm of the provider are left out', async (t) => {
  const issuer = await openIssuer(t)
  await t.rejects(sourceOf(issuer, { algorithms: ['RS256'] })(), { message: /has no usable key \(key 0: its alg is not accepted, or does not fit the key\)$/ })
})
