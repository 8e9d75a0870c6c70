import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { INVALID_TOKEN, unavailable } from '../support/guarded-api.js'
import { accepted, projectApi, tooMany } from '../support/tesseral/api.js'
import { unknownApiKey } from '../support/tesseral/backend-service.js'
import { createProject } from '../support/tesseral/project.js'

t.test('200 requests that come at once with one new key make one call', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, project.withApiKeys)
  const key = project.backend.issue({ apiKeyId: 'api_key_1' })
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask({ token: key })))
  for (const answer of answers) t.same(answer, accepted('api_key_1'))
  t.equal(project.backend.requests, 1)
})

t.test('200 requests that come at once with one bad key make one call too', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, project.withApiKeys)
  const key = unknownApiKey()
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask({ token: key })))
  for (const answer of answers) t.same(answer, INVALID_TOKEN)
  t.equal(project.backend.requests, 1)
})

t.test('10,000 distinct bad keys make no more calls than the budget allows; the others get 429, and a key that was accepted before is served', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { app, ask, refusals } = await projectApi(t, project, { ...project.withApiKeys, apiKeys: { budget: { perSecond: 10, burst: 100 } } })
  const known = project.backend.issue({ apiKeyId: 'api_key_1' })
  t.same(await ask({ token: known }), accepted('api_key_1'))

  const statuses = new Map<number, number>()
  for (let sent = 0; sent < 10_000; sent += 500) {
    const answers = await Promise.all(Array.from({ length: 500 }, () => ask({ token: unknownApiKey() })))
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  t.strictSame(statuses, new Map([[401, 100], [429, 9_900]]))
  t.equal(project.backend.requests, 101, 'the good one did not count')
  t.same(await ask({ token: unknownApiKey() }), tooMany(1))
  t.match(refusals().at(-1), { reason: 'calls_exhausted', provider: 'tesseral' })

  t.equal(app.gatehouse.stats().cacheSize, 101)
  t.same(await ask({ token: known }), accepted('api_key_1'), 'from the answer that is kept')
  clock.advance(31_000)
  for (let count = 0; count < 500; count++) await ask({ token: unknownApiKey() })
  t.same(await ask({ token: known }), accepted('api_key_1'), 'and after it, on a budget of its own')
})

t.test('the budget comes back with time, so many calls a second', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, { ...project.withApiKeys, apiKeys: { budget: { perSecond: 0.1, burst: 1 } } })
  t.same(await ask({ token: unknownApiKey() }), INVALID_TOKEN)
  t.same(await ask({ token: unknownApiKey() }), tooMany(10))
  clock.advance(4_500)
  t.same(await ask({ token: unknownApiKey() }), tooMany(6))
  clock.advance(6_000)
  t.same(await ask({ token: unknownApiKey() }), INVALID_TOKEN)
})

t.test('keys accepted before that come past their budget get 503: the caller did nothing wrong', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, { ...project.withApiKeys, apiKeys: { cache: { ttl: 0, max: 1 }, budget: { perSecond: 1, burst: 1 } } })
  const key = project.backend.issue({ apiKeyId: 'api_key_1' })
  t.same(await ask({ token: key }), accepted('api_key_1'))
  t.same(await ask({ token: key }), accepted('api_key_1'))
  t.same(await ask({ token: key }), unavailable(1))
  clock.advance(1_100)
  t.same(await ask({ token: key }), accepted('api_key_1'))
})
