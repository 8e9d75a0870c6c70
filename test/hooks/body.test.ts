import t from 'tap'
import { answerOf, GARBAGE, house, issuerFor, ok } from '../support/house.js'
import { badToken, forbidden, lacksScope, nothingSent } from '../support/refusals.js'
import { upload } from '../support/wire.js'
import type { UploadResult } from '../support/wire.js'

const SIZE = 5_000_000
/** What may be in flight when the refusal is written: a few chunks of 16 KB. */
const FEW = 250_000

const issuer = await issuerFor(t)
const held = issuer.token()

async function listening (t: Parameters<typeof house>[0], enforce: 'preHandler' | 'onRequest') {
  const app = await house(t, issuer, { enforce }, { bodyLimit: SIZE })
  let entered = 0
  const handler = async () => { entered++; return 'read' }
  app.post('/plain', handler)
  app.post('/scoped', { config: { scopes: 'write' } }, handler)
  app.post('/asked', { config: { auth: { authorize: () => false } } }, handler)
  await app.listen({ port: 0, host: '127.0.0.1' })
  // So that what is counted was read before the decision, not before the keys came.
  await app.gatehouse.ready()
  return {
    entered: () => entered,
    post: (path: string, token?: string): Promise<UploadResult> => upload(
      app, { path, headers: token === undefined ? [] : [['authorization', `Bearer ${token}`]] }, { size: SIZE }
    )
  }
}

t.test('a body of 5 MB is not read before a 401:', async (t) => {
  const { post, entered } = await listening(t, 'preHandler')

  const without = await post('/plain')
  t.strictSame(answerOf(without), nothingSent(), 'without a token')
  t.ok(without.read < FEW, `${without.read} bytes were read`)

  const bad = await post('/plain', GARBAGE)
  t.strictSame(answerOf(bad), badToken, 'with a bad token')
  t.ok(bad.read < FEW, `${bad.read} bytes were read`)
  t.equal(entered(), 0)
})

t.test('with a good token it is read in full, so the count means something', async (t) => {
  const { post, entered } = await listening(t, 'preHandler')
  const accepted = await post('/plain', held)
  t.strictSame(answerOf(accepted), ok('read'))
  t.ok(accepted.read > SIZE, `${accepted.read} bytes were read`)
  t.equal(entered(), 1)
})

t.test("with enforce: 'onRequest' it is not read before a 403 either:", async (t) => {
  const { post, entered } = await listening(t, 'onRequest')

  const scoped = await post('/scoped', held)
  t.strictSame(answerOf(scoped), lacksScope('write'), 'a scope is missing')
  t.ok(scoped.read < FEW, `${scoped.read} bytes were read`)

  const asked = await post('/asked', held)
  t.strictSame(answerOf(asked), forbidden, 'authorize says no')
  t.ok(asked.read < FEW, `${asked.read} bytes were read`)
  t.equal(entered(), 0)
})

t.test("with enforce: 'preHandler', the default, it is read before a 403", async (t) => {
  const { post, entered } = await listening(t, 'preHandler')
  const scoped = await post('/scoped', held)
  t.strictSame(answerOf(scoped), lacksScope('write'))
  t.ok(scoped.read > SIZE, `${scoped.read} bytes were read`)
  t.equal(entered(), 0)
})

t.test('nor is it read while keys are fetched for its token', async (t) => {
  const slow = await issuerFor(t)
  const app = await house(t, slow, { startup: 'lazy' }, { bodyLimit: SIZE })
  app.post('/', async () => 'read')
  await app.listen({ port: 0, host: '127.0.0.1' })
  slow.behave('status-500')
  const refused = await upload(app, { path: '/', headers: [['authorization', `Bearer ${slow.token()}`]] }, { size: SIZE })
  t.match(answerOf(refused), { status: 503, challenge: undefined, body: { code: 'GATEHOUSE_UNAVAILABLE' } })
  t.ok(refused.read < FEW, `${refused.read} bytes were read`)
})
