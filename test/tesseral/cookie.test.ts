import t from 'tap'
import { INVALID_TOKEN, unavailable } from '../support/guarded-api.js'
import { accepted, BAD_REQUEST, NOTHING_SENT, projectApi, somebody } from '../support/tesseral/api.js'
import { unknownApiKey } from '../support/tesseral/backend-service.js'
import { identifier } from '../support/tesseral/identifiers.js'
import { createProject } from '../support/tesseral/project.js'

const [project, other] = await Promise.all([createProject(t), createProject(t)])
const api = await projectApi(t, project)
const { ask, refusals } = api
const now = Math.floor(Date.now() / 1000)
const expired = () => project.token({ exp: now - 60, nbf: now - 360, iat: now - 360 })
t.beforeEach(() => { api.logs.lines.length = 0 })

t.test('the access token is taken from the cookie named after the project', async (t) => {
  t.same(await ask({ cookie: project.token() }), accepted(project.userId))
})

t.test("the project's other cookies are no credential", async (t) => {
  for (const suffix of ['refresh_token', 'intermediate_access_token', 'access_token2', '']) {
    t.same(await ask({ headers: { cookie: `tesseral_${project.id}_${suffix}=${project.token()}` } }), NOTHING_SENT, suffix)
  }
  t.same(await ask({ headers: { cookie: `TESSERAL_${project.id}_access_token=${project.token()}` } }), NOTHING_SENT)
})

t.test("another project's cookie beside ours is not looked at, and alone it is nothing", async (t) => {
  const foreign = `${other.cookieName}=${other.token()}`
  t.same(await ask({ headers: { cookie: `${foreign}; ${project.cookieName}=${project.token()}; theme=dark` } }), accepted(project.userId))
  t.same(await ask({ headers: { cookie: foreign } }), NOTHING_SENT)
  t.same(await ask({ cookie: other.token() }), INVALID_TOKEN, 'its token under our name is not ours')
})

t.test('a Bearer token wins, and the cookie is then not read', async (t) => {
  t.same(await ask({ token: project.token({ sub: 'in the header' }), cookie: project.token() }), accepted('in the header'))
  t.same(await ask({ token: project.token({ sub: 'in the header' }), cookie: 'nonsense' }), accepted('in the header'))
  t.same(await ask({ token: expired(), cookie: project.token() }), INVALID_TOKEN)
})

t.test('Bearer without a token does not fall back to the cookie', async (t) => {
  t.same(await ask({ headers: { authorization: 'Bearer ', cookie: `${project.cookieName}=${project.token()}` } }), BAD_REQUEST)
  t.same(await ask({ headers: { authorization: 'Bearer', cookie: `${project.cookieName}=${project.token()}` } }), BAD_REQUEST)
})

t.test('Authorization with another scheme does not block the cookie', async (t) => {
  const authorization = 'Basic dXNlcjpwYXNzd29yZA=='
  t.same(await ask({ headers: { authorization, cookie: `${project.cookieName}=${project.token()}` } }), accepted(project.userId))
  t.same(await ask({ headers: { authorization } }), NOTHING_SENT)
})

t.test('two cookies of the name count as none: which is meant nobody can tell', async (t) => {
  const cookie = `${project.cookieName}=${project.token()}; ${project.cookieName}=${project.token()}`
  t.same(await ask({ headers: { cookie } }), NOTHING_SENT)
  t.match(refusals(), [{ reason: 'cookie_repeated' }])
  t.same(await ask({ url: '/optional', headers: { cookie } }), somebody(false))
})

t.test('a cookie that is expired or no token is refused, or on an optional route counts as none', async (t) => {
  for (const cookie of [expired(), 'nonsense', '', 'a.b.c', project.token({}, { kid: identifier('session_signing_key') })]) {
    t.same(await ask({ cookie }), INVALID_TOKEN, cookie)
    t.same(await ask({ url: '/optional', cookie }), somebody(false), cookie)
  }
  t.same(await ask({ url: '/optional', cookie: project.token() }), somebody(true))
  t.same(await ask({ url: '/optional', token: expired() }), INVALID_TOKEN, 'a header is deliberate')
})

t.test('an API key is no cookie', async (t) => {
  const { ask } = await projectApi(t, project, project.withApiKeys)
  t.same(await ask({ cookie: project.backend.issue() }), INVALID_TOKEN)
  t.same(await ask({ cookie: unknownApiKey() }), INVALID_TOKEN)
  t.equal(project.backend.requests, 0)
})

t.test('answers to a cookie are private, unless the route says otherwise; those to a header are not marked', async (t) => {
  const { app } = await projectApi(t, project, {}, {
    routes (app) { app.get('/shared', async (_, reply) => { reply.header('cache-control', 'public, max-age=60'); return {} }) }
  })
  const cacheControl = async (url: string, headers: Record<string, string>) => (await app.inject({ url, headers })).headers['cache-control']
  const cookie = `${project.cookieName}=${project.token()}`
  t.equal(await cacheControl('/', { cookie }), 'private')
  t.equal(await cacheControl('/optional', { cookie }), 'private')
  t.equal(await cacheControl('/shared', { cookie }), 'public, max-age=60')
  t.equal(await cacheControl('/', { authorization: `Bearer ${project.token()}` }), undefined)
})

t.test('while the configuration cannot be had, a cookie cannot be judged', async (t) => {
  const away = await createProject(t)
  away.config.how = { status: 500 }
  const { ask } = await projectApi(t, away)
  t.same(await ask({ cookie: away.token() }), unavailable())
  t.same(await ask({ headers: { cookie: 'theme=dark' } }), NOTHING_SENT)
})

t.test('only a cookie named after a project makes the configuration be fetched', async (t) => {
  const fresh = await createProject(t)
  const { ask } = await projectApi(t, fresh)
  for (const cookie of [
    'theme=dark', 'tesseral=1', 'tesseral_access_token=a', 'tesseral__access_token=a', `tesseral_${fresh.id}_refresh_token=a`, `tesseral_${fresh.id}_access_token2=a`,
    `TESSERAL_${fresh.id}_access_token=a`, `xtesseral_${fresh.id}_access_token=a`, `__Host-tesseral_${fresh.id}_access_token=a`, 'tesseral_a b_access_token=a',
    `theme=tesseral_${fresh.id}_access_token`, `tesseral_${fresh.id}_access_token`, 'tesseral_a-b_access_token=a', 'tesseral_a; x_access_token=a', `tesseral_${'a'.repeat(10_000)}`
  ]) t.same(await ask({ headers: { cookie } }), NOTHING_SENT, cookie.slice(0, 60))
  t.equal(fresh.config.requests, 0)
  t.same(await ask({ headers: { cookie: 'tesseral_project_1_access_token=a' } }), NOTHING_SENT, "another project's")
  t.equal(fresh.config.requests, 1)
  for (const cookie of [`${fresh.cookieName}=`, `theme=dark;${fresh.cookieName}=`, `theme=dark;\t${fresh.cookieName} \t=\t`]) t.same(await ask({ headers: { cookie: cookie + fresh.token() } }), accepted(fresh.userId), cookie.slice(0, 20))
})

t.test('what a cookie carries is never logged', async (t) => {
  await ask({ cookie: expired() })
  t.notMatch(api.logs.text(), 'eyJ')
})
