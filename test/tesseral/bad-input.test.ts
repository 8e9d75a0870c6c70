import t from 'tap'
import { INVALID_TOKEN, unavailable } from '../support/guarded-api.js'
import { createKey } from '../support/issuer.js'
import { accepted, BAD_REQUEST, projectApi } from '../support/tesseral/api.js'
import { createProjectKey, createShortProjectKey } from '../support/tesseral/keys.js'
import { createProject } from '../support/tesseral/project.js'

t.test('a JWT-shaped text with a header that is no JSON is a 401, with API keys and without', async (t) => {
  const project = await createProject(t)
  const [, payload, signature] = project.token().split('.')
  for (const options of [{}, project.withApiKeys]) {
    const { ask } = await projectApi(t, project, options)
    for (const header of ['abc', 'eyJ', Buffer.from('{"alg":').toString('base64url'), Buffer.from('null').toString('base64url'), Buffer.from('[]').toString('base64url')]) {
      t.same(await ask({ token: `${header}.${payload}.${signature}` }), INVALID_TOKEN, header)
      t.same(await ask({ cookie: `${header}.${payload}.${signature}` }), INVALID_TOKEN, header)
    }
  }
  t.equal(project.backend.requests, 0)
})

t.test('a kid that is the name of a member of every object is an unknown key', async (t) => {
  const project = await createProject(t)
  const { ask, refusals } = await projectApi(t, project)
  for (const kid of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    t.same(await ask({ token: project.token({}, { kid }) }), INVALID_TOKEN, kid)
  }
  t.match(refusals(), [{ reason: 'kid_unknown', kid: 'constructor' }, { reason: 'kid_unknown' }, { reason: 'kid_unknown' }, { reason: 'kid_unknown' }])
})

t.test('a key may be called so all the same', async (t) => {
  const project = await createProject(t)
  const key = await createProjectKey('constructor')
  project.config.document.keys = [project.keys[0]!.jwk, key.jwk]
  const { ask } = await projectApi(t, project)
  t.same(await ask({ token: project.token({}, {}, key) }), accepted(project.userId))
  t.same(await ask({ token: project.token() }), accepted(project.userId))
})

t.test('a kid that is no text, or none at all beside several keys, is a 401', async (t) => {
  const project = await createProject(t)
  project.config.document.keys = [project.keys[0]!.jwk, (await createProjectKey()).jwk]
  const { ask } = await projectApi(t, project)
  for (const kid of [42, '', null, [], {}, 'x'.repeat(513), undefined]) t.same(await ask({ token: project.token({}, { kid }) }), INVALID_TOKEN, String(kid))
})

for (const coordinate of ['x', 'y'] as const) {
  t.test(`a key whose ${coordinate} is written without the zero before it verifies`, async (t) => {
    const project = await createProject(t)
    const key = await createShortProjectKey(coordinate)
    project.keys = [key]
    project.config.document.keys = [key.jwk]
    const { ask } = await projectApi(t, project)
    t.same(await ask({ token: project.token() }), accepted(project.userId))
    t.same(await ask({ token: project.token({}, { kid: key.kid }, await createKey('ES256')) }), INVALID_TOKEN)
  })
}

for (const [title, changes, reason] of [
  ['keys is null', { keys: null }, 'has no keys'],
  ['keys is missing', { keys: undefined }, 'has no keys'],
  ['keys is an object', { keys: { 0: {} } }, 'has no keys'],
  ['keys is empty', { keys: [] }, 'has no usable key'],
  ['no key can be used', { keys: [null, 42, { kty: 'RSA' }] }, /has no usable key \(.*\)$/],
  ['projectId is missing', { projectId: undefined }, 'has no projectId'],
  ['projectId is a list', { projectId: ['project_1'] }, 'has no projectId'],
  ['projectId is another name', { projectId: 'org_1' }, 'has no projectId'],
  ['projectId would reach into the issuer', { projectId: 'project_1.evil.example/' }, 'has no projectId'],
  ['projectId would reach into the cookie header', { projectId: 'project_1=; theme' }, 'has no projectId'],
  ['projectId is endless', { projectId: `project_${'1'.repeat(101)}` }, 'has no projectId']
] as const) {
  t.test(`a configuration where ${title} is none: 503`, async (t) => {
    const project = await createProject(t)
    Object.assign(project.config.document, changes)
    const { ask, app } = await projectApi(t, project)
    t.same(await ask({ token: project.token() }), unavailable())
    const [health] = app.gatehouse.health()
    const prefix = `${project.configServer.origin}/v1/config/${project.publishableKey}: `
    t.ok(health?.lastError?.startsWith(prefix))
    t.match(health?.lastError, reason)
  })
}

t.test('a configuration that lost its keys does not take away those that are held', async (t) => {
  const project = await createProject(t)
  const { ask, app } = await projectApi(t, project)
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  project.config.document.keys = null
  t.same(await ask({ token: project.token({}, { kid: 'unknown' }) }), unavailable())
  t.equal(app.gatehouse.health()[0]?.failures, 1)
  t.same(await ask({ token: project.token() }), accepted(project.userId))
})

t.test('a key of another sort, a private one and one that names another issuer change nothing', async (t) => {
  const project = await createProject(t)
  const [rsa, stray] = await Promise.all([createKey('RS256'), createProjectKey()])
  const own = project.keys[0]!
  project.config.document.keys = [rsa.jwk, { ...stray.privateKey.export({ format: 'jwk' }), kid: stray.kid }, { ...own.jwk, issuer: 'https://project-other.tesseral.app' }]
  const { ask, app } = await projectApi(t, project)
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  const other = 'https://project-other.tesseral.app'
  t.same(await ask({ token: project.token({ iss: other, aud: other }) }), INVALID_TOKEN)
  t.strictSame(app.gatehouse.health()[0]?.keys, [own.kid])
})

t.test('members a project is named by are its own, not those of every object', async (t) => {
  const project = await createProject(t)
  project.config.how = { status: 200, body: '{"__proto__":{"projectId":"project_1","keys":[]}}' }
  const { ask } = await projectApi(t, project)
  t.same(await ask({ token: project.token() }), unavailable())
})

t.test('a Bearer header without a token is a 400', async (t) => {
  const project = await createProject(t)
  for (const options of [{}, project.withApiKeys]) {
    const { ask } = await projectApi(t, project, options)
    for (const authorization of ['Bearer', 'Bearer ', 'Bearer    ', 'bearer ']) t.same(await ask({ headers: { authorization } }), BAD_REQUEST, JSON.stringify(authorization))
  }
})
