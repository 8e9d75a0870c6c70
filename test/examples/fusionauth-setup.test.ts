import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { APP, CLIENT, installation, KEY } from '../support/fusionauth-server-installation.js'
import type { FusionAuthServer } from '../support/fusionauth-server.js'

const userIdOf = (server: FusionAuthServer) => String(server.users[0]!.id)
const outcomes = (steps: ReadonlyArray<{ outcome: string }>) => steps.map(({ outcome }) => outcome)

t.test('a fresh installation is set up by the calls of the guide', async (t) => {
  const { server, run, lines, clientSecret } = await installation(t)
  const tenantId = String(server.tenants[0]!.id)
  const userId = userIdOf(server)
  const report = await run()

  const writes = server.calls.filter(({ route }) => !route.startsWith('GET'))
  t.strictSame(writes.map(({ route, body }) => [route, body]), [
    [`PATCH /api/tenant/${tenantId}`, { tenant: { issuer: server.url } }],
    [`POST /api/key/generate/${KEY}`, { key: { algorithm: 'RS256', name: 'For FastifyExampleApp', length: 2048 } }],
    [`POST /api/application/${CLIENT}`, {
      application: {
        name: 'FastifyExampleApp',
        oauthConfiguration: {
          authorizedRedirectURLs: [`${APP}/callback`, `${APP}/`],
          requireRegistration: true,
          enabledGrants: ['authorization_code', 'refresh_token'],
          logoutURL: `${APP}/logout`,
          clientSecret,
          proofKeyForCodeExchangePolicy: 'NotRequiredWhenUsingClientAuthentication'
        },
        jwtConfiguration: { enabled: true, accessTokenKeyId: KEY, idTokenKeyId: KEY }
      }
    }],
    ['POST /api/user/search', { search: { queryString: '*' } }],
    [`PATCH /api/user/${userId}`, { user: { fullName: 'Jo Doe' } }],
    [`POST /api/user/registration/${userId}`, { registration: { applicationId: CLIENT } }]
  ])
  for (const { headers } of server.calls) {
    t.equal(headers.authorization, server.apiKey, 'the bare key')
    t.notOk('x-fusionauth-tenantid' in headers, 'one tenant need not be named')
  }
  t.ok(writes.every(({ headers }) => headers['content-type'] === 'application/json'))

  t.match(report, { changed: true, tenantId, keyId: KEY, userId })
  t.strictSame(lines, [
    `find the tenant: found, Default (${tenantId})`,
    `set the issuer: changed, acme.com became ${server.url}`,
    `create the signing key: created, ${KEY}`,
    `create the application: created, ${CLIENT}`,
    `find the user: found, jo@example.com (${userId})`,
    'name the user: changed, Jo Doe',
    `register the user: created, for ${CLIENT}`
  ])
  t.strictSame(lines, report.steps.map(({ step, outcome, detail }) => `${step}: ${outcome}, ${detail}`))
})

t.test('a second run changes nothing and says so', async (t) => {
  const { server, run } = await installation(t)
  await run()
  const changes = server.changes.length
  const report = await run()
  t.equal(server.changes.length, changes)
  t.equal(report.changed, false)
  t.strictSame(outcomes(report.steps), ['found', 'unchanged', 'unchanged', 'unchanged', 'found', 'unchanged', 'unchanged'])
})

for (const route of ['PATCH /api/tenant', 'POST /api/key', 'POST /api/application', 'POST /api/user/search', 'PATCH /api/user', 'POST /api/user/registration']) {
  t.test(`a run that failed at ${route} is completed by the next`, async (t) => {
    const { server, run } = await installation(t)
    server.misbehave(route, { status: 500 })
    await t.rejects(run())
    await run()
    t.equal(server.changes.length, 5, 'each change is made once')
    t.equal((await run()).changed, false)
  })
}

t.test('what differs in the application is changed and named, what others added stays', async (t) => {
  const { server, run, clientSecret } = await installation(t)
  await run()
  const application = server.applications.get(CLIENT)!
  const wanted = structuredClone(application)
  Object.assign(application, {
    name: 'Renamed',
    oauthConfiguration: {
      authorizedRedirectURLs: ['https://other.example/callback'],
      requireRegistration: false,
      enabledGrants: ['authorization_code', 'implicit'],
      logoutURL: 'https://other.example/logout',
      clientSecret: 'another',
      proofKeyForCodeExchangePolicy: 'Required',
      generateRefreshTokens: true
    },
    jwtConfiguration: { enabled: false, accessTokenKeyId: KEY, timeToLiveInSeconds: 60 }
  })
  const { steps } = await run()
  t.match(steps[3], {
    step: 'create the application',
    outcome: 'changed',
    detail: `${CLIENT}: redirect URLs, required registration, grants, logout URL, client secret, JWTs of its own, key of ID tokens`
  })
  t.strictSame(application, {
    ...wanted,
    name: 'Renamed',
    oauthConfiguration: {
      authorizedRedirectURLs: ['https://other.example/callback', `${APP}/callback`, `${APP}/`],
      requireRegistration: true,
      enabledGrants: ['authorization_code', 'implicit', 'refresh_token'],
      logoutURL: `${APP}/logout`,
      clientSecret,
      proofKeyForCodeExchangePolicy: 'Required',
      generateRefreshTokens: true
    },
    jwtConfiguration: { enabled: true, accessTokenKeyId: KEY, idTokenKeyId: KEY, timeToLiveInSeconds: 60 }
  })
  t.equal((await run()).changed, false)
})

t.test('an application without configuration gets all of it', async (t) => {
  const { server, run } = await installation(t)
  server.applications.set(CLIENT, { id: CLIENT, name: 'Bare' })
  t.match((await run()).steps[3], { outcome: 'changed' })
  t.equal((await run()).changed, false)
})

