import t from 'tap'
import { race } from '../replay/race.js'
import { reasonToSkip } from '../support/redis-server.js'

t.test('of two processes that share Redis and get a proof at once, one accepts it', { skip: reasonToSkip() ?? false }, async (t) => {
  const { once, otherwise, accepted } = await race(t, 400)
  t.strictSame([...otherwise], [])
  t.equal(once, 400)
  t.ok(Math.min(...accepted) > 0, `each was the first at times: ${accepted.join(' and ')}`)
})
