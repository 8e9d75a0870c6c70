import Fastify from 'fastify'
import gatehouse, { oidc } from '../../lib/index.js'

// A process of its own: registers the plugin, verifies the token it was given, and has nothing more to do. It never closes the app.
const [issuer, audience, token = ''] = process.argv.slice(2)
const app = Fastify()
await app.register(gatehouse, { provider: oidc({ issuer, audience }) })
await app.ready()
const outcome = await app.gatehouse.verify(token).then(({ subject }) => subject, ({ code }: { code: string }) => code)
process.stdout.write(JSON.stringify({ outcome, states: app.gatehouse.health().map(({ state }) => state) }))
