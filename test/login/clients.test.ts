import t from 'tap'
import { oidc } from '../../lib/index.js'
import { loginApp, visitor } from '../support/login-app.js'
import { loginProvider } from '../support/login-provider.js'

t.test('every kind of client logs in at a certified provider, with requests it demands to be pushed', async (t) => {
  const provider = await loginProvider(t, { features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } } })
  const { issuer, secret, key } = provider
  for (const [clientId, client] of [
    ['web', { clientSecret: secret }], ['web-post', { clientSecret: secret, clientAuthentication: 'client_secret_post' }], ['public', { clientAuthentication: 'none' }],
    ['web-key', { clientAuthentication: 'private_key_jwt', key: key.export({ format: 'pem', type: 'pkcs8' }).toString(), keyAlg: 'ES256', keyId: 'web-key-1' }]
  ] as const) {
    const app = await loginApp(t, { issuer }, { core: { provider: oidc({ issuer, clientId, ...client }) }, login: { scope: 'openid email', userinfo: true, prompt: 'consent', maxAge: 3600 } })
    const ada = visitor(app, provider.browser())
    const { status, location } = await ada.logIn('ada', '/login?returnTo=/me')
    t.strictSame([status, location], [302, '/me'], clientId)
    t.match((await ada.get('/')).json(), { user: { sub: 'ada', email: 'ada@example.com' } })
  }
  t.equal(provider.paths.filter((path) => path === '/request').length, 4)
})

t.test('there must be a provider one can log in with', async (t) => {
  const nobody = /^login: nobody to log in with: give a provider clientId and clientSecret; a function that chooses providers is none$/
  for (const provider of [() => undefined, oidc({ issuer: 'https://id.example.com', audience: 'https://api.example' })]) {
    await t.rejects(loginApp(t, { issuer: 'https://id.example.com' }, { core: { provider } }), { name: 'TypeError', message: nobody })
  }
})
