import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { optionsOf } from '../../examples/fusionauth-setup.js'
import type { SetupOptions } from '../../examples/fusionauth-setup.js'
import { CLIENT, installation, KEY } from '../support/fusionauth-server-installation.js'
import { refused } from '../support/fusionauth-server.js'
import type { FusionAuthAnswer } from '../support/fusionauth-server.js'

const CALLS = [
  ['find the tenant', 'GET /api/tenant'],
  ['set the issuer', 'PATCH /api/tenant'],
  ['create the signing key', 'GET /api/key'],
  ['create the signing key', 'POST /api/key'],
  ['create the application', 'GET /api/application'],
  ['create the application', 'POST /api/application'],
  ['find the user', 'POST /api/user/search'],
  ['name the user', 'PATCH /api/user'],
  ['register the user', 'GET /api/user/registration'],
  ['register the user', 'POST /api/user/registration']
] as const

const both = refused({ 'application.name': '[blank]application.name' }, { '[TenantIdRequired]': 'A Tenant Id is required.' })

const ANSWERS: ReadonlyArray<readonly [title: string, answer: FusionAuthAnswer, told: string]> = [
  ['a 400', both, '400 application.name: Wrong [application.name]. ([blank]application.name); A Tenant Id is required. ([TenantIdRequired])'],
  ['a 400 of which only a part is a duplicate', refused({ a: '[duplicate]a', b: '[blank]b' }), '400 a: Wrong [a]. ([duplicate]a); b: Wrong [b]. ([blank]b)'],
  ['a 400 without errors', { status: 400, body: {} }, '400 {}'],
  ['a 500', { status: 500 }, '500 without a body. The reason is in the log of FusionAuth'],
  ['a 503', { status: 503, body: { generalErrors: [{ code: '[SearchUnavailable]', message: 'No search.' }] } }, '503 No search. ([SearchUnavailable]). The search engine may be down: see the log of FusionAuth'],
  ['a 503 of another form', { status: 503, body: { reason: 'no search' } }, '503 {"reason":"no search"}. The search engine may be down: see the log of FusionAuth'],
  ['a 504', { status: 504 }, '504 without a body. A webhook or its transaction failed: see Settings > Webhooks'],
  ['a page', { status: 200, body: '<!doctype html>', type: 'text/html' }, '200 with text/html that is not a JSON object. Is FUSIONAUTH_URL the address of FusionAuth itself?'],
  ['the 404 of a proxy', { status: 404, body: '<!doctype html>', type: 'text/html' }, '404 with text/html that is not a JSON object. It is not there, or in another tenant'],
  ['a list', { status: 200, body: [] }, '200 with application/json;charset=UTF-8 that is not a JSON object. Is FUSIONAUTH_URL the address of FusionAuth itself?'],
  ['nothing', { status: 200 }, '200 without a body. Is FUSIONAUTH_URL the address of FusionAuth itself?']
]

for (const [step, route] of CALLS) {
  t.test(`what fails ${route} is told with the step and the answer`, async (t) => {
    for (const [title, answer, told] of ANSWERS) {
      const { server, run, lines } = await installation(t)
      server.misbehave(route, answer)
      const error = await run().then(() => undefined, (error: Error & { step: string }) => error)
      t.match(error, { name: 'SetupError', step }, title)
      const call = server.calls.at(-1)!.route
      t.equal(error?.message, `could not ${step}: ${call} was answered ${told}`, title)
      t.notOk(lines.some((line) => line.startsWith(step)), 'a step is reported when it is done')
    }
  })

  t.test(`a server that hangs at ${route} is waited for until the deadline`, async (t) => {
    const { server, run } = await installation(t)
    server.misbehave(route, 'hang')
    await t.rejects(run({ deadline: 100 }), { step, message: /had no answer within 0.1 s$/ })
  })
}

t.test('what is gone when it is to be changed is told', async (t) => {
  const { server, run } = await installation(t)
  server.misbehave('PATCH /api/tenant', { status: 404 })
  await t.rejects(run(), { step: 'set the issuer', message: /was answered 404 without a body. It is not there, or in another tenant$/ })
})

t.test('a redirect is not followed: it could carry the secrets anywhere', async (t) => {
  const { server, run } = await installation(t)
  server.misbehave('POST /api/application', { status: 307, headers: { location: `${server.url}/elsewhere` } })
  await t.rejects(run(), { step: 'create the application', message: /was answered 307 without a body. Is FUSIONAUTH_URL the address of FusionAuth itself\?$/ })
  t.match(server.calls.at(-1), { route: `POST /api/application/${CLIENT}` })
})

