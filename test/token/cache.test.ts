import { createHash } from 'node:crypto'
import { test } from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { createTokenCache, tokenHash } from '../../lib/token/cache.js'
import type { Verified } from '../../lib/token/cache.js'
import { toIdentity } from '../../lib/token/identity.js'
import { createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

async function verified (t: Test): Promise<Verified> {
  const provider = oidc({ issuer: 'https://issuer.example', audience: 'https://api.example' })
  const { ring } = memoryRing(t, (await createKey('ES256')).jwk)
  await ring.refresh()
  const identity = toIdentity({ iss: provider.issuer, exp: 1_800_000_000, sub: 'user-1' }, provider)
  return { identity, payload: '{}', issuer: provider.issuer, provider, ring, key: ring.keys[0]!, until: 1_800_000_000_000 }
}

test('a token is known by the SHA-256 of all of it', async (t) => {
  t.equal(tokenHash('a.b.c'), createHash('sha256').update('a.b.c').digest('base64'))
})

test('tokens that differ in one character anywhere have nothing in common', async (t) => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJl'
  const variants = [...token].map((character, index) => `${token.slice(0, index)}${character === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`)
  t.equal(new Set([token, ...variants].map(tokenHash)).size, token.length + 1)
})

test('the cache holds as many tokens as it was told, the longest unused goes first', async (t) => {
  const entry = await verified(t)
  const cache = createTokenCache(3)
  for (const name of ['a', 'b', 'c']) cache.set(tokenHash(name), entry)
  cache.get(tokenHash('a'))
  cache.set(tokenHash('d'), entry)
  t.same(['a', 'b', 'c', 'd'].map((name) => cache.get(tokenHash(name)) !== undefined), [true, false, true, true])
  t.equal(cache.size, 3)
  t.equal(cache.get(tokenHash('a')), entry)
})
