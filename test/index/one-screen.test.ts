import Fastify from 'fastify'
import t from 'tap'
import gatehouse, { auth0 } from '../../lib/index.js'
import { ask, ok } from '../support/house.js'
import { createIssuer } from '../support/issuer.js'
import { captureLogs } from '../support/logs.js'
import { lacksScope, nothingSent } from '../support/refusals.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())

const environment = { AUTH0_DOMAIN: 'tenant.eu.auth0.com', AUTH0_AUDIENCE: 'https://api.example' }
t.before(() => { Object.assign(process.env, environment) })
t.teardown(() => { for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name) })

/** A token as the tenant would issue it. */
function token (claims: Record<string, unknown> = {}): string {
  return issuer.token({ iss: 'https://tenant.eu.auth0.com/', sub: 'auth0|1', ...claims })
}

t.test('the first screen of the README guards an API', async (t) => {
  const logs = captureLogs()
  // Verbatim, but for the log's destination and the keys, which are ours instead of Auth0's.
  const app = Fastify({ logger: { stream: logs.stream } })

  await app.register(gatehouse, {
    provider: auth0({ domain: process.env.AUTH0_DOMAIN, audience: process.env.AUTH0_AUDIENCE, keys: { jwksUri: `${issuer.issuer}/jwks` } })
  })

  app.get('/api/public', { config: { auth: false } }, async () => ({ message: 'hello, world' }))

  app.get('/api/private', async (request) => ({ user: request.auth.subject }))

  app.get('/api/private-scoped', { config: { scopes: 'read:messages' } }, async (request) => ({
    user: request.auth.accessTokenClaims().sub
  }))

  t.teardown(() => app.close())
  const scoped = token({ scope: 'read:messages' })

  t.strictSame(await ask(app, '/api/public'), ok({ message: 'hello, world' }))
  t.strictSame(await ask(app, '/api/private'), nothingSent())
  t.strictSame(await ask(app, { url: '/api/private', token: token() }), ok({ user: 'auth0|1' }))
  t.strictSame(await ask(app, '/api/private-scoped'), nothingSent('read:messages'))
  t.strictSame(await ask(app, { url: '/api/private-scoped', token: token() }), lacksScope('read:messages'))
  t.strictSame(await ask(app, { url: '/api/private-scoped', token: scoped }), ok({ user: 'auth0|1' }))
  t.notMatch(logs.text(), scoped.slice(-20), 'no token is logged')
  t.notMatch(logs.text(), 'eyJ')
})

t.test('an unset environment variable stops the boot and says which', async (t) => {
  t.throws(
    () => auth0({ domain: process.env.NO_SUCH_VARIABLE, audience: process.env.AUTH0_AUDIENCE }),
    { name: 'TypeError', message: 'auth0({ domain }): expected a host name, got undefined; is AUTH0_DOMAIN set?' }
  )
})
