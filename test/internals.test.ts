import Fastify from 'fastify'
import t from 'tap'
import gatehouse, { oidc } from '../lib/index.js'
import { internalsOf } from '../lib/internals.js'
import { mistake } from './support/mistake.js'

const provider = oidc({ issuer: 'https://id.example.com', audience: 'https://api.example' })

t.test('internals are those of the gatehouse in this very scope', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  t.equal(mistake(() => internalsOf(app, 'login')), 'login: register the gatehouse first, in the same scope: await app.register(gatehouse, …)')
  let inner: unknown
  await app.register(async (scope) => {
    await scope.register(gatehouse, { provider, startup: 'lazy' })
    inner = internalsOf(scope, 'login')
    t.equal(internalsOf(scope, 'other'), inner)
    await scope.register(async (child) => {
      t.equal(mistake(() => internalsOf(child, 'login')), 'login: the gatehouse is registered in a scope around this one; register login in the same')
    })
  })
  t.match(inner, { place: { login: undefined }, store: { isShared: false }, settings: {}, rings: {}, pipeline: {}, reporter: {} })
  t.equal(mistake(() => internalsOf(app, 'login'))?.startsWith('login: register the gatehouse first'), true, 'a scope inside is another')
})

t.test('two gatehouses in sibling scopes have each their own', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const found: unknown[] = []
  for (const name of ['one', 'two']) {
    await app.register(async (scope) => {
      await scope.register(gatehouse, { provider, startup: 'lazy' })
      found.push(internalsOf(scope, name))
    })
  }
  t.equal(found.length, 2)
  t.not(found[0], found[1])
})

t.test("a gatehouse of another copy's is named as such", async (t) => {
  const app = Fastify()
  app.decorate('gatehouse', {} as typeof app.gatehouse)
  t.equal(mistake(() => internalsOf(app, 'login')), 'login: the gatehouse comes from another copy of fastify-gatehouse; install one')
})
