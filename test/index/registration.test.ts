import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import gatehouse from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { ask, bareHouse, house, issuerFor, ok, providerOf } from '../support/house.js'
import { lacksScope, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)
const provider = providerOf(issuer)
const TWICE = {
  name: 'TypeError',
  message: /^gatehouse: registered twice for the same routes, .*; register it once with a list of providers, or in sibling scopes/
}

t.test('registering twice in one lineage is refused with a remedy, whichever loads first:', async (t) => {
  t.test('both in the same scope', async (t) => {
    const app = await house(t, issuer)
    await t.rejects(async () => { await app.register(gatehouse, { provider }) }, TWICE)
  })

  t.test('the child after the parent', async (t) => {
    const app = await house(t, issuer)
    app.register(async (child) => { child.register(gatehouse, { provider }) })
    await t.rejects(async () => { await app.ready() }, TWICE)
  })

  t.test('the parent after the child', async (t) => {
    const app = bareHouse(t)
    app.register(async (child) => { child.register(gatehouse, { provider }) })
    app.register(gatehouse, { provider })
    await t.rejects(async () => { await app.ready() }, TWICE)
  })

  t.test('the parent after a grandchild', async (t) => {
    const app = bareHouse(t)
    app.register(async (child) => {
      child.register(async (grandchild) => { grandchild.register(gatehouse, { provider }) })
      child.register(gatehouse, { provider })
    })
    await t.rejects(async () => { await app.ready() }, TWICE)
  })
})

t.test('two servers in one process each have their own', async (t) => {
  const one = await house(t, issuer)
  const other = await house(t, issuer)
  for (const app of [one, other]) app.get('/', async (request) => request.auth.subject)

  for (const app of [one, other]) {
    t.strictSame(await ask(app, '/'), nothingSent())
    t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok('user-1'))
  }
  t.not(one.gatehouse, other.gatehouse)
})

t.test("another plugin's request.auth in the same scope is refused with a remedy", async (t) => {
  const app = bareHouse(t)
  app.decorateRequest('auth', null as never)
  await t.rejects(async () => { await app.register(gatehouse, { provider }) }, {
    name: 'TypeError',
    message: 'gatehouse: another plugin has decorated request.auth in this scope; register the two in sibling scopes'
  })
})

t.test("another plugin's request.auth in a scope around is refused too", async (t) => {
  const app = bareHouse(t)
  app.decorateRequest('auth', { getter: () => 'theirs' as never })
  app.register(async (child) => { child.register(gatehouse, { provider }) })
  await t.rejects(async () => { await app.ready() }, { message: /another plugin has decorated request\.auth/ })
})

t.test('in a scope inside ours another plugin may bring its own request.auth,', async (t) => {
  for (const order of ['before', 'after'] as const) {
    t.test(`loaded ${order} the gatehouse: handlers there see theirs, policies what was verified`, async (t) => {
      const app = bareHouse(t)
      const other = async (scope: typeof app) => {
        scope.decorateRequest('auth', null as never)
        // As such a plugin does, once a request has come.
        scope.addHook('preHandler', async (request) => { Object.assign(request, { auth: { subject: 'theirs', scopes: ['read'] } }) })
        scope.get('/x', { config: { scopes: 'read' } }, async (request) => request.auth.subject)
      }
      if (order === 'before') app.register(other)
      app.register(gatehouse, { provider })
      app.register(async (scope) => { scope.get('/y', async (request) => request.auth.subject) })
      if (order === 'after') app.register(other)

      t.strictSame(await ask(app, '/x'), nothingSent('read'))
      t.strictSame(await ask(app, { url: '/x', token: issuer.token() }), lacksScope('read'))
      t.strictSame(await ask(app, { url: '/x', token: issuer.token({ scope: 'read' }) }), ok('theirs'))
      t.strictSame(await ask(app, { url: '/y', token: issuer.token() }), ok('user-1'), 'and nobody else sees it')
    })
  }
})

t.test('where no other plugin has decorated it, request.auth cannot be assigned', async (t) => {
  const app = await house(t, issuer)
  app.get('/', async (request) => {
    t.throws(() => { Object.assign(request, { auth: { isAuthenticated: true, subject: 'root' } }) }, TypeError)
    return request.auth.subject
  })
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok('user-1'))
})

t.test('a plugin that decorates request.auth after us is refused by Fastify', async (t) => {
  const app = await house(t, issuer)
  t.throws(() => app.decorateRequest('auth', null as never), { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
})

t.test('a wrong option fails the boot before anything is decorated', async (t) => {
  const app = bareHouse(t)
  const mistyped = { provider, defaultauth: 'public' } as GatehouseOptions
  await t.rejects(async () => { await app.register(gatehouse, mistyped) }, { name: 'TypeError', message: 'gatehouse: unknown key "defaultauth"; did you mean "defaultAuth"?' })
  t.notOk(app.hasDecorator('gatehouse'))
})

t.test('the plugin is the default export and the named one, and says what it is called', async (t) => {
  const { default: unnamed, gatehouse: named } = await import('../../lib/index.js')
  const app = await house(t, issuer)
  t.equal(unnamed, named)
  t.ok(app.hasPlugin('fastify-gatehouse'))
})

t.test('closing the app ends what the key ring has under way', async (t) => {
  const slow = await issuerFor(t)
  slow.behave('hang')
  const app = await house(t, slow)
  await app.ready()
  let isSettled = false
  const waiting = t.rejects(app.gatehouse.ready().finally(() => { isSettled = true }), { code: 'GATEHOUSE_UNAVAILABLE' })

  await app.close()
  await turn()
  t.ok(isSettled, 'without waiting for the deadline of five seconds')
  await waiting
})
