import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { takeLease, Turns } from '../../lib/session/lease.js'
import { memoryStore } from '../../lib/store/memory.js'
import { watched } from '../support/session-stage.js'

t.test('a lease is one process\'s until it is released', async (t) => {
  const store = memoryStore()
  const lease = await takeLease(store, 'k')
  t.ok(lease)
  t.equal(await takeLease(store, 'k'), undefined)
  await lease?.release()
  t.ok(await takeLease(store, 'k'))
})

t.test('it is renewed while work runs longer, and ends by itself where the process cannot say so', async (t) => {
  const store = watched(memoryStore())
  const lease = await takeLease(store, 'k', 600)
  await sleep(900)
  t.equal(await takeLease(store, 'k', 600), undefined)
  store.away = ['extend', 'release']
  await lease?.release()
  await sleep(700)
  t.ok(await takeLease(store, 'k', 600))
})

t.test('work of one key is done one after the other, and a failure stops nobody', async (t) => {
  const turns = new Turns(memoryStore())
  let atWork = 0
  const done: number[] = []
  const work = async (index: number) => {
    t.equal(atWork++, 0)
    await sleep(1)
    atWork--
    done.push(index)
    if (index === 1) throw new Error('failed')
    return index
  }
  const results = await Promise.allSettled([0, 1, 2].map((index) => turns.take('k', async () => work(index), 1_000)))
  t.strictSame(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  t.strictSame(done, [0, 1, 2])
})

t.test('processes take turns, and nobody waits for ever', async (t) => {
  const store = memoryStore()
  const [one, two] = [new Turns(store, 10_000), new Turns(store)]
  let release = () => {}
  const held = one.take('k', async () => new Promise<void>((resolve) => { release = resolve }), 1_000)
  await sleep(5)
  await t.rejects(two.take('k', async () => 'never', 30), { name: 'StoreUnavailableError', reason: 'late' })
  const waiting = two.take('k', async () => 'then', 5_000)
  await sleep(30)
  release()
  await held
  t.equal(await waiting, 'then')
})
