import t from 'tap'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { INVALID_TOKEN, unavailable } from '../support/guarded-api.js'
import { accepted, projectApi } from '../support/tesseral/api.js'
import { SERVER_TEXT, unknownApiKey } from '../support/tesseral/backend-service.js'
import type { Misbehaviour, OwnAnswer } from '../support/tesseral/misbehave.js'
import { createProject } from '../support/tesseral/project.js'
import { until } from '../support/until.js'

const project = await createProject(t)
const { backend } = project
const url = `${project.backendServer.origin}/v1/api-keys/authenticate`
const OUR_KEY = 'the backend refuses our own API key: check backendApiKey'
t.beforeEach(() => {
  backend.how = undefined
  backend.enabled = true
})

function error (status: number, code: number, message: string, headers: Record<string, string> = {}): OwnAnswer {
  return { status, headers, body: { code, message, details: [{ description: SERVER_TEXT }] } }
}

for (const [title, token] of [['malformed', 'acme_sk_1'], ['unknown, expired, revoked or of another project', unknownApiKey()]] as const) {
  t.test(`a caller's key that is ${title} is the caller's fault: 401`, async (t) => {
    const { ask, refusals, logs } = await projectApi(t, project, project.withApiKeys)
    t.same(await ask({ token }), INVALID_TOKEN)
    t.match(refusals(), [{ reason: 'credential_unknown', provider: 'tesseral', hint: 'the API key is unknown, expired, revoked or of another project' }])
    t.notMatch(logs.text(), SERVER_TEXT)
    t.notMatch(logs.text(), token)
  })
}

t.test('the word unauthenticated_api_key decides, whatever 4xx status comes with it', async (t) => {
  for (const status of [400, 401, 403, 404, 422]) {
    const { ask } = await projectApi(t, project, project.withApiKeys)
    backend.how = error(status, 3, 'unauthenticated_api_key')
    t.same(await ask({ token: unknownApiKey() }), INVALID_TOKEN, String(status))
  }
  for (const status of [500, 503]) {
    const { ask } = await projectApi(t, project, project.withApiKeys)
    backend.how = error(status, 3, 'unauthenticated_api_key')
    t.same(await ask({ token: unknownApiKey() }), unavailable(), String(status))
  }
})

for (const [title, setUp, hint] of [
  ['API keys are not enabled', () => { backend.enabled = false }, `${url}: status 403: API keys are not enabled for this project`],
  ['our key is malformed', () => { backend.how = error(400, 3, 'invalid_argument') }, `${url}: status 400: ${OUR_KEY}`],
  ['our key is unknown', () => { backend.how = error(404, 5, 'not_found') }, `${url}: status 404: ${OUR_KEY}`],
  ['our key did not arrive', () => { backend.how = error(401, 16, SERVER_TEXT) }, `${url}: status 401: ${OUR_KEY}`],
  ['an internal error', () => { backend.how = error(500, 13, SERVER_TEXT) }, `${url}: status 500`],
  ['another 400', () => { backend.how = error(400, 3, SERVER_TEXT) }, `${url}: status 400`],
  ['no such path', () => { backend.how = { status: 404, body: '404 page not found' } }, `${url}: status 404: this is no backend: check backendApiHostname`],
  ['a redirect', () => { backend.how = { status: 307, headers: { location: 'https://example.com/' } } }, `${url}: status 307`],
  ['a page', () => { backend.how = 'html' }, `${url}: answers HTML instead of JSON`],
  ['an error that is no object', () => { backend.how = { status: 502, body: '[]' } }, `${url}: status 502`],
  ['more than a megabyte', () => { backend.how = 'huge' }, `${url}: more than 1048576 bytes`],
  ['a connection that breaks', () => { backend.how = 'refuse' }, `${url}: UND_ERR_SOCKET`]
] as const) {
  t.test(`${title} is not the caller's fault: 503, and the log says what to do in a sentence of ours`, async (t) => {
    const { ask, refusals, logs } = await projectApi(t, project, project.withApiKeys)
    setUp()
    const token = backend.issue()
    t.same(await ask({ token }), unavailable())
    t.match(refusals(), [{ reason: 'backend_failed', provider: 'tesseral', hint }])
    t.equal(refusals()[0]?.hint, hint)
    for (const secret of [SERVER_TEXT, token, backend.backendApiKey]) t.notMatch(logs.text(), secret)
    backend.how = undefined
    backend.enabled = true
    t.match(await ask({ token }), { status: 200 }, 'nothing of it is kept')
  })
}

t.test('a backend key that is another one is told from a bad caller', async (t) => {
  for (const backendApiKey of ['tesseral_secret_key_unknown0', 'tesseral_secret_key_MALFORMED']) {
    const { ask, refusals } = await projectApi(t, project, { ...project.withApiKeys, backendApiKey })
    t.same(await ask({ token: backend.issue() }), unavailable())
    t.match(refusals(), [{ reason: 'backend_failed', hint: new RegExp(`${OUR_KEY}$`) }])
  }
})

