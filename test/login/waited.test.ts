import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { LoginParameters } from '../../lib/login/index.js'
import { loginStage } from '../support/login-stage.js'
import { until } from '../support/until.js'

const optional = { config: { auth: 'optional' } } as const
const AWAY = { status: 503, headers: { 'retry-after': '1' }, body: /GATEHOUSE_PROVIDER_UNAVAILABLE/ }

/** Every way a handler or a hook may call a decorator of ours. */
function everyWay (app: FastifyInstance, parameters: () => LoginParameters): void {
  app.get('/returned', optional, (_request, reply) => reply.login(parameters()))
  app.get('/returned-later', optional, async (_request, reply) => reply.login(parameters()))
  app.get('/awaited', optional, async (_request, reply) => { await reply.login(parameters()) })
  app.get('/forgotten', optional, (_request, reply) => { reply.login(parameters()) })
  app.get('/chained', optional, (_request, reply) => { reply.login(parameters()).catch((error: Error) => { setTimeout(() => { reply.send(error) }, 20) }) })
  const hook = (_request: FastifyRequest, reply: FastifyReply, _done: () => void) => { reply.login(parameters()) }
  app.get('/hook', { ...optional, preHandler: hook }, async () => 'never')
  app.get('/hook-later', { ...optional, preHandler: async (_request, reply) => reply.login(parameters()) }, async () => 'never')
  app.get('/caught', optional, async (_request, reply) => {
    try {
      return await reply.login(parameters())
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return 'try later'
    }
  })
}

const WAYS = ['/returned', '/returned-later', '/awaited', '/forgotten', '/chained', '/hook', '/hook-later']

t.test('however reply.login() is called, the request is answered once, and the process lives', async (t) => {
  let parameters: LoginParameters = {}
  const unhandled: unknown[] = []
  const note = (error: unknown) => { unhandled.push(error) }
  process.on('unhandledRejection', note)
  t.teardown(() => { process.off('unhandledRejection', note) })
  const { server, visitor, log, refusals } = await loginStage(t, { routes: (app) => { everyWay(app, () => parameters) } })
  for (const url of [...WAYS, '/caught']) t.match(await visitor().get(url), { status: 302, location: String }, url)
  await server.issuer.shut()
  parameters = { maxAge: Number('x') }
  for (const url of WAYS) t.match(await visitor().get(url), { status: 500, body: /reply\.login\(\): maxAge/ }, url)
  const away = await loginStage(t, { routes: (app) => { everyWay(app, () => ({})) } })
  away.server.issuer.behave('status-500', 'discovery')
  for (const url of WAYS) {
    t.match(await away.visitor().get(url), AWAY, url)
    t.match(away.refusals().map(({ reason }) => reason), ['provider_unavailable'], 'told once')
  }
  t.match(await away.visitor().get('/caught'), { status: 200, body: 'try later' }, 'who waits has the error')
  t.strictSame(unhandled, [])
  t.notMatch(log() + away.log(), /already sent|was answered/)
  t.ok(refusals())
})

t.test('what fails after the request was answered is told to the operator alone, even while a hook is at work on the answer', async (t) => {
  for (const slowly of [false, true]) {
    const { visitor, log } = await loginStage(t, {
      before (app) {
        if (slowly) app.addHook('onSend', async () => { await new Promise((resolve) => setTimeout(resolve, 50)) })
      },
      routes (app) {
        app.get('/late', optional, (_request, reply) => {
          reply.login({ maxAge: -1 })
          reply.send('done')
        })
        app.get('/async', optional, async (_request, reply) => { reply.logout({ provider: 'x' as never }) })
        app.get('/raw', optional, (_request, reply) => {
          reply.login({ maxAge: -1 })
          reply.hijack()
          reply.raw.end('raw')
        })
      }
    })
    t.match(await visitor().get('/late'), { status: 200, body: 'done' })
    t.match(await visitor().get('/async'), { status: 200, body: '' })
    t.match(await visitor().get('/raw'), { status: 200, body: 'raw' })
    await until(() => log().split('failed after the request was answered: return reply.login()').length === 4)
    t.match(log(), 'reply.login(): maxAge')
  }
})
