import t from 'tap'
import type { RequestAuth } from '../../lib/index.js'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { captureLogs } from '../support/logs.js'
import { anonymous, misused } from '../support/refusals.js'

const issuer = await issuerFor(t)

/** Every accessor but `isAuthenticated`, by the name messages give it. */
const accessors: Record<string, (auth: RequestAuth) => unknown> = {
  credentialsType: (auth) => auth.credentialsType,
  provider: (auth) => auth.provider,
  subject: (auth) => auth.subject,
  scopes: (auth) => auth.scopes,
  permissions: (auth) => auth.permissions,
  roles: (auth) => auth.roles,
  'organizationId()': (auth) => auth.organizationId(),
  session: (auth) => auth.session,
  'credentials()': (auth) => auth.credentials(),
  'accessTokenClaims()': (auth) => auth.accessTokenClaims(),
  'hasScope()': (auth) => auth.hasScope('a'),
  'hasPermission()': (auth) => auth.hasPermission('a'),
  'hasRole()': (auth) => auth.hasRole('a'),
  'require()': (auth) => auth.require({ scopes: 'a' }),
  actor: (auth) => auth.actor,
  delegationChain: (auth) => auth.delegationChain,
  'exchange()': (auth) => auth.exchange({ audience: 'a' })
}

t.test('where nobody is authenticated', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { stream: logs.stream } })
  for (const [name, access] of Object.entries(accessors)) {
    app.post(`/public/:id/${name}`, { config: { auth: false } }, async (request) => ({ saw: await access(request.auth) }))
    app.post(`/optional/${name}`, { config: { auth: 'optional' } }, async (request) => ({ saw: await access(request.auth) }))
  }
  app.post('/public', { config: { auth: false } }, async (request) => request.auth.isAuthenticated)
  app.post('/optional', { config: { auth: 'optional' } }, async (request) => request.auth.isAuthenticated)

  for (const name of Object.keys(accessors)) {
    t.test(`${name} of a public route is a 500 that names route and remedy, token or not`, async (t) => {
      const expected = misused(
        `request.auth.${name}: nobody is authenticated; POST /public/:id/${name} is public: remove auth: false from its config ` +
        '(or from defaultAuth), or look at request.auth.isAuthenticated first'
      )
      t.strictSame(await ask(app, { method: 'POST', url: `/public/1/${name}` }), expected)
      t.strictSame(await ask(app, { method: 'POST', url: `/public/1/${name}`, token: issuer.token() }), expected)
    })

    t.test(`${name} of an optional route is a bare 401, whose log line says what to look at`, async (t) => {
      logs.lines.length = 0
      t.strictSame(await ask(app, { method: 'POST', url: `/optional/${name}` }), anonymous)
      t.match(logs.lines.find(({ msg }) => msg === 'refused: header_missing'), {
        level: 30,
        gatehouse: {
          code: 'GATEHOUSE_NOT_AUTHENTICATED',
          hint: `request.auth.${name} was asked on an optional route: look at request.auth.isAuthenticated first`
        }
      })
    })
  }

  t.test('isAuthenticated never throws', async (t) => {
    for (const url of ['/public', '/optional']) t.strictSame(await ask(app, { method: 'POST', url }), ok(false), url)
    t.strictSame(await ask(app, { method: 'POST', url: '/optional', token: issuer.token() }), ok(true))
  })
})

t.test('a mistake of the app is logged as ours, at level error', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { stream: logs.stream } })
  app.get('/', { config: { auth: false } }, async (request) => request.auth.subject)
  await ask(app, '/')
  t.match(logs.lines.find(({ msg }) => msg === 'refused: accessor_misused'), {
    level: 50,
    gatehouse: { code: 'GATEHOUSE_NOT_AUTHENTICATED', reason: 'accessor_misused', hint: 'GET / is public: remove auth: false' }
  })
})

t.test('the accessors here are all there are', async (t) => {
  const app = await house(t, issuer)
  app.get('/', async (request) => Object.getOwnPropertyNames(Object.getPrototypeOf(request.auth)))
  const { body } = await ask(app, { url: '/', token: issuer.token() })
  t.strictSame(
    new Set(body as string[]),
    new Set([...Object.keys(accessors).map((name) => name.replace('()', '')), 'isAuthenticated', 'constructor', 'toJSON'])
  )
})