t.test('an answer that names nobody, or is malformed, is no identity: 503', async (t) => {
  for (const body of [
    {}, { apiKeyId: '' }, { apiKeyId: null }, { apiKeyId: 42 }, { apiKeyId: ['api_key_1'] },
    { apiKeyId: 'api_key_1', organizationId: 42 }, { apiKeyId: 'api_key_1', organizationId: {} },
    { apiKeyId: 'api_key_1', actions: 'a.b.c' }, { apiKeyId: 'api_key_1', actions: [42] }, { apiKeyId: 'api_key_1', actions: [''] }, { apiKeyId: 'api_key_1', actions: { 0: 'a.b.c' } },
    [], null, 'api_key_1'
  ]) {
    const { ask, refusals } = await projectApi(t, project, project.withApiKeys)
    backend.how = { status: 200, body }
    t.same(await ask({ token: backend.issue() }), unavailable(), JSON.stringify(body))
    t.match(refusals(), [{ reason: 'backend_failed' }])
  }
})

t.test('members that may be missing may be missing, null or empty', async (t) => {
  for (const body of [{ apiKeyId: 'api_key_1' }, { apiKeyId: 'api_key_1', organizationId: null, actions: null }, { apiKeyId: 'api_key_1', organizationId: '', actions: [] }]) {
    const { app } = await projectApi(t, project, project.withApiKeys)
    backend.how = { status: 200, body }
    t.match(await app.gatehouse.verify(backend.issue()), { subject: 'api_key_1', organizationId: undefined, permissions: [] })
  }
})

for (const [title, status, retryAfter, seconds] of [
  ['too many requests', 429, '20', 20],
  ['unavailable for a while', 503, '20', 20],
  ['unavailable for a day', 503, '86400', 60]
] as const) {
  t.test(`${title}: the backend is left alone for as long as it wants, at most a minute`, async (t) => {
    const clock = fakeClock(t)
    const { ask } = await projectApi(t, project, project.withApiKeys)
    const known = backend.issue({ apiKeyId: 'api_key_1' })
    await ask({ token: known })
    backend.how = error(status, 8, SERVER_TEXT, { 'retry-after': retryAfter })
    t.same(await ask({ token: backend.issue() }), unavailable(seconds))
    backend.how = undefined
    backend.requests = 0
    clock.advance(5_000)
    t.same(await ask({ token: backend.issue() }), unavailable(seconds - 5))
    t.equal(backend.requests, 0)
    t.same(await ask({ token: known }), accepted('api_key_1'), 'what is known is served')
    clock.advance((seconds - 5) * 1000)
    t.match(await ask({ token: backend.issue() }), { status: 200 })
  })
}

t.test('what an invented key made the backend wish does not hold for keys accepted before', async (t) => {
  const clock = fakeClock(t)
  const { ask } = await projectApi(t, project, project.withApiKeys)
  const known = backend.issue({ apiKeyId: 'api_key_1' })
  await ask({ token: known })
  clock.advance(30_000)
  backend.how = error(429, 8, SERVER_TEXT, { 'retry-after': '60' })
  t.same(await ask({ token: unknownApiKey() }), unavailable(60))
  backend.how = undefined
  backend.requests = 0
  t.same(await ask({ token: known }), accepted('api_key_1'), 'its answer is old')
  t.equal(backend.requests, 1)
})

t.test('Retry-After with another status, or nonsense in it, keeps nobody away', async (t) => {
  for (const how of [error(500, 13, '', { 'retry-after': '20' }), error(503, 14, '', { 'retry-after': 'soon' }), error(429, 8, '')]) {
    const { ask } = await projectApi(t, project, project.withApiKeys)
    backend.how = how
    t.same(await ask({ token: backend.issue() }), unavailable())
    backend.how = undefined
    t.match(await ask({ token: backend.issue() }), { status: 200 })
  }
})

const hanging: readonly Misbehaviour[] = ['hang', 'hang-body']
for (const how of hanging) {
  t.test(`a backend that answers ${how === 'hang' ? 'nothing' : 'half'} is given up after 5 seconds: 503`, async (t) => {
    const timers = catchTimers(t)
    const { ask, refusals } = await projectApi(t, project, project.withApiKeys)
    backend.how = how
    backend.requests = 0
    const answer = ask({ token: backend.issue() })
    await until(() => backend.requests === 1)
    timers(5_000).at(-1)?.fire()
    t.same(await answer, unavailable())
    t.match(refusals(), [{ reason: 'backend_failed', hint: /in time$/ }])
  })
}
