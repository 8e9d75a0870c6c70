import cors from '@fastify/cors'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import gatehouse, { oidc } from '../lib/index.js'
import { captureLogs } from './support/logs.js'

const options = { provider: oidc({ issuer: 'https://issuer.example', audience: 'https://api.example' }), startup: 'lazy' } as const

/** What an app that is built like this warns of when it gets ready. */
async function warnings (t: Test, build: (app: FastifyInstance) => Promise<void>): Promise<Array<Record<string, unknown>>> {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'warn', stream: logs.stream } })
  t.teardown(() => app.close())
  await build(app)
  await app.ready()
  return logs.lines
}

const handler = async () => ({})

t.test('an app in the right order is warned of nothing', async (t) => {
  t.same(await warnings(t, async (app) => {
    await app.register(cors)
    await app.register(gatehouse, options)
    app.get('/', handler)
    await app.register(async (child) => { child.get('/:id', handler) }, { prefix: '/child' })
  }), [])
})

t.test('routes declared before the gatehouse are listed in one warning that says what to do', async (t) => {
  const lines = await warnings(t, async (app) => {
    app.get('/early', handler)
    app.post('/early/:id', handler)
    await app.register(gatehouse, options)
    app.get('/late', handler)
  })
  t.match(lines, [{ level: 40, msg: /^routes declared before the gatehouse loaded: .* await app\.register\(gatehouse, …\) first$/ }])
  t.equal(lines.length, 1)
  t.same(new Set(lines[0]?.routes as string[]), new Set(['GET /early', 'HEAD /early', 'POST /early/:id']))
})

for (const urls of [['/assets/*'], ['/files', '/files/*'], ['/', '/*'], ['/:tenant', '/:tenant/*']]) {
  t.test(`wildcards are told apart by what stands before the star: ${urls.join(' and ')}`, async (t) => {
    const declare = (app: FastifyInstance) => { for (const url of urls) app.post(url, handler) }
    t.same(await warnings(t, async (app) => {
      await app.register(gatehouse, options)
      declare(app)
    }), [], 'declared after the gatehouse')
    const lines = await warnings(t, async (app) => {
      declare(app)
      await app.register(gatehouse, options)
    })
    t.same(new Set(lines[0]?.routes as string[]), new Set(urls.map((url) => `POST ${url}`)), 'declared before it')
  })
}

t.test('routes outside its scope are none of its business', async (t) => {
  t.same(await warnings(t, async (app) => {
    app.get('/outside', handler)
    await app.register(async (child) => { await child.register(gatehouse, options) })
  }), [])
})

t.test('the preflight route of @fastify/cors is not listed, another OPTIONS route is', async (t) => {
  const lines = await warnings(t, async (app) => {
    await app.register(cors)
    app.options('/early', handler)
    app.get('/early/:id', handler)
    await app.register(gatehouse, options)
  })
  t.equal(lines.length, 1)
  t.same(new Set(lines[0]?.routes as string[]), new Set(['OPTIONS /early', 'GET /early/:id', 'HEAD /early/:id']))
})

t.test('@fastify/cors after the gatehouse is warned of', async (t) => {
  const lines = await warnings(t, async (app) => {
    await app.register(gatehouse, options)
    await app.register(cors)
  })
  t.match(lines, [{ level: 40, msg: /^@fastify\/cors was registered after the gatehouse: .* register it first$/ }])
  t.equal(lines.length, 1)
})
