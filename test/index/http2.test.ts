import { once } from 'node:events'
import { connect } from 'node:http2'
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t from 'tap'
import gatehouse from '../../lib/index.js'
import { answerOf, issuerFor, ok, providerOf } from '../support/house.js'
import type { Answer } from '../support/house.js'
import { badRequest, badToken, lacksScope, nothingSent } from '../support/refusals.js'

const issuer = await issuerFor(t)

t.test('over HTTP/2 the same requests get the same answers', async (t) => {
  const app = Fastify({ http2: true })
  await app.register(gatehouse, { provider: providerOf(issuer) })
  app.get('/x', async (request) => request.auth.subject)
  app.get('/scoped', { config: { scopes: 'read' } }, async () => 'scoped')
  const session = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(async () => {
    session.close()
    await app.close()
  })

  async function ask (path: string, authorization?: string): Promise<Answer> {
    const stream = session.request({ ':path': path, ...(authorization === undefined ? {} : { authorization }) })
    const [headers] = await once(stream, 'response') as [IncomingHttpHeaders & IncomingHttpStatusHeader]
    return answerOf({ statusCode: Number(headers[':status']), headers, body: await text(stream) })
  }

  t.strictSame(await ask('/x'), nothingSent())
  t.strictSame(await ask('/x', `Bearer ${issuer.token()}`), ok('user-1'))
  t.strictSame(await ask('/x', `bearer ${issuer.token()}`), ok('user-1'))
  t.strictSame(await ask('/x', 'Bearer not.a.token'), badToken)
  t.strictSame(await ask('/x', 'Bearer'), badRequest)
  t.strictSame(await ask('/scoped', `Bearer ${issuer.token()}`), lacksScope('read'))
  t.strictSame(await ask('/scoped', `Bearer ${issuer.token({ scope: 'read' })}`), ok('scoped'))
})
