import t from 'tap'
import { readOptions } from '../lib/options.js'
import { createOpaqueCredentials } from '../lib/opaque.js'
import { oidc, tesseral } from '../lib/index.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting } from './support/guarded-api.js'
import { issuerFor } from './support/house.js'
import { introspectionServer } from './support/introspection-server.js'
import { accepted, TWO_CREDENTIALS } from './support/other-credentials.js'
import { createProject } from './support/tesseral/project.js'
import { KEY_PREFIX, unknownApiKey } from './support/tesseral/backend-service.js'

const issuer = await issuerFor(t)
const project = await createProject(t)
const server = await introspectionServer(t)
const introspection = { endpoint: server.endpoint, clientId: 'api', clientSecret: 'secret' }
t.beforeEach(() => { server.questions.length = 0; project.backend.requests = 0 })

t.test('without a provider that takes them there are none', async (t) => {
  t.equal(createOpaqueCredentials(readOptions({ provider: trusting(issuer) })), undefined)
})

t.test('the first kind whose form a credential has decides; what has the form of a JWT is never asked about', async (t) => {
  const { app, get, refusals } = await guardedApi(t, issuer, {
    provider: [tesseral({ ...project.withApiKeys, apiKeys: { prefix: KEY_PREFIX } }), trusting(issuer, { introspection })]
  })
  t.same(await get('opaque-token'), ACCEPTED)
  t.same(await get('opaque-token'), ACCEPTED)
  t.equal(server.questions.length, 1)
  const key = project.backend.issue()
  t.equal((await get(key)).status, 200)
  t.same(await get(unknownApiKey()), INVALID_TOKEN)
  t.same([server.questions.length, project.backend.requests], [1, 2], 'where the backend refuses nobody else is asked')
  t.match(app.gatehouse.stats(), { accepted: 3, cached: 1, cacheSize: 3 })
  t.same(await get(issuer.token()), ACCEPTED)
  for (const token of ['x.y.z', 'eyJ.eyJ.x', '..', 'a..b', `${issuer.token()}x`, 'a'.repeat(16_385), `a.b.${'c'.repeat(17_000)}`]) t.same(await get(token), INVALID_TOKEN, token.slice(0, 20))
  for (const token of ['a b', '"opaque"', 'opaque,token', '=']) t.same(await get(token), TWO_CREDENTIALS, 'which is the answer to any malformed header')
  t.same([server.questions.length, project.backend.requests], [1, 2], 'nobody is asked about any of these')
  t.match(refusals().map(({ reason }) => reason), ['credential_unknown'])
})

t.test('a credential no kind has the form of is unknown', async (t) => {
  const { get, refusals } = await guardedApi(t, issuer, { provider: trusting(issuer, { introspection: { ...introspection, prefix: 'ory_at_' } }) })
  t.same(await get('ory_at_token'), ACCEPTED)
  t.same(await get('another'), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'credential_unknown', hint: 'no JWT, and no opaque token or API key of a form this API takes' }])
  t.equal(server.questions.length, 1)
})

t.test('a route decides before anybody is asked who may vouch, and by what', async (t) => {
  const other = oidc({ name: 'other', issuer: 'https://other.example', audience: 'a' })
  const { get, refusals } = await guardedApi(t, issuer, {
    provider: [tesseral({ ...project.withApiKeys, apiKeys: { prefix: KEY_PREFIX } }), trusting(issuer, { introspection }), other],
    routes: (app) => {
      const subject = async ({ auth }: { auth: { subject: string } }) => ({ subject: auth.subject })
      app.get('/tokens', { config: { auth: { credentials: ['access_token'] } } }, subject)
      app.get('/keys', { config: { auth: { credentials: ['api_key'] } } }, subject)
      app.get('/other', { config: { auth: { providers: ['other'] } } }, subject)
      app.get('/oidc', { config: { auth: { providers: ['oidc'], credentials: ['access_token'] } } }, subject)
    }
  })
  const key = project.backend.issue({ apiKeyId: 'api_key_1' })
  for (const [credential, path] of [['opaque-token', '/keys'], ['opaque-token', '/other'], [key, '/tokens'], [key, '/other'], [key, '/oidc']] as const) {
    t.same(await get(credential, path), INVALID_TOKEN, path)
  }
  t.same([server.questions.length, project.backend.requests], [0, 0])
  t.match(refusals(), [
    { reason: 'credentials_refused', expected: ['api_key'], found: 'access_token', provider: 'oidc' },
    { reason: 'provider_refused', expected: ['other'], found: 'oidc' },
    { reason: 'credentials_refused', expected: ['access_token'], found: 'api_key', provider: 'tesseral' },
    { reason: 'provider_refused', found: 'tesseral' },
    { reason: 'provider_refused', found: 'tesseral' }
  ])
  for (const path of ['/tokens', '/oidc']) t.same(await get('opaque-token', path), ACCEPTED)
  t.same(await get(key, '/keys'), accepted('api_key_1'))
  t.same(await get(key, '/tokens'), INVALID_TOKEN, 'also when its answer is kept')
  t.same(await get('opaque-token', '/other'), INVALID_TOKEN)
})

t.test('verify() takes them too', async (t) => {
  const { app } = await guardedApi(t, issuer, { provider: trusting(issuer, { introspection }) })
  t.match(await app.gatehouse.verify('opaque-token'), { subject: 'user-1', type: 'access_token', provider: 'oidc' })
  await t.rejects(app.gatehouse.verify('x.y.z'), { message: 'The access token is expired, revoked, malformed or not meant for this API' })
})
