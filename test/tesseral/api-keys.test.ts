import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { INVALID_TOKEN } from '../support/guarded-api.js'
import { accepted, BAD_REQUEST, FORBIDDEN, projectApi } from '../support/tesseral/api.js'
import { unknownApiKey } from '../support/tesseral/backend-service.js'
import { createProject } from '../support/tesseral/project.js'

t.test('API keys are refused unless they were switched on, and nobody is asked', async (t) => {
  const project = await createProject(t)
  for (const options of [{}, { apiKeys: false }, { apiKeys: false, backendApiKey: project.backend.backendApiKey }]) {
    const { ask } = await projectApi(t, project, options)
    t.same(await ask({ token: project.backend.issue() }), INVALID_TOKEN)
  }
  t.equal(project.backend.requests, 0)
})

t.test('an API key is accepted once the backend knows it, and says who is calling', async (t) => {
  const project = await createProject(t)
  const { ask, app } = await projectApi(t, project, project.withApiKeys, {
    routes: (app) => { app.get('/c', { config: { permissions: 'a.b.c' } }, async ({ auth }) => ({ subject: auth.subject })) }
  })
  const key = project.backend.issue({ apiKeyId: 'api_key_1', organizationId: 'org_1', actions: ['a.b.c', 'a.b.a'] })
  t.same(await ask({ token: key }), accepted('api_key_1'))
  t.same(await ask({ url: '/c', token: key }), accepted('api_key_1'))
  t.same(await ask({ url: '/c', token: project.backend.issue() }), FORBIDDEN)
  const identity = await app.gatehouse.verify(key)
  t.strictSame({ ...identity }, {
    type: 'api_key', provider: 'tesseral', issuer: undefined, subject: 'api_key_1', clientId: undefined, organizationId: 'org_1', scopes: [], permissions: ['a.b.a', 'a.b.c'], roles: [], claims: {}, expiresAt: undefined
  })
  for (const part of [identity, identity.scopes, identity.permissions, identity.roles, identity.claims]) t.ok(Object.isFrozen(part))
  t.equal(project.config.requests, 0, 'and no key set is needed for it')
})

t.test('access tokens are accepted beside API keys, and are never sent to the backend', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, project.withApiKeys)
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  t.same(await ask({ token: project.token({ exp: 1 }) }), INVALID_TOKEN)
  t.equal(project.backend.requests, 0)
})

t.test('what has not the form of an API key is refused without asking', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, project.withApiKeys)
  for (const token of ['ACME_SK_1', 'acme-sk-1', 'a.b', 'a.b.c.d', 'eyJ.eyJ', 'acme_sk_1=', 'a'.repeat(16_385)]) t.same(await ask({ token }), INVALID_TOKEN, token.slice(0, 20))
  for (const token of ['acme sk', 'ac{me', '']) t.same(await ask({ token }), BAD_REQUEST, token)
  t.equal(project.backend.requests, 0)
})

t.test('where the prefix is known, what begins otherwise is refused without asking', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, { ...project.withApiKeys, apiKeys: { prefix: 'acme_sk_' } })
  t.same(await ask({ token: 'other_sk_1' }), INVALID_TOKEN)
  t.equal(project.backend.requests, 0)
  t.match(await ask({ token: project.backend.issue() }), { status: 200 })
})

t.test('routes choose between access tokens and API keys', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, project.withApiKeys, {
    routes (app) {
      app.get('/people', { config: { auth: { credentials: ['access_token'] } } }, async ({ auth }) => ({ subject: auth.subject }))
      app.get('/machines', { config: { auth: { credentials: ['api_key'] } } }, async ({ auth }) => ({ subject: auth.subject }))
    }
  })
  const key = project.backend.issue({ apiKeyId: 'api_key_1' })
  t.same(await ask({ url: '/people', token: project.token() }), accepted(project.userId))
  t.same(await ask({ url: '/people', token: key }), INVALID_TOKEN)
  t.equal(project.backend.requests, 0)
  t.same(await ask({ url: '/machines', token: key }), accepted('api_key_1'))
  t.same(await ask({ url: '/machines', token: project.token() }), INVALID_TOKEN)
  t.same(await ask({ url: '/machines', cookie: project.token() }), INVALID_TOKEN)
})

t.test('an answer is kept: a revoked key works for at most 30 seconds more', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask, app } = await projectApi(t, project, project.withApiKeys)
  const key = project.backend.issue({ apiKeyId: 'api_key_1' })
  for (let count = 0; count < 10; count++) t.same(await ask({ token: key }), accepted('api_key_1'))
  t.equal(project.backend.requests, 1)
  t.match(app.gatehouse.stats(), { accepted: 10, cached: 9, cacheSize: 1 })
  project.backend.keys.delete(key)
  clock.advance(29_000)
  t.same(await ask({ token: key }), accepted('api_key_1'))
  clock.advance(2_000)
  t.same(await ask({ token: key }), INVALID_TOKEN)
  t.equal(project.backend.requests, 2)
})

t.test('a refusal is kept for 10 seconds: a key that was created meanwhile works after that', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, project.withApiKeys)
  const key = unknownApiKey()
  for (let count = 0; count < 10; count++) t.same(await ask({ token: key }), INVALID_TOKEN)
  t.equal(project.backend.requests, 1)
  project.backend.keys.set(key, { apiKeyId: 'api_key_1', organizationId: 'org_1', actions: [] })
  clock.advance(11_000)
  t.same(await ask({ token: key }), accepted('api_key_1'))
})

t.test('how long answers are kept can be set', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask } = await projectApi(t, project, { ...project.withApiKeys, apiKeys: { cache: { ttl: 5, negativeTtl: 1 } } })
  const [good, bad] = [project.backend.issue(), unknownApiKey()]
  for (const { after, requests } of [{ after: 0, requests: 2 }, { after: 500, requests: 2 }, { after: 600, requests: 3 }, { after: 4_000, requests: 5 }]) {
    clock.advance(after)
    await ask({ token: good })
    await ask({ token: bad })
    t.equal(project.backend.requests, requests)
  }
})
