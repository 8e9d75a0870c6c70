import t from 'tap'
import { apiKey, tesseral } from '../lib/index.js'
import { defineProvider } from '../lib/providers/define.js'
import { guardedApi, INVALID_TOKEN, unavailable } from './support/guarded-api.js'
import { issuerFor } from './support/house.js'
import { accepted, FORBIDDEN, NOTHING_SENT, signatures } from './support/other-credentials.js'
import { createProject } from './support/tesseral/project.js'

const issuer = await issuerFor(t)
const project = await createProject(t)

t.test('a cookie of a provider whose keys name no project is nothing', { timeout: 5_000 }, async (t) => {
  const provider = defineProvider('test()', {
    name: 'test',
    issuer: 'https://id.example',
    audience: 'api',
    cookie: { before: 'test_', after: '_token' },
    remedies: { issuer: '', audience: '' },
    settings: { keys: { jwks: { keys: [issuer.keys[0]!.jwk] } } }
  })
  const { get } = await guardedApi(t, issuer, { provider, routes: (app) => { app.get('/optional', { config: { auth: 'optional' } }, async () => ({})) } })
  t.same(await get(undefined, '/', { cookie: `test_undefined_token=${issuer.token()}; test__token=${issuer.token()}` }), NOTHING_SENT)
  t.equal((await get(undefined, '/optional', { cookie: 'test_undefined_token=a' })).status, 200)
})

t.test('cookies of two providers and of an authenticator: each decides about its own', async (t) => {
  const other = await createProject(t)
  const { authenticator, asked } = signatures({ name: 'sid', from: 'cookie', match: ({ headers }) => /(?:^|; )sid=([^;]*)/.exec(headers.cookie ?? '')?.[1] })
  const { get } = await guardedApi(t, issuer, { provider: [tesseral(project.options), tesseral({ ...other.options, name: 'other', issuer: 'https://{project}.other.example' })], authenticators: [authenticator] })
  const cookie = (...cookies: string[]) => ({ cookie: cookies.join('; ') })
  const [own, foreign] = [`${project.cookieName}=${project.token()}`, `${other.cookieName}=${other.token({ iss: other.issuer.replace('tesseral.app', 'other.example'), aud: other.issuer.replace('tesseral.app', 'other.example') })}`]
  t.same(await get(undefined, '/', cookie(own)), accepted(project.userId))
  t.same(await get(undefined, '/', cookie(foreign)), accepted(other.userId))
  t.same(await get(undefined, '/', cookie(foreign, own)), accepted(project.userId), 'in the order of the providers')
  t.same(await get(undefined, '/', cookie(foreign, own, 'sid=good')), accepted('good'), 'authenticators first')
  t.same(await get(undefined, '/', cookie(`${project.cookieName}=${other.token()}`)), INVALID_TOKEN)
  t.same(asked, ['good'])
})

t.test('a key in a header goes before cookies, a page is asked for only where a cookie decides', async (t) => {
  const { app, get } = await guardedApi(t, issuer, {
    provider: tesseral(project.options),
    authenticators: [apiKey({ lookup: (hash) => ({ hash, subject: 'service-1' }) })],
    routes: (app) => { app.post('/', async ({ auth }) => ({ subject: auth.subject })) }
  })
  const cookie = `${project.cookieName}=${project.token()}`
  t.same(await get(undefined, '/', { cookie, 'x-api-key': '0123456789abcdef' }), accepted('service-1'))
  const post = async (headers: Record<string, string>) => {
    const response = await app.inject({ method: 'POST', url: '/', headers })
    return { status: response.statusCode, body: response.json(), challenge: response.headers['www-authenticate'], retryAfter: undefined }
  }
  t.same(await post({ cookie }), FORBIDDEN)
  t.same(await post({ cookie, 'x-api-key': '0123456789abcdef' }), accepted('service-1'))
  t.same(await post({ cookie, origin: 'https://app.example.com' }), accepted(project.userId), 'a trusted domain of the project')
})

t.test('a route may keep a provider from vouching, by cookie too', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer, {
    provider: tesseral(project.options),
    authenticators: [signatures().authenticator],
    routes: (app) => {
      app.get('/signed', { config: { auth: { providers: ['signature'] } } }, async () => ({}))
      app.get('/maybe', { config: { auth: { mode: 'optional', providers: ['signature'] } } }, async ({ auth }) => ({ is: auth.isAuthenticated }))
      app.get('/keys', { config: { auth: { credentials: ['signature'] } } }, async () => ({}))
    }
  })
  const cookie = `${project.cookieName}=${project.token()}`
  t.same(await get(undefined, '/signed', { cookie }), INVALID_TOKEN)
  t.same(await get(undefined, '/keys', { cookie }), INVALID_TOKEN)
  t.same((await get(undefined, '/maybe', { cookie })).body, { is: false })
  t.match(refusals(), [{ reason: 'provider_refused' }, { reason: 'credentials_refused' }])
})

t.test('a cookie cannot be judged while the project is not known: 503', async (t) => {
  const away = await createProject(t)
  await away.configServer.close()
  const { get } = await guardedApi(t, issuer, { provider: tesseral(away.options), routes: (app) => { app.get('/optional', { config: { auth: 'optional' } }, async () => ({})) } })
  for (const path of ['/', '/optional']) t.match(await get(undefined, path, { cookie: `${away.cookieName}=${away.token()}` }), { ...unavailable(), retryAfter: /^\d+$/ })
  t.same(await get(undefined, '/', { cookie: 'a=1' }), NOTHING_SENT, 'other cookies are nothing')
})
