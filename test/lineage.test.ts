import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { claimScope, isInside } from '../lib/lineage.js'

/** root > parent > child, and parent's sibling. */
async function family (t: { teardown (undo: () => unknown): unknown }) {
  const root = Fastify()
  t.teardown(() => root.close())
  const scopes: Record<string, FastifyInstance> = { root }
  root.register(async (parent) => {
    scopes.parent = parent
    parent.register(async (child) => { scopes.child = child })
  })
  root.register(async (sibling) => { scopes.sibling = sibling })
  await root.ready()
  const { parent = root, child = root, sibling = root } = scopes
  return { root, parent, child, sibling }
}

t.test('a scope is inside itself and every scope around it, and no other', async (t) => {
  const { root, parent, child, sibling } = await family(t)
  const stranger = Fastify()
  const cases: Array<[scope: FastifyInstance, outer: FastifyInstance, is: boolean]> = [
    [root, root, true], [parent, root, true], [child, root, true], [child, parent, true], [child, child, true],
    [root, parent, false], [parent, child, false], [sibling, parent, false], [parent, sibling, false], [child, sibling, false],
    [stranger, root, false], [root, stranger, false]
  ]
  for (const [index, [scope, outer, is]] of cases.entries()) t.equal(isInside(scope, outer), is, `case ${index}`)
})

t.test('a scope can be claimed once, and none around or inside it besides', async (t) => {
  const message = 'gatehouse: registered twice for the same routes, here and in a scope around or inside this one; ' +
    'register it once with a list of providers, or in sibling scopes that share no routes'
  const names = ['root', 'parent', 'child', 'sibling'] as const
  const compatible = new Set(['parent sibling', 'sibling parent', 'child sibling', 'sibling child'])
  for (const first of names) {
    for (const second of names) {
      const scopes = await family(t)
      claimScope(scopes[first])
      const claim = () => claimScope(scopes[second])
      if (compatible.has(`${first} ${second}`)) t.doesNotThrow(claim, `${first}, then ${second}`)
      else t.throws(claim, { name: 'TypeError', message }, `${first}, then ${second}`)
    }
  }
})

t.test('scopes of other servers do not count', async (t) => {
  const [one, other] = [await family(t), await family(t)]
  claimScope(one.root)
  t.doesNotThrow(() => claimScope(other.root))
})
