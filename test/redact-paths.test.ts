import t from 'tap'
import Fastify from 'fastify'
import { redactPaths } from '../lib/redact-paths.js'
import { captureLogs } from './support/logs.js'

function logger () {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'info', stream: logs.stream, redact: [...redactPaths] } })
  return { app, logs }
}

t.test('pino takes the paths, and no header with a credential gets into a log line', async (t) => {
  const { app, logs } = logger()
  t.teardown(() => app.close())
  const headers = { authorization: 'hunter2', cookie: 'hunter2', dpop: 'hunter2', 'x-api-key': 'hunter2', host: 'kept' }
  for (const line of [{ headers }, { req: { headers } }, { request: { headers } }, { req: { raw: { headers } } }]) {
    // Fastify's serializer of req leaves headers out; apps that want them write one of their own.
    app.log.child({}, { serializers: { req: (value: unknown) => value } }).info(line)
  }
  t.equal(logs.lines.length, 4)
  t.notMatch(logs.text(), 'hunter2')
  t.equal(logs.text().split('[Redacted]').length - 1, 16, 'four headers in four places')
  t.equal(logs.text().split('kept').length - 1, 4, 'and nothing else')
})

t.test('cookies an answer sets are left out', async (t) => {
  const { app, logs } = logger()
  t.teardown(() => app.close())
  const headers = { 'set-cookie': ['session=hunter2'], etag: 'kept' }
  for (const line of [{ headers }, { res: { headers } }, { reply: { headers } }, { response: { headers } }]) {
    app.log.child({}, { serializers: { res: (value: unknown) => value } }).info(line)
  }
  t.equal(logs.lines.length, 4)
  t.notMatch(logs.text(), 'hunter2')
  t.equal(logs.text().split('[Redacted]').length - 1, 4)
  t.equal(logs.text().split('kept').length - 1, 4)
})

t.test('the list is frozen', async (t) => {
  t.ok(Object.isFrozen(redactPaths))
})

t.test('a request logged as a whole shows no credential', async (t) => {
  const { app, logs } = logger()
  t.teardown(() => app.close())
  app.get('/', async (request) => {
    request.log.info({ request })
    request.log.info({ req: request })
    request.log.info({ request: request.raw })
    request.log.info({ req: request.raw })
    return 'hello'
  })
  const authorization = 'Bearer hunter2'
  await app.inject({ url: '/', headers: { authorization, cookie: 'session=hunter2' } })
  t.ok(logs.lines.length >= 4)
  t.notMatch(logs.text(), 'hunter2')
})
