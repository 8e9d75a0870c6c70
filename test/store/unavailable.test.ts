import { inspect } from 'node:util'
import t from 'tap'
import { StoreUnavailableError } from '../../lib/store/unavailable.js'

t.test('a store that is unavailable says why, in our words and one of theirs', async (t) => {
  const error = new StoreUnavailableError('Redis could not do what it was asked (EPIPE)', 'failed', 'EPIPE')
  t.ok(error instanceof Error)
  t.equal(error.name, 'StoreUnavailableError')
  t.equal(error.message, 'Redis could not do what it was asked (EPIPE)')
  t.strictSame({ ...error }, { reason: 'failed', driverCode: 'EPIPE' }, 'the name is no member of its own')
  t.match(inspect(error), /^StoreUnavailableError: Redis could not/)
})

t.test('a code is there only where there is one', async (t) => {
  t.strictSame({ ...new StoreUnavailableError('late', 'late') }, { reason: 'late', driverCode: undefined })
})
