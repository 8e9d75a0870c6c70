import { format, inspect } from 'node:util'
import t from 'tap'
import { secret } from '../../lib/providers/secret.js'

const HIDDEN = 'hunter2'
const kept = secret(HIDDEN)

t.test('only reveal shows a secret', async (t) => {
  t.equal(kept.reveal(), HIDDEN)
  t.equal(secret('').reveal(), '')
})

t.test('nothing that prints, copies or serializes it shows it', async (t) => {
  const copies: readonly [title: string, text: string][] = [
    ['String', String(kept)],
    ['a template literal', `${kept}`],
    ['adding it to a text', kept + ''],
    ['joining a list', [kept, kept].join()],
    ['JSON', JSON.stringify(kept)],
    ['JSON of what holds it', JSON.stringify({ provider: { secret: kept } }, undefined, 2)],
    ['JSON of a spread copy', JSON.stringify({ ...kept })],
    ['JSON of a clone', JSON.stringify(structuredClone(kept))],
    ['JSON of an assigned copy', JSON.stringify(Object.assign({}, kept))],
    ['inspect', inspect(kept)],
    ['inspect to the bottom', inspect({ kept }, { showHidden: true, depth: Infinity, getters: true, showProxy: true })],
    ['inspect without custom ones', inspect(kept, { customInspect: false, showHidden: true })],
    ['format', format('%s %o %O %j %d', kept, kept, kept, kept, kept)],
    ['its members', Reflect.ownKeys(kept).join()],
    ['its entries', Object.entries(kept).join()]
  ]
  for (const [title, text] of copies) t.notMatch(text, HIDDEN, title)
  for (const text of [String(kept), inspect(kept), JSON.parse(JSON.stringify(kept))]) t.equal(text, '[secret]')
})

t.test('a secret cannot be changed', async (t) => {
  t.ok(Object.isFrozen(kept))
  t.throws(() => { kept.reveal = () => 'other' }, TypeError)
})

t.test('two secrets are never equal by what is visible of them', async (t) => {
  t.equal(JSON.stringify(secret('a')), JSON.stringify(secret('b')))
  t.equal(JSON.stringify(secret('a')), JSON.stringify(secret('a'.repeat(1_000))), 'its length is not shown')
})