t.test('a server that is not there is told with its address', async (t) => {
  const { run } = await installation(t)
  const unused = createServer().listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const { port } = unused.address() as { port: number }
  await new Promise((resolve) => unused.close(resolve))
  const url = `http://127.0.0.1:${port}`
  await t.rejects(run({ url }), { message: `could not find the tenant: GET /api/tenant did not get through: ECONNREFUSED. Does FusionAuth answer at ${url}?` })
})

t.test('a new API key is waited for, with growing pauses, and the wait is told once', async (t) => {
  const { server, run, pauses, lines } = await installation(t)
  const unknown = { status: 401 }
  server.misbehave('GET /api/tenant', unknown, unknown, unknown)
  server.misbehave('POST /api/key', unknown)
  t.equal((await run()).changed, true)
  t.strictSame(pauses, [500, 1_000, 2_000, 500])
  t.equal(lines.filter((line) => line === 'FusionAuth does not know the API key: if the key is new it will within a minute, waiting').length, 1)
  t.equal(lines.length, 8)
})

t.test('an API key is waited for a minute, and then it is said what 401 means', async (t) => {
  const { server, run, pauses } = await installation(t)
  const apiKey = 'wrong'
  await t.rejects(run({ apiKey }), {
    step: 'find the tenant',
    message: 'could not find the tenant: GET /api/tenant was answered 401 without a body. The API key is wrong, lacks the permission for this call, or was created less than a minute ago'
  })
  t.equal(pauses.reduce((sum, ms) => sum + ms), 60_000)
  t.equal(server.calls.length, pauses.length + 1)
  t.ok(server.calls.length < 15)
})

t.test('an API key that was good for other calls lacks a permission', async (t) => {
  const { server, run, pauses } = await installation(t)
  server.misbehave('PATCH /api/tenant', ...new Array<FusionAuthAnswer>(20).fill({ status: 401 }))
  await t.rejects(run(), { step: 'set the issuer', message: /401 without a body. FusionAuth knows the API key: give it the permission for this call in Settings > API Keys$/ })
  t.equal(pauses.reduce((sum, ms) => sum + ms), 60_000)
})

t.test('a 401 that says something is not waited for', async (t) => {
  const { server, run, pauses } = await installation(t)
  server.misbehave('GET /api/tenant', { status: 401, body: 'proxy', type: 'text/plain' })
  await t.rejects(run(), { message: /was answered 401 with text\/plain that is not a JSON object/ })
  t.strictSame(pauses, [])
})

t.test('what another run creates meanwhile exists', async (t) => {
  const { server, run } = await installation(t)
  await run()
  const changes = server.changes.length
  for (const route of ['GET /api/key', 'GET /api/application', 'GET /api/user/registration']) server.misbehave(route, { status: 404 })
  t.equal((await run()).changed, false)
  t.equal(server.changes.length, changes)
})

for (const [kind, step, route] of [
  ['keys', 'create the signing key', `GET /api/key/${KEY}`],
  ['applications', 'create the application', `GET /api/application/${CLIENT}`]
] as const) {
  t.test(`of the ${kind} another one with the same name is not taken for ours`, async (t) => {
    const { server, run } = await installation(t)
    server[kind].set('another', { name: kind === 'keys' ? 'For FastifyExampleApp' : 'FastifyExampleApp' })
    await t.rejects(run(), { step, message: new RegExp(`${route} was answered 404`) })
  })
}

t.test('a key that others could not verify is not used', async (t) => {
  const { server, run } = await installation(t)
  server.keys.set(KEY, { id: KEY, algorithm: 'HS256' })
  await t.rejects(run(), { message: `could not create the signing key: ${KEY} exists and is a key for HS256, not RS256: delete it in Settings > Key Master` })
  t.equal(server.applications.size, 0)
})

t.test('what the server quotes shows no secret and steers no terminal', async (t) => {
  const { server, run } = await installation(t)
  const clientSecret = 'a "quoted" secret'
  server.misbehave('POST /api/application', { status: 503, body: { clientSecret, apiKey: server.apiKey, escape: '\u009b2J' } })
  await t.rejects(run({ clientSecret }), { message: /was answered 503 \{"clientSecret":"\[secret\]","apiKey":"\[secret\]","escape":" 2J"\}/ })
})

