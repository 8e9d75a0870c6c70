import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { NotAnAccessTokenError } from '../../lib/index.js'
import type { RequestAuth } from '../../lib/index.js'
import type { TesseralAccessTokenClaims } from '../../lib/providers/index.js'
import type { Answer } from '../support/guarded-api.js'
import { projectApi } from '../support/tesseral/api.js'
import { createProject } from '../support/tesseral/project.js'

const ACCESSORS: Readonly<Record<string, (auth: RequestAuth) => unknown>> = {
  'organizationId()': (auth) => auth.organizationId(),
  'credentials()': (auth) => auth.credentials(),
  'accessTokenClaims()': (auth) => auth.accessTokenClaims<TesseralAccessTokenClaims>(),
  'hasPermission()': (auth) => auth.hasPermission('a.b.c'),
  credentialsType: (auth) => auth.credentialsType
}

const project = await createProject(t)
const { ask } = await projectApi(t, project, project.withApiKeys, {
  routes (app: FastifyInstance) {
    for (const [name, read] of Object.entries(ACCESSORS)) {
      const path = `/${name.replace('()', '')}`
      const handler = async ({ auth }: FastifyRequest) => ({ value: read(auth) })
      app.get(path, handler)
      app.get(`/public${path}`, { config: { auth: false } }, handler)
      app.get(`/maybe${path}`, { config: { auth: 'optional' } }, handler)
    }
    app.get('/email', async ({ auth }) => {
      const { user, organization, actions = [], impersonator } = auth.accessTokenClaims<TesseralAccessTokenClaims>()
      return { email: user.email, organization: organization.displayName, actions: actions.join(), impersonator: impersonator?.email }
    })
    app.get('/kind', async ({ auth }) => {
      try {
        return auth.accessTokenClaims()
      } catch (error) {
        return { isNotAnAccessToken: error instanceof NotAnAccessTokenError }
      }
    })
  }
})

function answer (body: unknown): Answer {
  return { status: 200, body, challenge: undefined, retryAfter: undefined }
}

const token = project.token({ actions: ['a.b.c', 'a.b.d'] })
const key = project.backend.issue({ apiKeyId: 'api_key_1', organizationId: 'org_1', actions: ['a.b.c'] })

t.test('organizationId() gives the organization of a token and of an API key', async (t) => {
  t.same(await ask({ url: '/organizationId', token }), answer({ value: project.organizationId }))
  t.same(await ask({ url: '/organizationId', cookie: token }), answer({ value: project.organizationId }))
  t.same(await ask({ url: '/organizationId', token: key }), answer({ value: 'org_1' }))
})

t.test('organizationId() of a credential that names none is a 403', async (t) => {
  t.same(await ask({ url: '/organizationId', token: project.backend.issue({ organizationId: '' }) }), {
    status: 403, challenge: undefined, retryAfter: undefined, body: { statusCode: 403, code: 'GATEHOUSE_NO_ORGANIZATION', error: 'Forbidden', message: 'The caller acts in no organization' }
  })
})

t.test('credentials() gives the raw token or API key', async (t) => {
  t.same(await ask({ url: '/credentials', token }), answer({ value: token }))
  t.same(await ask({ url: '/credentials', cookie: token }), answer({ value: token }))
  t.same(await ask({ url: '/credentials', token: key }), answer({ value: key }))
})

t.test('credentialsType tells a token from an API key', async (t) => {
  t.same(await ask({ url: '/credentialsType', token }), answer({ value: 'access_token' }))
  t.same(await ask({ url: '/credentialsType', cookie: token }), answer({ value: 'access_token' }))
  t.same(await ask({ url: '/credentialsType', token: key }), answer({ value: 'api_key' }))
})

t.test('accessTokenClaims() gives the claims, typed', async (t) => {
  t.same(await ask({ url: '/email', token }), answer({ email: 'jo@example.com', organization: 'Example', actions: 'a.b.c,a.b.d' }))
  t.same(await ask({ url: '/email', token: project.token({ impersonator: { email: 'staff@example.com' } }) }), answer({ email: 'jo@example.com', organization: 'Example', actions: '', impersonator: 'staff@example.com' }))
})

t.test('accessTokenClaims() of an API key throws NotAnAccessTokenError: 403', async (t) => {
  t.same(await ask({ url: '/accessTokenClaims', token: key }), {
    status: 403, challenge: undefined, retryAfter: undefined, body: { statusCode: 403, code: 'GATEHOUSE_NOT_AN_ACCESS_TOKEN', error: 'Forbidden', message: 'This needs an access token' }
  })
  t.same(await ask({ url: '/kind', token: key }), answer({ isNotAnAccessToken: true }))
})

t.test('hasPermission() looks at the actions; where there are none it is false', async (t) => {
  t.same(await ask({ url: '/hasPermission', token }), answer({ value: true }))
  t.same(await ask({ url: '/hasPermission', token: project.token() }), answer({ value: false }))
  t.same(await ask({ url: '/hasPermission', token: project.token({ actions: ['a.b'] }) }), answer({ value: false }))
  t.same(await ask({ url: '/hasPermission', token: key }), answer({ value: true }))
  t.same(await ask({ url: '/hasPermission', token: project.backend.issue() }), answer({ value: false }))
})

for (const name of Object.keys(ACCESSORS)) {
  const path = `/${name.replace('()', '')}`
  t.test(`${name} on a public route throws, naming accessor, route and remedy, whatever was sent`, async (t) => {
    for (const sent of [{}, { token }, { cookie: token }, { token: key }]) {
      t.same(await ask({ url: `/public${path}`, ...sent }), {
        status: 500,
        challenge: undefined,
        retryAfter: undefined,
        body: {
          statusCode: 500,
          code: 'GATEHOUSE_NOT_AUTHENTICATED',
          error: 'Internal Server Error',
          message: `request.auth.${name}: nobody is authenticated; GET /public${path} is public: remove auth: false from its config (or from defaultAuth), or look at request.auth.isAuthenticated first`
        }
      })
    }
  })

  t.test(`${name} where nobody came to an optional route is a bare 401`, async (t) => {
    t.same(await ask({ url: `/maybe${path}` }), {
      status: 401,
      challenge: 'Bearer realm="api"',
      retryAfter: undefined,
      body: { statusCode: 401, code: 'GATEHOUSE_NOT_AUTHENTICATED', error: 'Unauthorized', message: 'Authentication is required' }
    })
    t.match(await ask({ url: `/maybe${path}`, token }), { status: 200 })
  })
}
