import t from 'tap'
import { INVALID_TOKEN } from '../support/guarded-api.js'
import { accepted, projectApi } from '../support/tesseral/api.js'
import { createProject } from '../support/tesseral/project.js'

const issuer = 'https://{project}.auth.example.com'
const project = await createProject(t, { selfHosted: true, issuer })

t.test('both services may stand behind one host, under paths of their own', async (t) => {
  const { ask } = await projectApi(t, project, { ...project.withApiKeys, issuer })
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  t.same(await ask({ cookie: project.token() }), accepted(project.userId))
  t.same(await ask({ token: project.backend.issue({ apiKeyId: 'api_key_1' }) }), accepted('api_key_1'))
  t.strictSame([project.config.requests, project.backend.requests], [1, 1])
})

t.test('tokens are those of its own issuer, for its own audience', async (t) => {
  const { ask } = await projectApi(t, project, { issuer })
  const hosted = project.issuer.replace('.auth.example.com', '.tesseral.app')
  for (const claims of [{ iss: hosted, aud: hosted }, { iss: hosted }, { aud: hosted }, { aud: [project.issuer] }]) {
    t.same(await ask({ token: project.token(claims) }), INVALID_TOKEN, JSON.stringify(claims))
  }
})

t.test('the project may stand anywhere in the issuer', async (t) => {
  const issuer = 'https://auth.example.com/{project}/oauth'
  const project = await createProject(t, { selfHosted: true, issuer })
  const { ask, app } = await projectApi(t, project, { issuer })
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  t.equal((await app.gatehouse.verify(project.token())).issuer, project.issuer)
})