t.test('the issuer may be another address than that of the API', async (t) => {
  const { server, run } = await installation(t)
  await run({ issuer: 'https://auth.example.com/', url: `${server.url}/` })
  t.equal(server.tenants[0]!.issuer, 'https://auth.example.com')
})

t.test('of several tenants one has to be chosen, and is then named in each call', async (t) => {
  const { server, run, lines } = await installation(t)
  const [first, second] = [String(server.tenants[0]!.id), randomUUID()]
  server.tenants.push({ id: second, name: 'Other' })
  await t.rejects(run(), { message: `could not find the tenant: there are several, set FUSIONAUTH_TENANT_ID to the id of one: Default (${first}), Other (${second})` })
  t.strictSame(server.changes, [])

  t.equal((await run({ tenantId: second.toUpperCase() })).tenantId, second)
  t.equal(lines[0], `find the tenant: found, Other (${second})`)
  t.equal(lines[1], `set the issuer: changed, none became ${server.url}`)
  t.equal(server.tenants[0]!.issuer, 'acme.com')
  t.ok(server.calls.slice(2).every(({ headers }) => headers['x-fusionauth-tenantid'] === second))
})

t.test('a tenant that is not there is not replaced by another', async (t) => {
  const { server, run } = await installation(t)
  const tenantId = randomUUID()
  await t.rejects(run({ tenantId }), { message: `could not find the tenant: FUSIONAUTH_TENANT_ID is ${tenantId}, and the tenants are: Default (${server.tenants[0]!.id})` })
  server.tenants.pop()
  await t.rejects(run(), { message: 'could not find the tenant: FUSIONAUTH_TENANT_ID is not set, and the tenants are: none' })
})

for (const [user, name] of [
  [{ email: 'jo@example.com' }, 'jo@example.com'],
  [{ username: 'jo' }, 'jo'],
  [{ email: 'jo@example.com', lastName: 'Doe' }, 'Doe'],
  [{ email: 'jo@example.com', fullName: 'Dr Jo', firstName: 'Jo', lastName: 'Doe' }, 'Dr Jo'],
  [{ phoneNumber: '+1' }, undefined]
] as const) {
  t.test(`a user with ${Object.keys(user).join(' and ')} is named ${name ?? 'nothing'}`, async (t) => {
    const { server, run } = await installation(t)
    server.users[0] = { id: userIdOf(server), ...user }
    await run()
    t.equal(server.users[0].fullName, name)
    t.equal(server.registrations.size, 1)
    t.equal((await run()).changed, false)
  })
}

t.test('of several users one has to be chosen', async (t) => {
  const { server, run } = await installation(t)
  server.users.push({ id: randomUUID(), email: 'b+c@example.com' })
  await t.rejects(run(), { message: 'could not find the user: there are several: set USER_EMAIL to the address of the one to register' })
  t.equal((await run({ userEmail: 'b+c@example.com' })).userId, server.users[1]!.id)
  await t.rejects(run({ userEmail: 'nobody@example.com' }), { message: `could not find the user: nobody has the address nobody@example.com: add one at ${server.url}/admin/user/` })
})

t.test('a user the search does not show yet is waited for', async (t) => {
  const { server, run, pauses } = await installation(t)
  server.misbehave('POST /api/user/search', { status: 200, body: { total: 0 } }, { status: 200, body: { total: 0, users: [] } })
  await run()
  t.strictSame(pauses, [250, 500])
})

t.test('without any user it says where to add one', async (t) => {
  const { server, run, pauses } = await installation(t)
  server.users.pop()
  await t.rejects(run(), { step: 'find the user', message: `could not find the user: there is none: add one at ${server.url}/admin/user/` })
  t.strictSame(pauses, [250, 500, 1_000, 2_000])
})

t.test('run as a program, it prints a line for each step and no secret', async (t) => {
  const { server, clientSecret } = await installation(t)
  const env = { FUSIONAUTH_URL: server.url, fusionauth_api_key: server.apiKey, CLIENT_ID: CLIENT, CLIENT_SECRET: clientSecret, APP_URL: APP }
  const first = await program(env)
  t.equal(first.code, 0)
  t.equal(first.stdout.trim().split('\n').length, 8)
  t.match(first.stdout, /\nFusionAuth is set up\n$/)
  t.match((await program(env)).stdout, /\nFusionAuth was set up already: nothing changed\n$/)

  server.misbehave('GET /api/key', { status: 400, body: { generalErrors: [{ code: server.apiKey, message: clientSecret }] } })
  const failed = await program(env)
  t.equal(failed.code, 1)
  t.equal(failed.stderr, `could not create the signing key: GET /api/key/${KEY} was answered 400 [secret] ([secret])\n`)
  for (const output of [first, failed].flatMap(({ stdout, stderr }) => [stdout, stderr])) {
    t.notOk(output.includes(server.apiKey) || output.includes(clientSecret))
  }
})

t.test('run as a program without settings, it names each and its remedy', async (t) => {
  const { code, stdout, stderr } = await program({})
  t.equal(code, 1)
  t.equal(stdout, '')
  t.strictSame(stderr.trim().split('\n').map((line) => line.split(' is not set: ')[0]), ['FUSIONAUTH_API_KEY', 'CLIENT_ID', 'CLIENT_SECRET', 'APP_URL'])
})

async function program (env: Record<string, string>): Promise<{ code: unknown, stdout: string, stderr: string }> {
  const path = fileURLToPath(new URL('../../examples/fusionauth-setup.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', path], { env: { PATH: process.env.PATH, ...env } })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => { output.stdout += String(chunk) })
  child.stderr.on('data', (chunk) => { output.stderr += String(chunk) })
  return { code: await new Promise((resolve) => child.on('close', resolve)), ...output }
}
