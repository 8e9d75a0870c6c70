import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { buildApp, projectOf } from '../../examples/tesseral.js'
import { unknownApiKey } from '../support/tesseral/backend-service.js'
import { createProject } from '../support/tesseral/project.js'

const APPROVE = 'acme.expense_reports.approve'
const INVALID = 'The access token is expired, revoked, malformed or not meant for this API'

t.test('the API of a Tesseral project', async (t) => {
  const project = await createProject(t)
  const env = {
    TESSERAL_PUBLISHABLE_KEY: project.publishableKey,
    TESSERAL_BACKEND_API_KEY: project.backend.backendApiKey,
    TESSERAL_CONFIG_API_HOSTNAME: project.options.configApiHostname,
    TESSERAL_BACKEND_API_HOSTNAME: project.options.backendApiHostname
  }
  const app = await buildApp({ provider: projectOf(env) })
  t.teardown(() => app.close())

  const ask = async (request: InjectOptions, credential?: string) => {
    const response = await app.inject({ ...request, headers: { ...request.headers, ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }) } })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'], body: response.json() }
  }
  const ok = (body: object) => ({ status: 200, challenge: undefined, body })
  const invalid = {
    status: 401,
    challenge: `Bearer realm="api", error="invalid_token", error_description="${INVALID}"`,
    body: { statusCode: 401, code: 'GATEHOUSE_TOKEN_INVALID', error: 'Unauthorized', message: INVALID }
  }

  t.test('the public route answers everybody', async (t) => {
    t.strictSame(await ask({ url: '/health' }), ok({ status: 'ok' }))
  })

  t.test('every other route asks for a credential', async (t) => {
    for (const [method, url] of [['GET', '/api/hello'], ['POST', '/api/expense-reports/1/approve'], ['GET', '/api/me']] as const) {
      t.strictSame(await ask({ method, url }), {
        status: 401,
        challenge: 'Bearer realm="api"',
        body: { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' }
      })
    }
  })

  t.test('people are greeted by header and by cookie, programs by API key', async (t) => {
    const greeting = { message: `Hello, ${project.organizationId}`, credentialsType: 'access_token', mayApprove: false }
    t.strictSame(await ask({ url: '/api/hello' }, project.token()), ok(greeting))
    t.strictSame(await ask({ url: '/api/hello', headers: { cookie: `${project.cookieName}=${project.token({ actions: [APPROVE] })}` } }), ok({ ...greeting, mayApprove: true }))
    const key = project.backend.issue({ organizationId: 'org_1', actions: [APPROVE] })
    t.strictSame(await ask({ url: '/api/hello' }, key), ok({ message: 'Hello, org_1', credentialsType: 'api_key', mayApprove: true }))
  })

  t.test('what is expired or unknown is refused', async (t) => {
    t.strictSame(await ask({ url: '/api/hello' }, project.token({ exp: 1 })), invalid)
    t.strictSame(await ask({ url: '/api/hello' }, unknownApiKey()), invalid)
  })

  t.test('approving needs the action', async (t) => {
    const request: InjectOptions = { method: 'POST', url: '/api/expense-reports/7/approve' }
    const forbidden = { status: 403, challenge: undefined, body: { statusCode: 403, code: 'GATEHOUSE_FORBIDDEN', error: 'Forbidden', message: 'The caller may not do this' } }
    t.strictSame(await ask(request, project.token()), forbidden)
    t.strictSame(await ask(request, project.backend.issue()), forbidden)
    t.strictSame(await ask(request, project.token({ actions: [APPROVE] })), ok({ approved: { id: '7' }, by: project.userId }))
    t.strictSame(await ask(request, project.backend.issue({ apiKeyId: 'api_key_1', actions: [APPROVE] })), ok({ approved: { id: '7' }, by: 'api_key_1' }))
  })

  t.test('approving by cookie needs a page the project trusts', async (t) => {
    const cookie = `${project.cookieName}=${project.token({ actions: [APPROVE] })}`
    const from = (origin: string) => ask({ method: 'POST', url: '/api/expense-reports/7/approve', headers: { cookie, origin } })
    t.match(await from('https://evil.example'), { status: 403 })
    t.match(await from('https://app.example.com'), { status: 200 })
  })

  t.test('who I am is for people only', async (t) => {
    const token = project.token({ session: { id: 'session_1' }, impersonator: { email: 'staff@example.com' } })
    t.strictSame(await ask({ url: '/api/me' }, token), ok({ email: 'jo@example.com', organization: 'Example', session: 'session_1', impersonatedBy: 'staff@example.com' }))
    t.strictSame(await ask({ url: '/api/me' }, project.backend.issue()), invalid)
  })

  t.test('without a backend API key, API keys are off', async (t) => {
    const app = await buildApp({ provider: projectOf({ ...env, TESSERAL_BACKEND_API_KEY: undefined }) })
    t.teardown(() => app.close())
    const headers = { authorization: `Bearer ${project.backend.issue()}` }
    t.equal((await app.inject({ url: '/api/hello', headers })).statusCode, 401)
  })
})

t.test('started without a publishable key, it says which variable to set', async (t) => {
  const program = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('../../examples/tesseral.ts', import.meta.url))], { env: { PATH: process.env.PATH } })
  let stderr = ''
  program.stderr.on('data', (chunk) => { stderr += String(chunk) })
  const code = await new Promise((resolve) => program.on('close', resolve))
  t.equal(code, 1)
  t.match(stderr, /TypeError: tesseral\(\{ publishableKey \}\): .* is TESSERAL_PUBLISHABLE_KEY set\?/)
})
