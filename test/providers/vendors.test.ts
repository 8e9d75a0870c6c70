import t from 'tap'
import Fastify from 'fastify'
import gatehouse from '../../lib/index.js'
import { captureLogs } from '../support/logs.js'
import { createKey, signJws } from '../support/issuer.js'
import { vendors } from '../support/vendor-tokens.js'

const key = await createKey('RS256')
const now = Math.floor(Date.now() / 1000)

for (const { name, provider, header, claims, identity, refused, accepted } of vendors) {
  t.test(name, async (t) => {
    const logs = captureLogs()
    const app = Fastify({ logger: { level: 'info', stream: logs.stream } })
    t.teardown(() => app.close())
    await app.register(gatehouse, { provider: provider({ jwks: { keys: [key.jwk] } }) })
    app.get('/', async ({ auth }) => ({ provider: auth.provider, subject: auth.subject }))
    const token = (changes: object = {}) => signJws(
      JSON.stringify({ alg: 'RS256', kid: key.kid, ...header }), JSON.stringify({ iat: now, exp: now + 300, ...claims, ...changes }), key)
    const status = async (changes: object) => {
      const { statusCode } = await app.inject({ url: '/', headers: { authorization: `Bearer ${token(changes)}` } })
      return statusCode
    }

    await t.test('a token as the vendor issues it is accepted, and says who is calling', async (t) => {
      t.equal(await status({}), 200)
      t.match(await app.gatehouse.verify(token()), { provider: name, type: 'access_token', ...identity })
    })
    for (const [title, changes] of accepted) {
      await t.test(`accepted: ${title}`, async (t) => { t.equal(await status(changes), 200) })
    }
    for (const [title, changes, reason] of refused) {
      await t.test(`refused: ${title}`, async (t) => {
        logs.lines.length = 0
        t.equal(await status(changes), 401)
        t.match(logs.lines.flatMap(({ gatehouse }) => gatehouse ?? []), [{ reason }])
      })
    }
  })
}
