import t from 'tap'
import { delegationChain } from '../../lib/actor.js'
import { ForbiddenError } from '../../lib/index.js'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { captureLogs } from '../support/logs.js'
import { forbidden } from '../support/refusals.js'
import { identity } from '../support/identity.js'

const issuer = await issuerFor(t)

/** As many actors in each other. */
function nested (count: number): Record<string, unknown> {
  return count === 1 ? { sub: 'service 1' } : { sub: `service ${count}`, act: nested(count - 1) }
}

t.test('request.auth.actor is who acts for the subject, delegationChain who acted before as well', async (t) => {
  const app = await house(t, issuer)
  app.get('/', async ({ auth }) => ({ actor: auth.actor ?? null, chain: auth.delegationChain.map(({ subject }) => subject) }))
  t.strictSame(await ask(app, { url: '/', token: issuer.token() }), ok({ actor: null, chain: [] }))
  const act = { sub: 'support', iss: 'https://staff.example', client_id: 'console', role: 'second level', act: { sub: 'bot' } }
  t.strictSame(await ask(app, { url: '/', token: issuer.token({ act }) }), ok({
    actor: { subject: 'support', issuer: 'https://staff.example', clientId: 'console', claims: act },
    chain: ['support', 'bot']
  }))
})

t.test('an act that cannot be read is a 403, not nobody, and the log says what is wrong with it', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { stream: logs.stream } })
  app.get('/actor', async ({ auth }) => ({ actor: auth.actor ?? null }))
  app.get('/chain', async ({ auth }) => auth.delegationChain)
  app.get('/subject', async ({ auth }) => auth.subject)
  for (const [act, found] of [
    ['support', 'an act that is no object'],
    [null, 'an act that is no object'],
    [false, 'an act that is no object'],
    [['support'], 'an act that is no object'],
    [{}, 'an act without sub'],
    [{ client_id: 'console' }, 'an act without sub'],
    [{ sub: '' }, 'an act whose sub is no text'],
    [{ sub: 42 }, 'an act whose sub is no text'],
    [{ sub: 'support', iss: 1 }, 'an act whose iss is no text'],
    [{ sub: 'support', client_id: null }, 'an act whose client_id is no text'],
    [{ sub: 'support', act: 'bot' }, 'an act that is no object'],
    [nested(17), 'more than 16 actors']
  ]) {
    const token = issuer.token({ act })
    for (const url of ['/actor', '/chain']) {
      t.strictSame(await ask(app, { url, token }), forbidden, `${url} ${found}`)
      t.match(logs.lines.find(({ msg }) => msg === 'refused: claim_malformed'), { gatehouse: { code: 'GATEHOUSE_FORBIDDEN', provider: 'oidc', clientId: 'client-1', found, hint: /mend the claim act$/ } })
      logs.lines.length = 0
    }
    t.strictSame(await ask(app, { url: '/subject', token }), ok('user-1'), 'who does not ask is not concerned')
  }
})

t.test('16 actors are a chain, the current one first, and nothing in it can be changed', async (t) => {
  const chain = delegationChain(identity({ claims: { act: nested(16) } }))
  t.strictSame(chain.map(({ subject }) => subject), Array.from({ length: 16 }, (_, index) => `service ${16 - index}`))
  t.ok(Object.isFrozen(chain) && chain.every(Object.isFrozen))
  t.strictSame(Object.keys(chain[15]!), ['subject', 'claims'])
})

t.test('an act of the prototype is none', async (t) => {
  t.strictSame(delegationChain(identity({ claims: Object.create({ act: { sub: 'somebody' } }) })), [])
  t.throws(() => delegationChain(identity({ claims: { act: Object.assign(Object.create(null), { act: { sub: 'bot' } }) } })), ForbiddenError)
})
