import t from 'tap'
import type { Test } from 'tap'
import { fakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'
import type { IssuerKey, TestIssuer } from './support/issuer.js'

const nameless = ({ jwk: { kid, ...members } }: IssuerKey) => members

async function openApi (t: Test) {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  issuer.published = [nameless(issuer.keys[0]!)]
  const api = await guardedApi(t, issuer)
  t.same(await api.get(issuer.token()), ACCEPTED, 'a token with a key id, where the only key has none')
  t.same(await api.get(issuer.token({}, { kid: undefined })), ACCEPTED, 'a token without one')
  issuer.reset()
  return { issuer, ...api }
}

/** A new key, published in the place of the old one. */
async function replaceKey (issuer: TestIssuer, name: (key: IssuerKey) => Record<string, unknown>): Promise<void> {
  const key = await issuer.rotate()
  issuer.published = [name(key)]
}

t.test('a key that was guessed and does not verify the token makes the ring ask: the provider may have another by now', async (t) => {
  for (const [title, name, kid] of [
    ['a new key with an id', ({ jwk }: IssuerKey) => jwk, true], ['a new key without one', nameless, true], ['neither has one', nameless, false]
  ] as const) {
    await t.test(title, async (t) => {
      const { issuer, get } = await openApi(t)
      const old = issuer.token({}, kid ? {} : { kid: undefined })
      await replaceKey(issuer, name)
      const token = issuer.token({}, kid ? {} : { kid: undefined })
      t.same(await Promise.all(Array.from({ length: 20 }, () => get(token))), Array(20).fill(ACCEPTED))
      t.equal(issuer.requests.jwks, 1)
      t.same(await get(old), INVALID_TOKEN, 'and the old key is gone')
    })
  }
})

t.test('forged tokens without a key id cause one fetch in 30 s, and are refused for their signature', async (t) => {
  const clock = fakeClock(t)
  const { issuer, get, refusals } = await openApi(t)
  const forger = await createKey('ES256')
  for (let round = 1; round <= 3; round++) {
    for (let count = 0; count < 20; count++) t.same(await get(issuer.token({}, { kid: undefined }, forger)), INVALID_TOKEN)
    t.equal(issuer.requests.jwks, round)
    clock.advance(30_001)
  }
  t.same(new Set(refusals().map(({ reason }) => reason)), new Set(['signature_invalid']))
})

t.test('a bad signature under a key id the provider has causes no fetch', async (t) => {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const { get } = await guardedApi(t, issuer)
  await get(issuer.token())
  issuer.reset()
  t.same(await get(issuer.token({}, {}, await createKey('ES256', { kid: issuer.keys[0]!.kid }))), INVALID_TOKEN)
  t.equal(issuer.requests.jwks, 0)
})

t.test('a guessed key that verifies an expired token causes no fetch', async (t) => {
  const { issuer, get } = await openApi(t)
  t.same(await get(issuer.token({ exp: 1 })), INVALID_TOKEN)
  t.equal(issuer.requests.jwks, 0)
})
