import t from 'tap'
import type { Test } from 'tap'
import type { ProviderResolver } from '../lib/index.js'
import { holdDeadlines } from './support/deadlines.js'
import { createIssuer } from './support/issuer.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from './support/guarded-api.js'
import { createTenants } from './support/tenants.js'
import type { Tenant } from './support/tenants.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())

/** An API that trusts these tenants through a resolver. */
async function multiTenantApi (t: Test, tenants: readonly Tenant[]) {
  const known = new Map(tenants.map(({ provider }) => [provider.issuer, provider]))
  const provider: ProviderResolver = (asked) => known.get(asked)
  return guardedApi(t, issuer, { provider })
}

const subject = (number: number) => ({ ...ACCEPTED, body: { subject: String(number) } })
const range = (length: number) => Array.from({ length }, (_, number) => number)

t.test('a thousand tenants have their keys in memory; of one more the one longest unused fetches its keys anew', async (t) => {
  const { tenant, fetches } = await createTenants(t)
  const tenants = range(1001).map(tenant)
  const { app, get } = await multiTenantApi(t, tenants)
  for (const number of range(1000)) t.same(await get(tenants[number]!.token), subject(number))
  t.same(await get(tenants[0]!.token), subject(0))
  t.same(await get(issuer.token()), INVALID_TOKEN)
  t.equal(app.gatehouse.health().length, 1000)
  t.same(new Set(fetches.values()), new Set([1]))

  t.same(await get(tenants[1000]!.token), subject(1000))
  t.equal(app.gatehouse.health().length, 1000)
  t.notOk(app.gatehouse.health().some(({ issuer }) => issuer === tenants[0]!.provider.issuer))
  t.same(await get(tenants[0]!.token), subject(0), 'a token seen before is not believed on the word of a ring that is gone')
  t.equal(fetches.get(0), 2)
  t.equal(fetches.get(1000), 1)
})

t.test('more tenants than that whose first tokens come all at once are all served', async (t) => {
  holdDeadlines(t)
  const { tenant } = await createTenants(t)
  const tenants = range(1020).map(tenant)
  const { get } = await multiTenantApi(t, tenants)
  t.same(await Promise.all(tenants.map(({ token }) => get(token))), range(1020).map(subject))
})

t.test('tokens of tenants nobody knows make no ring, and no request', async (t) => {
  const { tenant, fetches } = await createTenants(t)
  const { app, get } = await multiTenantApi(t, [])
  for (const number of range(20)) t.same(await get(tenant(number).token), INVALID_TOKEN)
  t.same(app.gatehouse.health(), [])
  t.equal(fetches.size, 0)
})
