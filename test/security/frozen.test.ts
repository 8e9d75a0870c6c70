import { inspect } from 'node:util'
import t, { test } from 'tap'
import type { FastifyRequest } from 'fastify'
import { insufficientScope, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'

let handler: (request: FastifyRequest) => unknown = () => undefined

const gate = await openGate(t, {
  algorithms: ['ES256'],
  routes: (app) => { app.get('/work', async (request) => ({ result: handler(request) })) }
})
const claims = {
  scope: 'read write',
  permissions: ['p1', 'p2'],
  roles: ['user'],
  ext: { list: [{ deep: { names: ['b', 'a'] } }], flag: false }
}
const token = gate.issuer.token(claims)

/** What a handler makes of this, with the same token each time. */
async function inHandler (work: typeof handler): Promise<{ status: number, result: unknown }> {
  handler = work
  const response = await gate.app.inject({ url: '/work', headers: { authorization: `Bearer ${token}` } })
  return { status: response.statusCode, result: response.json().result }
}

/** Everything another request sees of the identity. */
const everything = () => inHandler(({ auth }) => ({
  provider: auth.provider,
  subject: auth.subject,
  scopes: auth.scopes,
  permissions: auth.permissions,
  roles: auth.roles,
  claims: auth.accessTokenClaims(),
  may: [auth.hasScope('admin'), auth.hasPermission('admin'), auth.hasRole('admin')]
}))

type Target = (request: FastifyRequest) => object
const lists: Readonly<Record<string, Target>> = {
  scopes: ({ auth }) => auth.scopes,
  permissions: ({ auth }) => auth.permissions,
  roles: ({ auth }) => auth.roles,
  'a list of the claims': ({ auth }) => auth.accessTokenClaims<typeof claims>().permissions,
  'a list deep in the claims': ({ auth }) => auth.accessTokenClaims<typeof claims>().ext.list[0]!.deep.names
}
const objects: Readonly<Record<string, Target>> = {
  'the claims': ({ auth }) => auth.accessTokenClaims(),
  'an object in the claims': ({ auth }) => auth.accessTokenClaims<typeof claims>().ext,
  'an object deep in the claims': ({ auth }) => auth.accessTokenClaims<typeof claims>().ext.list[0]!.deep
}

const calls: Readonly<Record<string, unknown[]>> = {
  push: ['admin'], pop: [], shift: [], unshift: ['admin'], splice: [0, 1, 'admin'], reverse: [], sort: [], fill: ['admin'], copyWithin: [0, 1]
}

for (const [title, target] of Object.entries(lists)) {
  test(`mutation of request.auth claims, scopes, permissions and roles is impossible, also from plain JavaScript: ${title}`, async (t) => {
    const before = await everything()
    for (const [method, values] of Object.entries(calls)) {
      const { result } = await inHandler((request) => {
        const list = target(request)
        const before = JSON.stringify(list)
        try {
          Reflect.apply(Reflect.get(Array.prototype, method), list, values)
        } catch {}
        return JSON.stringify(list) === before
      })
      t.equal(result, true, method)
    }
    t.same(await everything(), before)
  })
}

for (const [title, target] of Object.entries({ ...lists, ...objects })) {
  test(`nothing can be set, defined, removed or given another prototype: ${title}`, async (t) => {
    const before = await everything()
    const { result } = await inHandler((request) => {
      const object = target(request)
      const [name] = Object.keys(object) as [string]
      return [
        Reflect.set(object, name, 'admin'),
        Reflect.set(object, 'admin', true),
        Reflect.set(object, 'length', 0),
        Reflect.defineProperty(object, name, { value: 'admin' }),
        Reflect.defineProperty(object, 'includes', { value: () => true }),
        Reflect.deleteProperty(object, name),
        Reflect.setPrototypeOf(object, { includes: () => true }),
        !Object.isFrozen(object)
      ]
    })
    t.same(result, Array(8).fill(false))
    t.same(await everything(), before)
  })
}

test('the accessors of request.auth cannot be assigned', async (t) => {
  const before = await everything()
  const { result } = await inHandler(({ auth }) => ['scopes', 'permissions', 'roles', 'subject', 'provider', 'isAuthenticated', 'credentialsType']
    .map((name) => Reflect.set(auth, name, ['admin'])))
  t.same(result, Array(7).fill(false))
  t.same(await everything(), before)
})

test('a policy asks what was verified, not what a hook put in the place of request.auth', async (t) => {
  const forging = await openGate(t, {
    issuer: gate.issuer,
    routes: (app) => {
      app.addHook('onRequest', async (request) => {
        Object.defineProperty(request, 'auth', { value: { isAuthenticated: true, subject: 'admin', scopes: ['read:messages'], hasScope: () => true } })
      })
    }
  })
  t.same(await forging.bearer(token, '/messages'), insufficientScope('read:messages'))
  t.same(await gate.bearer(token), welcome(), 'and no other request sees it')
})

test('what one request does to its request.auth, another does not see', async (t) => {
  const before = await everything()
  await inHandler(({ auth }) => [
    Reflect.defineProperty(auth, 'scopes', { value: ['admin'] }),
    Reflect.defineProperty(auth, 'hasScope', { value: () => true }),
    Object.assign(auth, { admin: true })
  ])
  t.same(await everything(), before)
  t.same(await gate.bearer(token, '/messages'), insufficientScope('read:messages'), 'and the policy asks the identity')
})

test('nothing of request.auth shows the token: not JSON, not inspect, not a copy, not its keys', async (t) => {
  const { result } = await inHandler(({ auth, log }) => {
    log.info({ auth }, 'who is calling')
    return [
      JSON.stringify(auth), inspect(auth, { depth: 9, showHidden: true }), `${inspect({ auth })} ${String(auth)}`, JSON.stringify({ ...auth }),
      Reflect.ownKeys(auth).map(String)
    ]
  })
  const text = JSON.stringify(result) + gate.logs.text()
  t.match(text, /user-1/)
  for (const part of token.split('.')) t.notMatch(text, part)
})

test('the token is there for those who ask for it by name', async (t) => {
  t.same(await inHandler(({ auth }) => auth.credentials() === token), { status: 200, result: true })
})
