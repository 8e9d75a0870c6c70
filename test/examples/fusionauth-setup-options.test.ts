import t from 'tap'
import { optionsOf } from '../../examples/fusionauth-setup.js'
import type { SetupOptions } from '../../examples/fusionauth-setup.js'
import { installation } from '../support/fusionauth-server-installation.js'

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
