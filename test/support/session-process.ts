import { setTimeout as sleep } from 'node:timers/promises'
import { accessTokens } from './session-refresh.js'
import { connectRedis, KEEPERS, seconds, sessionFor } from './session-stage.js'
import { redisStore } from '../../lib/store/redis.js'

// A process of its own: loads the session of a cookie, asks for its access token as often as it is told, all at once, and says what it got.
const [port, place, header = '', requests, lease, work] = process.argv.slice(2)
const ends: Array<() => unknown> = []
const teardown = { teardown: (end: () => unknown) => { ends.unshift(end) } }
const redis = connectRedis(teardown, Number(port))
const store = redisStore(redis)
const keeper = KEEPERS[place === 'cookie' ? 'cookie' : 'store'](store)
const tokens = accessTokens(teardown, keeper, store, async () => {
  const count = await redis.incr('refreshes')
  process.stdout.write('shown\n')
  await sleep(Number(work))
  return { accessToken: `access ${count}`, refreshToken: `refresh ${count}`, accessTokenExpiresAt: seconds() + 3_600 }
}, { lease: Number(lease) })
const outcomes = await Promise.all(Array.from({ length: Number(requests) }, async () => tokens.of(await sessionFor(keeper, header), { header })))
const found = new Set(outcomes.map((outcome) => outcome.outcome === 'usable' ? outcome.session.record.accessToken : outcome.outcome))
process.stdout.write(`${JSON.stringify([...found])}\n`)
for (const end of ends) await end()
