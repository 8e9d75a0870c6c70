import t from 'tap'
import { INVALID_TOKEN } from '../support/guarded-api.js'
import { projectApi } from '../support/tesseral/api.js'
import { unknownApiKey } from '../support/tesseral/backend-service.js'
import { createProject } from '../support/tesseral/project.js'

const project = await createProject(t)
const { backend } = project

t.test('the backend is asked with our own key, in JSON', async (t) => {
  const { ask } = await projectApi(t, project, project.withApiKeys)
  t.same(await ask({ token: unknownApiKey() }), INVALID_TOKEN)
  t.match(backend.headers, { authorization: `Bearer ${backend.backendApiKey}`, 'content-type': 'application/json', accept: 'application/json' })
})

t.test('headers of fetchOptions are sent along, but none takes the place of ours', async (t) => {
  const headers = { 'x-gateway': 'a', AUTHORIZATION: 'Basic proxy', 'Content-Type': 'text/plain' }
  const { ask } = await projectApi(t, project, project.withApiKeys, { gatehouse: { fetchOptions: { headers } } })
  t.match(await ask({ token: backend.issue() }), { status: 200 })
  t.match(backend.headers, { 'x-gateway': 'a', authorization: `Bearer ${backend.backendApiKey}`, 'content-type': 'application/json' })
})

t.test('a dispatcher of fetchOptions is what calls go through', async (t) => {
  let calls = 0
  const dispatcher = { dispatch () { calls++; throw new Error('no way') } }
  const { ask } = await projectApi(t, project, project.withApiKeys, { gatehouse: { fetchOptions: { dispatcher } } })
  backend.requests = 0
  t.match(await ask({ token: backend.issue() }), { status: 503 })
  t.equal(backend.requests, 0)
  t.equal(calls, 1)
})

t.test('the app can close while a question is open', async (t) => {
  const { ask, app } = await projectApi(t, project, project.withApiKeys)
  backend.how = 'hang'
  t.teardown(() => { backend.how = undefined })
  const answer = ask({ token: backend.issue() })
  setImmediate(() => { app.close() })
  t.match(await answer, { status: 503 })
})
