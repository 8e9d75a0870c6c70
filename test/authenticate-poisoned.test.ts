import t from 'tap'
import type { Test } from 'tap'
import { fakeClock } from './support/clock.js'
import type { FakeClock } from './support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from './support/guarded-api.js'
import type { GuardedApi } from './support/guarded-api.js'
import { createIssuer, createKey } from './support/issuer.js'
import type { IssuerKey, TestIssuer } from './support/issuer.js'
import { until } from './support/until.js'

interface Poisoned extends GuardedApi {
  readonly clock: FakeClock
  readonly issuer: TestIssuer
  /** The attacker's key, which the API holds. */
  readonly attacker: IssuerKey
  /** An attacker's token that was accepted, and is in the cache. */
  readonly forged: string
}

/** An API whose issuer publishes an attacker's key, alone or beside its own. */
async function poisoned (t: Test, { kid, beside = false }: { kid?: string, beside?: boolean } = {}): Promise<Poisoned> {
  const clock = fakeClock(t)
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const [key] = issuer.keys
  const attacker = await createKey('ES256', { kid: kid ?? key!.kid })
  issuer.published = beside ? [key!.jwk, attacker.jwk] : [attacker.jwk]
  const api = await guardedApi(t, issuer, { cache: { ttl: 3600 } })
  const forged = issuer.token({ sub: 'user-1' }, {}, attacker)
  t.same(await api.get(forged), ACCEPTED)
  t.same(await api.get(forged), ACCEPTED)
  t.match(api.app.gatehouse.stats(), { cached: 1 })
  return { ...api, clock, issuer, attacker, forged }
}

/** The issuer publishes what is right again, and the API fetches it by the time it always does. */
async function heal ({ app, clock, issuer, get }: Poisoned): Promise<void> {
  issuer.published = [issuer.keys[0]!.jwk]
  clock.advance(570_001)
  await get(issuer.token())
  await until(() => app.gatehouse.health()[0]?.fetches === 2 && app.gatehouse.health()[0]?.age === 0)
}

const cases = [
  { name: 'under the id of the right one', options: {} },
  { name: 'under an id of its own', options: { kid: 'evil' } },
  { name: 'beside the right one', options: { kid: 'evil', beside: true } }
] as const

for (const { name, options } of cases) {
  t.test(`tokens of a wrong key that was published ${name} are refused as soon as the right set is fetched, those in the cache too`, async (t) => {
    const api = await poisoned(t, options)
    await heal(api)
    const { get, issuer, attacker, forged } = api
    t.same(await get(forged), INVALID_TOKEN, 'in the cache')
    t.same(await get(issuer.token({ jti: 'new' }, {}, attacker)), INVALID_TOKEN, 'new')
    t.same(await get(issuer.token({}, { kid: undefined }, attacker)), INVALID_TOKEN, 'without a key id')
    t.same(await get(issuer.token()), ACCEPTED, 'while right ones are accepted')
    t.equal(attacker.kid === issuer.keys[0]!.kid, !('kid' in options))
    t.same(api.app.gatehouse.health()[0]?.keys, [issuer.keys[0]!.kid])
  })

  t.test(`app.gatehouse.jwks does not give a wrong key that was published ${name} once the right set is fetched`, async (t) => {
    const api = await poisoned(t, options)
    const { app: { gatehouse: { jwks } }, issuer, attacker } = api
    const wanted = { domain: issuer.issuer, alg: 'ES256', kid: attacker.kid }
    for (const domain of [issuer.issuer, `${issuer.issuer}/`]) t.match(await jwks.getJwk({ ...wanted, domain }), { x: attacker.jwk.x }, 'it did')
    t.equal(await jwks.getPublicKey(wanted), attacker.publicKey.export({ type: 'spki', format: 'pem' }).toString())

    await heal(api)
    const right = issuer.keys[0]!
    for (const domain of [issuer.issuer, `${issuer.issuer}/`]) {
      if (attacker.kid === right.kid) {
        t.match(await jwks.getJwk({ ...wanted, domain }), { x: right.jwk.x })
        t.equal(await jwks.getPublicKey({ ...wanted, domain }), right.publicKey.export({ type: 'spki', format: 'pem' }).toString())
      } else {
        await t.rejects(jwks.getJwk({ ...wanted, domain }), { code: 'JWK_NOT_FOUND' })
        await t.rejects(jwks.getPublicKey({ ...wanted, domain }), { code: 'JWK_NOT_FOUND' })
      }
      t.match(await jwks.getJwk({ ...wanted, domain, kid: right.kid }), { x: right.jwk.x })
    }
  })
}

t.test('a right token that comes while only wrong keys are published brings the right set at once', async (t) => {
  const { get, issuer, forged } = await poisoned(t, { kid: 'evil' })
  issuer.published = [issuer.keys[0]!.jwk]
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get(forged), INVALID_TOKEN)
  t.equal(issuer.requests.jwks, 2)
})

t.test('a wrong address that discovery named for a while is left an hour later', async (t) => {
  const clock = fakeClock(t)
  const [issuer, evil] = await Promise.all([createIssuer({ algorithms: ['ES256'] }), createIssuer({ algorithms: ['ES256'] })])
  t.teardown(() => Promise.all([issuer.close(), evil.close()]))
  const right = issuer.metadata.jwks_uri
  issuer.metadata.jwks_uri = `${evil.issuer}/jwks`
  const { app, get } = await guardedApi(t, issuer, { cache: { ttl: 3600 } })
  const forged = issuer.token({ exp: clock.now() / 1000 + 86_400 }, {}, evil.keys[0])
  t.same(await get(forged), ACCEPTED)
  issuer.metadata.jwks_uri = right
  for (let fetches = 2; fetches <= 8; fetches++) {
    clock.advance(570_001)
    await get(forged)
    await until(() => app.gatehouse.health()[0]?.fetches === fetches && app.gatehouse.health()[0]?.age === 0)
  }
  t.same(await get(forged), INVALID_TOKEN)
  t.same(await get(issuer.token()), ACCEPTED)
  t.equal(evil.requests.jwks, 7)
})
