import t from 'tap'
import { oidc } from 'fastify-gatehouse'
import { buildApp } from '../../examples/auth0-api.js'
import { startProvider } from '../../examples/demo/provider.js'

const audience = 'https://api.example.com'
const INVALID = 'The access token is expired, revoked, malformed or not meant for this API'

t.test('the API of the two Auth0 guides, with tokens of a real provider', async (t) => {
  const provider = await startProvider({ audience })
  t.teardown(() => provider.close())
  const app = await buildApp({ provider: oidc({ issuer: provider.issuer, audience }) })
  t.teardown(() => app.close())

  const get = async (url: string, token?: string) => {
    const response = await app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
    return { status: response.statusCode, challenge: response.headers['www-authenticate'], body: response.json() }
  }

  t.test('public routes answer everybody', async (t) => {
    t.strictSame(await get('/api/public'), { status: 200, challenge: undefined, body: { message: 'This endpoint is public' } })
    t.strictSame(await get('/health'), { status: 200, challenge: undefined, body: { status: 'ok' } })
  })

  t.test('the private route asks for a token', async (t) => {
    t.strictSame(await get('/api/private'), {
      status: 401,
      challenge: 'Bearer realm="api"',
      body: { error: 'GATEHOUSE_CREDENTIAL_MISSING', error_description: 'Authentication is required' }
    })
  })

  for (const alg of ['RS256', 'ES256'] as const) {
    t.test(`the private route answers the holder of an ${alg} token by name`, async (t) => {
      const token = await provider.token({ alg })
      const subject = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).sub
      t.strictSame(await get('/api/private', token), {
        status: 200, challenge: undefined, body: { message: 'This endpoint requires authentication', user: subject }
      })
    })
  }

  t.test('a token for another audience is refused', async (t) => {
    t.strictSame(await get('/api/private', await provider.token({ audience: 'https://other.example.com' })), {
      status: 401,
      challenge: `Bearer realm="api", error="invalid_token", error_description="${INVALID}"`,
      body: { error: 'invalid_token', error_description: INVALID }
    })
  })

  for (const [url, scope] of [['/api/private-scoped', 'read:messages'], ['/api/admin', 'admin:write']] as const) {
    t.test(`${url} needs ${scope}`, async (t) => {
      const message = 'The access token lacks a scope this request needs'
      t.strictSame(await get(url, await provider.token({ scope: 'openid' })), {
        status: 403,
        challenge: `Bearer realm="api", error="insufficient_scope", error_description="${message}", scope="${scope}"`,
        body: { error: 'insufficient_scope', error_description: message }
      })
      t.equal((await get(url, await provider.token({ scope: `openid ${scope}` }))).status, 200)
    })
  }

  t.test('the profile needs a verified e-mail address and an organization', async (t) => {
    const forbidden = { status: 403, challenge: undefined, body: { error: 'GATEHOUSE_FORBIDDEN', error_description: 'The caller may not do this' } }
    t.strictSame(await get('/api/profile', await provider.token()), forbidden)
    t.strictSame(await get('/api/profile', await provider.token({ claims: { email_verified: false, org_id: 'org_1' } })), forbidden)
    t.match(await get('/api/profile', await provider.token({ claims: { email_verified: true, org_id: 'org_1' } })), { status: 200, body: { organization: 'org_1' } })
  })

  t.test('what no route matches stays a 404', async (t) => {
    t.equal((await get('/api/nothing')).status, 404)
  })
})