const SAMPLE = 'change-this-in-production-to-be-a-real-secret'
const env = { FUSIONAUTH_API_KEY: 'key', CLIENT_ID: 'id', CLIENT_SECRET: 'secret', APP_URL: 'http://127.0.0.1:5000' }

t.test('the environment names everything', async (t) => {
  const all = { ...env, FUSIONAUTH_URL: 'https://auth.example.com', ISSUER: 'https://issuer.example.com', FUSIONAUTH_TENANT_ID: 'tenant', USER_EMAIL: 'jo@example.com' }
  t.strictSame(optionsOf(all), {
    url: 'https://auth.example.com',
    apiKey: 'key',
    clientId: 'id',
    clientSecret: 'secret',
    appUrl: 'http://127.0.0.1:5000',
    issuer: 'https://issuer.example.com',
    tenantId: 'tenant',
    userEmail: 'jo@example.com'
  })
})

t.test('FusionAuth is on this machine, and the API key may have the name the guide gives it', async (t) => {
  t.match(optionsOf({ ...env, FUSIONAUTH_API_KEY: '', fusionauth_api_key: 'other', FUSIONAUTH_URL: '' }), { url: 'http://localhost:9011', apiKey: 'other', issuer: undefined })
  t.equal(optionsOf({ ...env, fusionauth_api_key: 'other' }).apiKey, 'key')
})

for (const name of Object.keys(env)) {
  t.test(`without ${name} it is named, with a remedy`, async (t) => {
    t.throws(() => optionsOf({ ...env, [name]: '' }), { message: new RegExp(`^${name} is not set: \\w.+$`) })
  })
}

const WRONG: ReadonlyArray<readonly [Partial<SetupOptions>, RegExp]> = [
  [{ url: 'localhost:9011' }, /^FUSIONAUTH_URL must be a URL with https/],
  [{ url: 'nonsense' }, /^FUSIONAUTH_URL must be a URL with https/],
  [{ url: 'http://auth.example.com' }, /^FUSIONAUTH_URL must be an https URL/],
  [{ url: 'https://jo:hidden@auth.example.com' }, /^FUSIONAUTH_URL must be a plain address/],
  [{ appUrl: 'http://127.0.0.1:5000/?a=b' }, /^APP_URL must be a plain address/],
  [{ appUrl: 'http://app.example.com' }, /^APP_URL must be an https URL/],
  [{ issuer: 'acme.com' }, /^ISSUER must be a URL/],
  [{ apiKey: 'hidden\n' }, /^FUSIONAUTH_API_KEY must be the key alone/],
  [{ apiKey: 'Bearer hidden' }, /^FUSIONAUTH_API_KEY must be the key alone/],
  [{ clientId: 'my-app' }, /^CLIENT_ID must be a UUID/],
  [{ tenantId: 'Default' }, /^FUSIONAUTH_TENANT_ID must be a UUID/],
  [{ clientSecret: '' }, /^CLIENT_SECRET must not be empty/],
  [{ clientSecret: SAMPLE, url: 'https://auth.example.com' }, /^CLIENT_SECRET is the sample of the guide, which everybody knows/],
  [{ clientSecret: SAMPLE, url: 'https://127.0.0.1.example.com' }, /^CLIENT_SECRET is the sample of the guide/]
]

t.test('wrong settings are refused before anything is sent, and no secret is shown', async (t) => {
  const { server, run } = await installation(t)
  for (const [options, message] of WRONG) {
    const error = await run(options).then(() => undefined, (error: Error) => error)
    t.match(error, { name: 'TypeError', message }, JSON.stringify(options))
    t.notMatch(error?.message, /hidden/)
  }
  t.strictSame(server.calls, [])
})

t.test('the sample secret of the guide will do for a server on loopback', async (t) => {
  const { server, run } = await installation(t)
  const url = server.url.replace('127.0.0.1', 'localhost')
  await t.resolves(run({ clientSecret: SAMPLE }))
  await t.rejects(run({ clientSecret: SAMPLE, url, apiKey: 'wrong' }), { name: 'SetupError' })
})

t.test('callback and logout lie below the address of the app, wherever that is', async (t) => {
  const { server, run } = await installation(t)
  await run({ appUrl: 'https://example.com/app/' })
  t.match([...server.applications.values()], [{
    oauthConfiguration: { authorizedRedirectURLs: ['https://example.com/app/callback', 'https://example.com/app/'], logoutURL: 'https://example.com/app/logout' }
  }])
})
